"""A remix: the finished video's output goes to a model that makes videos from videos, once."""

from __future__ import annotations

from typing import Any

import pytest

from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop
from unit.operations.derived_harness import LINK, finished, refused, remixed


@in_a_loop
async def test_a_remix_is_the_originals_output_with_its_length_and_size() -> None:
    harness = ServiceHarness(aliases=["sora-2*=seedance2"])
    video_id = await finished(harness, model="sora-2", seconds="8", size="1280x720")
    video = await remixed(harness, video_id)
    assert harness.runway.bodies[-1] == {
        "model": "seedance2",
        "promptText": "in the rain",
        "promptVideo": LINK,
        "duration": 8,
        "ratio": "1280:720",
    }
    assert harness.runway.asked[-1] == ("create", "/v1/video_to_video")
    shown = ("model", "seconds", "size", "status", "remixed_from_video_id", "prompt")
    assert [video[name] for name in shown] == [
        "sora-2",
        "8",
        "1280x720",
        "queued",
        video_id,
        "in the rain",
    ]
    assert video["id"] != video_id


@in_a_loop
async def test_where_it_came_from_stays() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    remix = await remixed(harness, video_id)
    harness.set(status="SUCCEEDED", output=[LINK])
    assert (await harness.video("GET", f"/{remix['id']}"))["remixed_from_video_id"] == video_id
    again = await remixed(harness, remix["id"])
    assert again["remixed_from_video_id"] == remix["id"]
    assert (await harness.video("GET", f"/{video_id}"))["remixed_from_video_id"] is None


@in_a_loop
async def test_after_a_restart_it_is_served_without_what_it_came_from() -> None:
    harness = ServiceHarness()
    remix = await remixed(harness, await finished(harness))
    restarted = ServiceHarness()
    restarted.runway.tasks, restarted.runway.made_with = harness.runway.tasks, harness.runway.made_with
    video = await restarted.video("GET", f"/{remix['id']}")
    known = {name: value for name, value in remix.items() if video[name] == value}
    assert remix.keys() - known.keys() == {"prompt", "remixed_from_video_id"}
    assert video["remixed_from_video_id"] is None


@pytest.mark.parametrize(
    ("fields", "options", "runway_model", "answers"),
    [
        ({"model": "gen4.5", "seconds": 5}, {}, "aleph2", ("aleph2", "5", "1280x720")),
        (
            {"model": "gen4.5", "seconds": 5},
            {"remix_model": "kling_4"},
            "kling_4",
            ("kling_4", "5", "1280x720"),
        ),
        ({"model": "sora-2"}, {"aliases": ["sora-2*=gen4.5"]}, "aleph2", ("sora-2", "4", "720x1280")),
        ({"model": "runway/newest"}, {}, "aleph2", ("aleph2", "2", "1280x720")),
        ({"model": "runway/seedance2"}, {}, "seedance2", ("runway/seedance2", "4", "1280x720")),
        ({"model": "seedance2_5", "seconds": 7}, {}, "seedance2_5", ("seedance2_5", "7", "1280x720")),
    ],
)
@in_a_loop
async def test_the_model_is_the_originals_where_it_can_else_the_operators(
    fields: dict[str, Any],
    options: dict[str, Any],
    runway_model: str,
    answers: tuple[str, str, str],
) -> None:
    harness = ServiceHarness(**options)
    video = await remixed(harness, await finished(harness, **fields))
    assert harness.runway.bodies[-1]["model"] == runway_model
    assert (video["model"], video["seconds"], video["size"]) == answers


@in_a_loop
async def test_a_model_that_can_edit_in_place_is_told_to() -> None:
    harness = ServiceHarness()
    await remixed(harness, await finished(harness, model="seedance2_5", seconds=7))
    sent = harness.runway.bodies[-1]
    assert (sent["mode"], sent["duration"], "ratio" in sent) == ("edit", "auto", False)
    video = await remixed(harness, await finished(harness, model="seedance2_5"), mode="reference", seconds=9)
    sent = harness.runway.bodies[-1]
    assert (sent["mode"], sent["duration"], video["seconds"]) == ("reference", 9, "9")


@in_a_loop
async def test_further_fields_are_as_in_a_create() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness, model="gen4.5")
    await remixed(harness, video_id, model="runway/seedance2", seconds="5", seed=7, user="u", size="720x1280")
    assert harness.runway.bodies[-1] == {
        "model": "seedance2",
        "promptText": "in the rain",
        "promptVideo": LINK,
        "duration": 5,
        "ratio": "720:1280",
        "seed": 7,
    }
    cases: list[tuple[dict[str, Any], str]] = [
        ({"seconds": 99, "model": "seedance2"}, "seconds"),
        ({"nonsense": 1}, "nonsense"),
        ({"model": "gen4.5"}, "model"),
        ({"video": {"id": video_id}}, "video"),
        ({"prompt": ""}, "prompt"),
        ({"input_reference": "https://x.example/a.png", "model": "seedance2"}, "input_reference"),
    ]
    for fields, param in cases:
        given = {"prompt": "in the rain", **fields}
        assert (await refused(harness, f"/{video_id}/remix", 400, **given)).param == param


@pytest.mark.parametrize(
    ("state", "code", "word"),
    [
        ({"status": "RUNNING", "progress": 0.5}, "video_not_ready", "in_progress, 50 %"),
        ({"status": "PENDING", "output": None}, "video_not_ready", "queued"),
        ({"status": "FAILED", "failureCode": "SAFETY.INPUT.TEXT"}, "video_failed", "failed"),
        ({"status": "CANCELLED"}, "video_failed", "cancelled"),
    ],
)
@in_a_loop
async def test_a_video_that_is_not_finished_is_a_400_that_says_so(
    state: dict[str, Any], code: str, word: str
) -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.set(**state)
    for _ in range(2):  # asked of Runway, then from memory
        error = await refused(harness, f"/{video_id}/remix", 400, prompt="in the rain")
        assert (error.code, error.param) == (code, "video_id")
        edit = await refused(harness, "/edits", 400, prompt="in the rain", video={"id": video_id})
        assert (edit.code, edit.param) == (code, "video")
        assert word in error.message


@in_a_loop
async def test_a_video_that_is_gone_is_a_400_that_says_so() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    await harness.video("DELETE", f"/{video_id}")
    error = await refused(harness, f"/{video_id}/remix", 400, prompt="in the rain")
    assert error.code == "video_gone"
    assert "deleted" in error.message


@in_a_loop
async def test_a_video_is_remixed_by_its_caller_alone() -> None:
    tokens = {"T1": "tok_1", "T2": "tok_2"}
    harness = ServiceHarness(tokens, callers=[{"name": name, "value": f"env.{name}"} for name in tokens])
    video_id = await finished(harness, caller="T1")
    asked = list(harness.runway.asked)
    edit: dict[str, Any] = {"video": {"id": video_id}}
    for path, fields in ((f"/{video_id}/remix", {}), ("/edits", edit)):
        error = await refused(harness, path, 404, caller="T2", prompt="in the rain", **fields)
        assert error.code == "not_found"
    assert harness.runway.asked == asked


@in_a_loop
async def test_a_remix_takes_the_first_model_of_an_alias_that_can() -> None:
    harness = ServiceHarness(aliases=["clip=gen4.5|seedance2_mini|seedance2_5"])
    video_id = await finished(harness, model="clip", seconds="8", size="1280x720")
    await remixed(harness, video_id)
    assert harness.runway.bodies[-1]["model"] == "seedance2_mini"
    await remixed(harness, video_id, output_format="mov")
    assert harness.runway.bodies[-1]["model"] == "seedance2_5"


@in_a_loop
async def test_a_remix_is_as_long_as_its_original_where_a_model_can() -> None:
    """And one that the original's key may not use is no choice."""
    harness = ServiceHarness(aliases=["clip=gen4.5|seedance2_mini|seedance2_5"])
    video_id = await finished(harness, model="clip", seconds="20", size="1280x720")
    assert (await remixed(harness, video_id))["seconds"] == "20"
    assert harness.runway.bodies[-1]["model"] == "seedance2_5"
    keys = [{"name": "a", "value": "env.A", "models": ["seedance2_mini"]}, {"name": "b", "value": "env.B"}]
    changed = ServiceHarness(aliases=["clip=gen4.5|seedance2_mini|seedance2_5"], keys=keys)
    harness.service.reconfigure(changed.settings)
    assert (await remixed(harness, video_id))["seconds"] == "15"
    assert harness.runway.bodies[-1]["model"] == "seedance2_mini"
