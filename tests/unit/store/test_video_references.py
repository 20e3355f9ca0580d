"""A packed video reference unpacks to the same one, or to a truncated one where that is documented."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.store.video_references import (
    MAX_MODEL,
    MAX_PACKED,
    MIN_PACKED,
    UnsealableError,
    VideoReference,
    owner_hash,
    pack,
    unpack,
)

TASK = "3f2b8a10-1c2d-4e5f-8a9b-0123456789ab"


def reference(
    task: str = TASK,
    caller: str = "team-a",
    model: str = "runway/gen4.5",
    seconds: str = "8",
    size: str = "1280x720",
    created: int = 1_790_000_000,
) -> VideoReference:
    return VideoReference("default", task, owner_hash(caller), model, seconds, size, created)


def short(longest: int) -> st.SearchStrategy[str]:
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=longest)
    return text.filter(lambda each: len(each.encode()) <= longest)


REFERENCES = st.builds(
    reference,
    task=st.uuids().map(str),
    caller=st.sampled_from(["", "team-a", "x" * 32]),
    model=short(MAX_MODEL),
    seconds=st.one_of(st.integers(0, 249).map(str), st.just("auto")),
    size=st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda s: f"{s[0]}x{s[1]}"),
    created=st.integers(0, (1 << 40) - 1),
)


@settings(max_examples=300, deadline=None)
@given(REFERENCES)
def test_a_reference_that_fits_round_trips(one: VideoReference) -> None:
    packed = pack(one)
    assert MIN_PACKED <= len(packed) <= MAX_PACKED
    assert unpack("default", packed) == one


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.uuids().map(str), short(32).filter(bool)), short(15), short(15), short(MAX_MODEL))
def test_long_texts_round_trip_and_the_model_is_truncated(
    task: str, seconds: str, size: str, model: str
) -> None:
    one = reference(task=task, seconds=seconds, size=size, model=model)
    packed = pack(one)
    back = unpack("default", packed)
    assert (back.task, back.seconds, back.size) == (task, seconds, size)
    assert model.startswith(back.model)
    assert back.model == model or len(packed) > MAX_PACKED - 4  # cut for room, inside a character


@pytest.mark.parametrize(
    "seconds", ["2.5", "250", "999", "08", "-1", "+8", " 8", "٨", "", "automatic", "8" * 15]
)
def test_seconds_that_are_no_small_number(seconds: str) -> None:
    assert unpack("default", pack(reference(seconds=seconds))).seconds == seconds


@pytest.mark.parametrize(
    "size", ["auto", "", "1280:720", "01280x720", "65536x1", "99999x99999", "1280X720", "١x٢"]
)
def test_sizes_that_are_no_pixels(size: str) -> None:
    assert unpack("default", pack(reference(size=size))).size == size


@pytest.mark.parametrize(
    "task", [TASK.upper(), "{" + TASK + "}", TASK.replace("-", ""), "t", "task_é", "t" * 59]
)
def test_a_task_that_is_no_canonical_uuid(task: str) -> None:
    assert unpack("default", pack(reference(task=task))).task == task


def test_a_canonical_uuid_takes_sixteen_bytes() -> None:
    assert UUID(TASK).bytes in pack(reference())


def test_a_long_task_truncates_the_texts_before_it_is_refused() -> None:
    back = unpack("default", pack(reference(task="t" * 59, seconds="2.5", size="odd", model="m")))
    assert (back.task, back.seconds, back.size, back.model) == ("t" * 59, "", "", "m")


@pytest.mark.parametrize("task", ["t" * 60, "é" * 30, "t" * 300, ""])
def test_a_task_that_fits_in_no_id(task: str) -> None:
    with pytest.raises(UnsealableError):
        pack(reference(task=task))


def test_a_long_model_is_truncated_between_characters() -> None:
    assert unpack("default", pack(reference(model="m" * 41))).model == "m" * 40
    assert unpack("default", pack(reference(model="m" + "é" * 30))).model == "m" + "é" * 19
    assert unpack("default", pack(reference(model="\ud800"))).model == "?"


def test_a_time_out_of_range_is_clamped() -> None:
    assert unpack("default", pack(reference(created=-5))).created == 0
    assert unpack("default", pack(reference(created=1 << 50))).created == (1 << 40) - 1


def test_the_format_of_a_later_version_is_a_503() -> None:
    with pytest.raises(ApiError) as caught:
        unpack("default", b"\x20" + pack(reference())[1:])
    assert (caught.value.status, caught.value.retry) == (503, False)


def test_a_video_belongs_to_its_caller_alone() -> None:
    assert reference(caller="team-a").owned_by("team-a")
    assert not reference(caller="team-a").owned_by("team-b")
    assert not reference(caller="team-a").owned_by("")
    assert reference(caller="").owned_by("")
    assert not reference(caller="").owned_by("team-a")
    assert owner_hash("") == bytes(8)
