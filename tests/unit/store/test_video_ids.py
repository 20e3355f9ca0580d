"""Ids survive a restart; a forged, changed or foreign one is refused."""

from __future__ import annotations

import re
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError, render
from runway_videos.store.video_ids import (
    ID_PREFIX,
    MAX_ID,
    IdSealer,
    UnsealableError,
    VideoReference,
    owner_hash,
    unknown_video,
)

KEYS = {"default": "key_" + "a" * 128, "team.b": "key_" + "b" * 128}
ALPHABET = string.ascii_letters + string.digits + "-_"
SEALER = IdSealer(KEYS)


def key_hash(name: str) -> str:
    """The hash of a key's name, as ids and log lines have it."""
    return sha256(b"runway_videos key\0" + name.encode()).hexdigest()[:8]


REFERENCE = VideoReference(
    key="default",
    task="3f2b8a10-1c2d-4e5f-8a9b-0123456789ab",
    owner=owner_hash("team-a"),
    model="runway/gen4.5",
    seconds="8",
    size="1280x720",
    created=1_790_000_000,
)
MODELS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
REFERENCES = st.builds(
    VideoReference,
    key=st.sampled_from(sorted(KEYS)),
    task=st.one_of(st.uuids().map(str), st.text(ALPHABET, min_size=1, max_size=32)),
    owner=st.binary(min_size=8, max_size=8),
    model=MODELS.filter(lambda each: len(each.encode()) <= 14),
    seconds=st.one_of(st.integers(0, 400).map(str), st.sampled_from(["auto", "2.5"])),
    size=st.one_of(st.sampled_from(["1280x720", "720x1280", "auto_720p", "99999x1"])),
    created=st.integers(0, (1 << 40) - 1),
)


def refusal(sealer: IdSealer, video_id: str) -> ApiError:
    with pytest.raises(ApiError) as caught:
        sealer.open(video_id)
    return caught.value


@settings(max_examples=200, deadline=None)
@given(REFERENCES)
def test_round_trip_length_and_alphabet(reference: VideoReference) -> None:
    video_id = SEALER.seal(reference)
    assert SEALER.open(video_id) == reference
    assert IdSealer(dict(KEYS)).open(video_id) == reference  # another process, after a restart
    assert SEALER.seal(reference) == video_id
    assert len(video_id) <= MAX_ID
    assert re.fullmatch(r"video_rw[A-Za-z0-9_-]+", video_id)


@settings(max_examples=50, deadline=None)
@given(MODELS, st.text(ALPHABET, min_size=1, max_size=59))
def test_the_longest_ids_stay_within_their_length(model: str, task: str) -> None:
    full = VideoReference("default", task, bytes(8), model + "m" * 40, "8", "1280x720", 1)
    assert len(SEALER.seal(full)) <= MAX_ID


def test_the_longest_task_and_model_fill_an_id() -> None:
    assert len(SEALER.seal(VideoReference("default", "t" * 59, bytes(8), "", "8", "1x1", 1))) == MAX_ID


def test_every_changed_character_is_refused() -> None:
    video_id = SEALER.seal(REFERENCE)
    for place, old in enumerate(video_id):
        for new in ALPHABET:
            if new == old:
                continue
            changed = video_id[:place] + new + video_id[place + 1 :]
            assert render(refusal(SEALER, changed)) == render(unknown_video(changed))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_truncated_extended_and_random_tokens_are_unknown(data: st.DataObject) -> None:
    video_id = SEALER.seal(REFERENCE)
    tail = data.draw(st.text(ALPHABET, min_size=1, max_size=60))
    assert refusal(SEALER, video_id + tail).status == 404
    cut = data.draw(st.integers(0, len(video_id) - 1))
    assert refusal(SEALER, video_id[:cut]).status == 404
    head = video_id[: len(ID_PREFIX) + 6]  # the hash of a key that there is
    made_up = head + data.draw(st.text(ALPHABET, max_size=126))
    assert refusal(SEALER, made_up).status == 404


@pytest.mark.parametrize("left_over", [1, 2])
def test_bits_that_decoding_ignores_make_no_second_id(left_over: int) -> None:
    models = ("m" * length for length in range(12))
    references = [
        VideoReference("default", REFERENCE.task, bytes(8), model, "8", "1x1", 1) for model in models
    ]
    video_id = next(
        video_id for video_id in map(SEALER.seal, references) if (len(video_id) - 8) % 4 == left_over + 1
    )
    order = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    twin = video_id[:-1] + order[order.index(video_id[-1]) | 1]
    assert twin != video_id
    assert refusal(SEALER, twin).status == 404


@pytest.mark.parametrize(
    "text",
    [
        "",
        "video_123",
        ID_PREFIX,
        ID_PREFIX + "A" * 3,
        ID_PREFIX + "A" * 133,
        ID_PREFIX.upper() + SEALER.seal(REFERENCE)[len(ID_PREFIX) :],
        SEALER.seal(REFERENCE) + "=",
        SEALER.seal(REFERENCE) + "\n",
        " " + SEALER.seal(REFERENCE),
        SEALER.seal(REFERENCE)[len(ID_PREFIX) :],
        SEALER.seal(REFERENCE).replace(ID_PREFIX, "video_rx"),
        ID_PREFIX + "é" * 80,
    ],
)
def test_an_id_without_prefix_or_valid_token_is_unknown(text: str) -> None:
    assert render(refusal(SEALER, text)) == render(unknown_video(text))


def test_an_unknown_id_in_a_message_is_short_and_printable() -> None:
    error = unknown_video("video_rw\r\n<b>" + "x" * 500)
    assert error.message.startswith("Video with id 'video_rw???b?xxx")
    assert error.message.endswith("...' not found.")
    assert len(error.message) < 200
    assert (error.status, error.code) == (404, "not_found")
    whole = SEALER.seal(REFERENCE)
    assert unknown_video(whole).message == f"Video with id '{whole}' not found."


def test_an_id_of_another_key_is_unknown_and_the_log_says_why() -> None:
    video_id = SEALER.seal(REFERENCE)
    foreign = refusal(IdSealer({"other": KEYS["default"]}), video_id)
    assert (foreign.status, foreign.message) == (404, unknown_video(video_id).message)
    assert key_hash("default") in foreign.detail
    forged = refusal(IdSealer({"default": "another value"}), video_id)
    assert (forged.status, forged.message) == (404, foreign.message)
    assert forged.detail == (
        "forged, or sealed under another secret: was the key default rotated without RUNWAY_ID_SECRET?"
    )
    assert refusal(IdSealer({}), video_id).status == 404


def test_a_key_with_another_value_opens_no_id_of_its_name() -> None:
    assert refusal(IdSealer({"default": KEYS["team.b"]}), SEALER.seal(REFERENCE)).status == 404


def test_two_keys_with_one_value_open_only_their_own_ids() -> None:
    twins = IdSealer({"one": "same", "two": "same"}, ["shared secret"])
    video_id = twins.seal(VideoReference("one", REFERENCE.task, bytes(8), "m", "8", "1x1", 1))
    sealed = urlsafe_b64decode(video_id[len(ID_PREFIX) :] + "==")
    moved = ID_PREFIX + urlsafe_b64encode(bytes.fromhex(key_hash("two")) + sealed[4:]).decode()
    moved = moved.rstrip("=")
    assert len(moved) == len(video_id)
    assert refusal(twins, moved).status == 404


def test_a_secret_set_later_orphans_nothing_and_allows_new_key_values() -> None:
    before = SEALER.seal(REFERENCE)
    with_secret = IdSealer(KEYS, ["the first secret"])
    assert with_secret.open(before) == REFERENCE
    sealed = with_secret.seal(REFERENCE)
    assert sealed != before
    assert refusal(SEALER, sealed).status == 404
    new_values = {name: value[::-1] for name, value in KEYS.items()}
    assert IdSealer(new_values, ["the first secret"]).open(sealed) == REFERENCE
    assert refusal(IdSealer(new_values, ["the first secret"]), before).status == 404


def test_the_first_secret_seals_and_all_open() -> None:
    old, both = IdSealer(KEYS, ["old"]), IdSealer(KEYS, ["new", "old"])
    assert both.open(old.seal(REFERENCE)) == REFERENCE
    assert IdSealer(KEYS, ["new"]).open(both.seal(REFERENCE)) == REFERENCE
    assert refusal(old, both.seal(REFERENCE)).status == 404


def test_a_secret_is_not_a_key_value() -> None:
    assert refusal(IdSealer({"default": "x"}, [KEYS["default"]]), SEALER.seal(REFERENCE)).status == 404


def test_every_secret_is_tried_also_after_one_has_opened_the_id() -> None:
    tried: list[object] = []

    class Counting:
        def __init__(self, key: bytes) -> None:
            self.cipher = AESSIV(key)

        def encrypt(self, data: bytes, associated_data: list[bytes]) -> bytes:
            return self.cipher.encrypt(data, associated_data)

        def decrypt(self, data: bytes, associated_data: list[bytes]) -> bytes:
            tried.append(self)
            return self.cipher.decrypt(data, associated_data)

    sealer = IdSealer(KEYS, ["one", "two"], Counting)
    video_id = sealer.seal(REFERENCE)
    sealer.open(video_id)
    assert len(tried) == 3
    refusal(sealer, SEALER.seal(REFERENCE)[:-1] + "A")
    assert len(tried) == 6


def test_two_names_with_one_hash_are_refused_by_name() -> None:
    # Found by trying: the first four bytes of their hashes are the same.
    with pytest.raises(ValueError, match=r"key-51013 and key-94489"):
        IdSealer({"key-51013": "a", "key-94489": "b"})


@pytest.mark.parametrize(("keys", "secrets"), [({"a": ""}, []), ({"a": "value"}, [""])])
def test_an_empty_secret_is_refused(keys: dict[str, str], secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="empty secret"):
        IdSealer(keys, secrets)


def test_a_long_task_or_an_unknown_key_cannot_be_sealed() -> None:
    with pytest.raises(UnsealableError):
        SEALER.seal(VideoReference("default", "t" * 60, bytes(8), "m", "8", "1x1", 1))
    with pytest.raises(KeyError):
        SEALER.seal(VideoReference("gone", REFERENCE.task, bytes(8), "m", "8", "1x1", 1))


def test_no_secret_is_in_a_repr_or_an_id() -> None:
    sealer = IdSealer({"default": "value-of-key"}, ["value-of-secret"])
    assert "value" not in repr(sealer)
    video_id = sealer.seal(REFERENCE)
    for clear in (b"runway/gen4.5", b"1280x720"):
        assert urlsafe_b64encode(clear)[:8].decode() not in video_id
