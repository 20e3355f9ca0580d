"""Creates that mean the same have equal fingerprints, and no others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from runway_videos import catalog
from runway_videos.config.settings import Settings
from runway_videos.events import VideoFacts
from runway_videos.idempotency.fingerprint import fingerprint_of, identity_of
from runway_videos.media import TaskOutput
from runway_videos.request_body import Upload, read_fields
from runway_videos.request_body.fields import Fields
from runway_videos.translate import Source, plan_create, resolve_model
from unit.config.option_values import settings_from

FACTS = VideoFacts("sora-2", "4", "720x1280", "me")
SETTINGS: Settings = settings_from({})
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def of_fields(fields: Fields, operation: str = "create") -> bytes:
    models = catalog.load()
    resolved = resolve_model(fields.values.get("model"), models, SETTINGS.aliases)
    assert resolved is not None
    return fingerprint_of(operation, plan_create(fields, models, resolved))


def of(body: Mapping[str, Any]) -> bytes:
    return of_fields(read_fields("application/json", json.dumps({"prompt": "a cat", **body}).encode()))


SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"seconds": "8"}, {"seconds": 8}),
    ({"seconds": 8}, {"seconds": 8.0}),
    ({}, {"model": "sora-2"}),
    ({}, {"seconds": "4", "size": "720x1280"}),
    ({}, {"user": "somebody", "metadata": {"a": "b"}}),
    ({"model": "runway/gen4.5", "seed": 1}, {"seed": 1, "model": "runway/gen4.5"}),
    ({"model": "runway/none-of-ours", "x": 8.0}, {"model": "runway/none-of-ours", "x": 8}),
    (
        {"model": "gen4.5", "content_moderation": {"public_figure_threshold": "low"}},
        {"model": "gen4.5", "contentModeration": {"publicFigureThreshold": "low"}},
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_create_are_one(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert of(one) == of(other)
    assert len(of(one)) == 32


NEAR: list[dict[str, Any]] = [
    {},
    {"prompt": "a cat "},
    {"model": "sora-2-pro"},
    {"model": "runway/seedance2"},
    {"seconds": 8},
    {"size": "1280x720"},
    {"seed": 1},
    {"seed": 2},
    {"input_reference": "https://example.com/a.png"},
    {"input_reference": "https://example.com/b.png"},
    {"model": "runway/none-of-ours"},
    {"model": "runway/none-of-ours", "x": 1},
    {"model": "runway/none-of-ours", "x": "1"},
    {"model": "runway/none-of-ours", "x": True},
    {"model": "runway/none-of-ours", "x": [None]},
    {"model": "runway/none-of-ours", "x": [[None]]},
    {"model": "runway/none-of-ours", "x": 1.5},
]


def test_near_creates_stay_apart() -> None:
    assert len({of(body) for body in NEAR}) == len(NEAR)


def with_file(data: bytes | memoryview, filename: str = "a.png", label: str = "image/png") -> bytes:
    upload = Upload(data=data, filename=filename, label=label)
    return of_fields(Fields(values={"prompt": "p", "input_reference": upload}, form=True))


def test_a_file_counts_by_its_bytes_alone() -> None:
    body = b"--boundary" + PNG
    one = with_file(memoryview(body)[10:])
    assert one == with_file(PNG, "other.png", "application/octet-stream")
    assert one != with_file(PNG + b"x")


def test_json_and_a_form_are_one_create() -> None:
    form = read_fields("application/x-www-form-urlencoded", b"prompt=a+cat&seconds=8&size=1280x720")
    assert of_fields(form) == of({"seconds": 8, "size": "1280x720"})


def test_another_operation_is_another_create() -> None:
    fields = read_fields("application/json", b'{"prompt": "a cat"}')
    assert of_fields(fields) != of_fields(fields, "edit")


@pytest.mark.parametrize(
    ("header", "count"),
    [("0", 0), ("1", 1), ("12", 12), ("", 0), ("-1", 0), ("1.0", 0), ("one", 0), ("\u0661", 0), ("1000", 0)],
)
def test_the_clients_own_count(header: str, count: int) -> None:
    identity = identity_of({"x-stainless-retry-count": header}, "me", b"f", FACTS)
    assert (identity.retry_count, identity.idempotency_key, identity.caller) == (count, None, "me")


def test_an_empty_idempotency_key_is_none() -> None:
    assert identity_of({"idempotency-key": ""}, "", b"", FACTS).idempotency_key is None
    assert identity_of({"idempotency-key": "k"}, "", b"", FACTS).idempotency_key == "k"


def of_video(task: str, operation: str = "remix", key: str = "a") -> bytes:
    models = catalog.load()
    resolved = resolve_model("seedance2", models, SETTINGS.aliases)
    assert resolved is not None
    source = Source(TaskOutput(key, task), "4", "1280x720")
    fields = Fields({"prompt": "in the rain"}, form=False)
    return fingerprint_of(operation, plan_create(fields, models, resolved, source=source))


def test_the_video_that_it_is_made_from_and_the_operation_count() -> None:
    assert of_video("t1") == of_video("t1")
    different = [of_video("t1"), of_video("t2"), of_video("t1", "edit"), of_video("t1", key="b")]
    assert len(set(different)) == len(different)
