"""A remix is paid once, by the key that made its original; its link is nowhere but in the body."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import pytest

from runway_videos.errors import ApiError
from runway_videos.openai.messages import Answer
from runway_videos.upstream.client import NotSentError, Reply
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop
from unit.operations.derived_harness import FRESH, LINK, body, finished, refused, remixed

TWO_KEYS = [{"name": "a", "value": "env.A"}, {"name": "b", "value": "env.B"}]


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


@pytest.mark.parametrize("path", ["", "/{id}/remix"])
@in_a_loop
async def test_a_retry_is_known_after_a_change_of_the_keys_between(path: str) -> None:
    """The keys of today would choose another of the alias's models."""
    keys: list[dict[str, Any]] = [dict(TWO_KEYS[0])]
    harness = ServiceHarness(keys=keys)
    path = path.format(id=await finished(harness, model="sora-2"))
    headers = {"idempotency-key": "one"}
    asked = body(prompt="in the rain", model="sora-2")
    ids, before = set(), harness.runway.times("create")
    for models in (["*_mini"], ["*_5"], ["*"], ["gen4*"]):
        harness.service.reconfigure(ServiceHarness(keys=[keys[0] | {"models": models}]).settings)
        answer = await harness.ask("POST", path, asked, headers=headers)
        assert isinstance(answer, Answer)
        assert answer.headers["x-runway-model"] == "seedance2_mini"
        ids.add(msgspec.json.decode(answer.body)["id"])
    assert (len(ids), harness.runway.times("create") - before) == (1, 1)
