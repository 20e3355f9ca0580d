"""A remix: the finished video's output goes to a model that makes videos from videos, once."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from runway_videos.errors import ApiError
from runway_videos.upstream.client import NotSentError, Reply
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop
from unit.operations.derived_harness import FRESH, LINK, body, finished, refused, remixed

TWO_KEYS = [{"name": "a", "value": "env.A"}, {"name": "b", "value": "env.B"}]


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


@in_a_loop
async def test_the_originals_key_alone_makes_it() -> None:
    harness = ServiceHarness(keys=TWO_KEYS)
    videos = {
        harness.runway.made_with[task]: each
        for each, task in [(await finished(harness), next(reversed(harness.runway.tasks))) for _ in range(2)]
    }
    assert set(videos) == {"a", "b"}
    for _ in range(3):
        for key, video_id in videos.items():
            await remixed(harness, video_id)
            assert harness.runway.made_with[next(reversed(harness.runway.tasks))] == key
    # Another organisation's key is not asked: it has not what this one is made from.
    no_credits = Reply(400, b'{"error":"You do not have enough credits to run this task."}')
    harness.runway.next["create"].append(no_credits)
    with pytest.raises(ApiError) as caught:
        await remixed(harness, videos["a"])
    assert (caught.value.status, caught.value.code) == (429, "insufficient_quota")


@pytest.mark.parametrize(("key", "word"), [({"weight": 0}, "weight 0"), ({"models": ["gen4*"]}, "'aleph2'")])
@in_a_loop
async def test_a_key_that_may_not_make_it_is_told_of(key: dict[str, Any], word: str) -> None:
    keys: list[dict[str, Any]] = [dict(each) for each in TWO_KEYS]
    harness = ServiceHarness(keys=keys[:1])
    video_id = await finished(harness, model="gen4.5")
    changed = ServiceHarness(keys=[keys[0] | key, keys[1]])
    harness.service.reconfigure(changed.settings)
    error = await refused(harness, f"/{video_id}/remix", 403, prompt="in the rain")
    assert error.code == "source_key_closed"
    assert word in error.message


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


# Once


@in_a_loop
async def test_a_retry_is_the_same_remix_whatever_the_link_is_then() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    first = await remixed(harness, video_id)
    next(iter(harness.runway.tasks.values()))["output"] = [FRESH]
    retry = await harness.video(
        "POST",
        f"/{video_id}/remix",
        body(prompt="in the rain"),
        headers={"x-stainless-retry-count": "1"},
    )
    assert retry["id"] == first["id"]
    assert retry["remixed_from_video_id"] == video_id
    assert harness.runway.times("create") == 2
    other = await remixed(harness, video_id)
    assert other["id"] != first["id"]
    assert harness.runway.bodies[-1]["promptVideo"] == FRESH  # asked for just before


@in_a_loop
async def test_what_another_video_is_made_from_tells_it_apart() -> None:
    """Each is the first attempt of one call and looks like the retry of another."""
    harness = ServiceHarness()
    sources = [await finished(harness) for _ in range(2)]
    calls: list[tuple[str, dict[str, Any]]] = [(f"/{each}/remix", {}) for each in sources]
    calls += [("/edits", {"video": {"id": each}}) for each in sources]
    calls += [("/extensions", {"video": {"id": each}, "seconds": "4"}) for each in sources]
    ids = set()
    for path, fields in calls:
        sent = body(prompt="a cat", **fields)
        for count in ("0", "1"):
            headers = {"x-stainless-retry-count": count}
            ids.add((await harness.video("POST", path, sent, headers=headers))["id"])
    assert len(ids) == len(calls)
    assert harness.runway.times("create") == len(sources) + len(calls)


@in_a_loop
async def test_an_idempotency_key_is_of_one_remix() -> None:
    harness = ServiceHarness()
    sources = [await finished(harness) for _ in range(2)]
    headers = {"idempotency-key": "mine"}
    sent = body(prompt="in the rain")
    ids = {
        (await harness.video("POST", f"/{sources[0]}/remix", sent, headers=headers))["id"] for _ in range(2)
    }
    assert len(ids) == 1
    with pytest.raises(ApiError) as caught:
        await harness.ask("POST", f"/{sources[1]}/remix", sent, headers=headers)
    assert caught.value.status == 409


@in_a_loop
async def test_nothing_is_made_while_the_source_cannot_be_asked_for() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    harness.runway.next["get"].extend([NotSentError("refused")] * 3)
    error = await refused(harness, f"/{video_id}/remix", 503, prompt="in the rain")
    assert (error.code, error.retry) == ("runway_unavailable", None)
    retry = await harness.video(
        "POST",
        f"/{video_id}/remix",
        body(prompt="in the rain"),
        headers={"x-stainless-retry-count": "1"},
    )
    assert retry["status"] == "queued"
    assert harness.runway.times("create") == 2


@in_a_loop
async def test_a_source_without_a_file_is_asked_for_again_later() -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    for outputs in ([], ["http://10.0.0.1/v.mp4"]):
        harness.set(output=outputs)
        error = await refused(harness, f"/{video_id}/remix", 503, prompt="in the rain")
        assert (error.code, error.retry) == ("content_unavailable", None)


# The link


@in_a_loop
async def test_the_link_is_in_no_line_of_the_log_and_in_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    harness = ServiceHarness()
    video_id = await finished(harness)
    quoting = (
        f'{{"error": "Could not fetch \\"{LINK}\\" now"}}',
        f'{{"error": "Validation failed", "issues": [{{"path": ["videoUri"], "message": "bad {LINK}"}}]}}',
        f'{{"error": "Could not fetch {LINK.replace("/", chr(92) + "/").replace("&", chr(92) + "u0026")}."}}',
        f'{{"error": "Could not fetch {LINK[:-6]}"}}',
    )
    for text in quoting:
        harness.runway.next["create"].append(Reply(400, text.encode()))
        with pytest.raises(ApiError) as caught:
            await remixed(harness, video_id)
        assert caught.value.status == 400
        assert "[link]" in caught.value.message
        assert "Signature" not in caught.value.message + str(caught.value.detail)
    await remixed(harness, video_id)
    assert "Signature" not in caplog.text
    task = next(iter(harness.runway.tasks))
    line = next(line for line in caplog.messages if line.startswith("to Runway: ") and "promptVideo" in line)
    assert f"TaskOutput(task {task})" in line
    assert any(line.startswith("created:") and f"remix of task {task}" in line for line in caplog.messages)


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
