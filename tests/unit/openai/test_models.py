"""A list of models of another service, with ours behind it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runway_videos.openai.models import Model, extend

OURS = [Model(id="sora-2"), Model(id="runway/gen4.5")]


def test_theirs_stay_as_they_are_and_ours_that_they_have_are_not_given_twice() -> None:
    theirs: dict[str, Any] = {
        "object": "list",
        "more": {"x": 1.5},
        "data": [{"id": "sora-2", "owned_by": "openai"}, "odd", {}],
    }
    found = json.loads(extend(json.dumps(theirs).encode(), OURS))
    added = {"id": "runway/gen4.5", "object": "model", "created": 1790208000, "owned_by": "runway"}
    assert found == theirs | {"data": [*theirs["data"], added]}


@pytest.mark.parametrize(
    "body",
    [b"", b"no", b"[]", b"{}", b'{"data": null}', b'{"data": {}}', b'{"data": [', b"[" * 100_000, b"\xff"],
)
def test_what_is_no_list_stays_as_it_is(body: bytes) -> None:
    assert extend(body, OURS) is body
