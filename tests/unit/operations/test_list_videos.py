"""A list gives each of the caller's videos once, asks Runway within bounds, and never waits long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from openai_schemas import check_list
from runway_videos.errors import ApiError
from runway_videos.openai.messages import Answer
from runway_videos.store.video_references import VideoReference, owner_hash
from runway_videos.upstream.client import NotSentError, Reply
from runway_videos.upstream.timeouts import Timeouts
from unit.config.option_values import settings_from
from unit.fake_runway import KEYS, ServiceHarness, missing
from unit.loopback import in_a_loop

DONE = {"status": "SUCCEEDED", "output": ["https://files.example/v.mp4"]}
CALLERS = {"T1": "tok_1", "T2": "tok_2"}


async def page(harness: ServiceHarness, query: str = "", caller: str = "") -> dict[str, Any]:
    return check_list(await harness.video("GET", f"?{query}", caller=caller))


async def ids(harness: ServiceHarness, query: str = "", caller: str = "") -> list[str]:
    return [video["id"] for video in (await page(harness, query, caller))["data"]]


async def create(harness: ServiceHarness, count: int, caller: str = "") -> list[str]:
    """Videos, each a second after the one before."""
    made = []
    for _ in range(count):
        made.append(await harness.create(caller=caller))
        harness.now += 1
    return made


# Pages


@in_a_loop
async def test_the_newest_come_first_in_pages() -> None:
    harness = ServiceHarness()
    made = (await create(harness, 45))[::-1]
    first = await page(harness)
    assert [video["id"] for video in first["data"]] == made[:20]
    assert first["has_more"] is True
    assert await ids(harness, f"after={made[19]}") == made[20:40]
    last = await page(harness, f"after={made[39]}")
    assert [video["id"] for video in last["data"]] == made[40:]
    assert last["has_more"] is False
    assert await ids(harness, "limit=100&order=asc") == made[::-1]
    assert await ids(harness, f"limit=2&order=asc&after={made[40]}") == [made[39], made[38]]
    assert await ids(harness, "limit=3&order=desc&after=") == made[:3]


@in_a_loop
async def test_a_list_without_videos_has_no_ids() -> None:
    harness = ServiceHarness()
    empty: dict[str, object] = {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }
    assert await page(harness) == empty
    await harness.create()
    assert await page(harness, "limit=0") == empty | {"has_more": True}


@pytest.mark.parametrize(
    ("query", "param", "words"),
    [
        ("limit=101", "limit", "0 to 100"),
        ("limit=-1", "limit", "0 to 100"),
        ("limit=2.0", "limit", "0 to 100"),
        ("limit=%D9%A3", "limit", "0 to 100"),
        ("limit=" + "1" * 5000, "limit", "0 to 100"),
        ("order=newest", "order", "'asc' or 'desc'"),
        ("after=video_abc", "after", "one of your videos"),
        ("after=video_rwAAAA", "after", "one of your videos"),
    ],
)
@in_a_loop
async def test_a_wrong_parameter_is_named(query: str, param: str, words: str) -> None:
    harness = ServiceHarness()
    with pytest.raises(ApiError) as caught:
        await harness.ask("GET", f"?{query}")
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, "invalid_value")
    assert words in caught.value.message
    assert len(caught.value.message) < 300


@in_a_loop
async def test_each_caller_has_a_list_of_its_own() -> None:
    callers = [{"name": name, "value": f"env.{name}"} for name in CALLERS]
    harness = ServiceHarness(CALLERS, callers=callers)
    mine, theirs = await create(harness, 2, "T1"), await create(harness, 1, "T2")
    assert await ids(harness, caller="T1") == mine[::-1]
    assert await ids(harness, caller="T2") == theirs
    with pytest.raises(ApiError) as caught:
        await harness.ask("GET", f"?after={theirs[0]}", caller="T1")
    with pytest.raises(ApiError) as unknown:
        await harness.ask("GET", "?after=video_rwAAAA", caller="T1")
    assert caught.value.message.replace(theirs[0], "") == unknown.value.message.replace("video_rwAAAA", "")


@in_a_loop
async def test_a_walk_goes_on_behind_a_video_that_was_deleted() -> None:
    harness = ServiceHarness()
    made = (await create(harness, 5))[::-1]
    await harness.ask("DELETE", f"/{made[1]}")
    assert await ids(harness, f"after={made[1]}") == made[2:]


@in_a_loop
async def test_a_video_without_an_id_has_no_place() -> None:
    keys = [{"name": name, "value": f"env.{name.upper()}"} for name in "ab"]
    harness = ServiceHarness(keys=keys)
    made = await create(harness, 50)
    of_a = [each for each in made if harness.service.runtime.sealer.open(each).key == "a"]
    long = VideoReference("a", "t" * 200, owner_hash(""), "sora-2", "4", "720x1280", 1_790_002_000)
    harness.service.runtime.videos.remember(long, "")
    harness.service.reconfigure(settings_from(KEYS, keys=keys[:1]))
    first = await page(harness, "limit=2")
    assert [video["id"] for video in first["data"]] == of_a[:-3:-1]
    assert first["has_more"] is True
    assert await ids(harness, f"limit=100&after={first['last_id']}") == of_a[:-2][::-1]


# Statuses


@in_a_loop
async def test_what_is_not_finished_is_asked_for_within_the_poll_budget() -> None:
    harness = ServiceHarness()
    await create(harness, 2)
    harness.set(**DONE)
    assert {video["status"] for video in (await page(harness))["data"]} == {"completed"}
    harness.now += 1000  # the statuses are kept no more, the ends are
    found = await page(harness)
    assert {video["status"] for video in found["data"]} == {"completed"}
    assert all(video["expires_at"] == video["completed_at"] + 86400 for video in found["data"])
    assert harness.runway.times("get") == 2


@in_a_loop
async def test_a_list_says_when_to_ask_again_while_something_is_unfinished() -> None:
    harness = ServiceHarness()
    await harness.create()
    answer = await harness.ask("GET")
    assert isinstance(answer, Answer)
    assert answer.headers["openai-poll-after-ms"] == "5000"
    harness.set(**DONE)
    harness.now += 6
    answer = await harness.ask("GET")
    assert isinstance(answer, Answer)
    assert answer.headers == {
        "content-type": "application/json",
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }


@in_a_loop
async def test_a_list_is_twenty_calls_at_most_and_the_next_asks_about_the_rest() -> None:
    harness = ServiceHarness()
    await create(harness, 50)
    harness.set(status="RUNNING", progress=0.5)
    for times in (20, 40, 50, 50):
        await page(harness, "limit=100")
        assert harness.runway.times("get") == times
    assert {video["progress"] for video in (await page(harness, "limit=100"))["data"]} == {50}


@pytest.mark.parametrize("bad_day", [Reply(503), Reply(429), NotSentError("ConnectError"), Reply(200, b"no")])
@in_a_loop
async def test_while_runway_is_down_a_list_asks_once_and_gives_what_was_last_seen(
    bad_day: Reply | Exception,
) -> None:
    harness = ServiceHarness()
    await create(harness, 3)
    harness.set(status="RUNNING", progress=0.5)
    harness.runway.tasks[next(iter(harness.runway.tasks))].update(status="FAILED", failure="why")
    before = await page(harness)
    harness.now += 1000
    asked = harness.runway.times("get")
    harness.runway.next["get"].extend([bad_day] * 100)
    after = await page(harness)
    assert harness.runway.times("get") == asked + 3
    for was, now in zip(before["data"], after["data"], strict=True):
        assert was["status"] == now["status"]
        assert was["progress"] == now["progress"]
        assert (was["error"] is None) == (now["error"] is None)
    assert [video["status"] for video in after["data"]] == ["in_progress", "in_progress", "failed"]


@in_a_loop
async def test_a_status_that_joins_a_lists_poll_has_its_retries() -> None:
    harness = ServiceHarness()
    (video_id,) = await create(harness, 1)
    harness.runway.next["get"].append(Reply(503))
    listed = asyncio.create_task(page(harness))
    polled = asyncio.create_task(harness.video("GET", f"/{video_id}"))
    assert (await polled)["status"] == "queued"
    assert (await listed)["data"][0]["id"] == video_id
    assert harness.runway.times("get") == 2


@in_a_loop
async def test_a_list_does_not_wait_for_a_slow_runway_whose_answers_are_kept() -> None:
    harness = ServiceHarness(timeouts=Timeouts(list_wait=0.01))
    harness.runway.answers_polls.clear()
    await create(harness, 2)
    harness.set(**DONE)
    assert [video["status"] for video in (await page(harness))["data"]] == ["queued", "queued"]
    harness.runway.answers_polls.set()
    await asyncio.sleep(0)
    found = await page(harness)
    assert [video["status"] for video in found["data"]] == ["completed", "completed"]
    assert harness.runway.times("get") == 2


@in_a_loop
async def test_videos_that_runway_has_no_more_are_left_out() -> None:
    harness = ServiceHarness()
    made = (await create(harness, 70))[::-1]
    harness.now += 100  # so long after a create a 404 is believed
    harness.runway.next["get"].extend([missing()] * 15)
    assert await ids(harness, "limit=10") == made[15:20]
    assert await ids(harness, "limit=100") == made[15:]


@in_a_loop
async def test_an_id_of_an_older_secret_stays_what_the_client_knows() -> None:
    harness = ServiceHarness()
    (old,) = await create(harness, 1)
    harness.service.reconfigure(
        settings_from(KEYS | {"RUNWAY_ID_SECRET": "new"}, keys=[{"name": "a", "value": "env.A"}])
    )
    (new,) = await ids(harness)
    assert new != old
    assert (await harness.video("GET", f"/{old}"))["id"] == old
    assert (await harness.video("GET", f"/{new}"))["id"] == new
    assert await ids(harness, f"after={old}") == []
