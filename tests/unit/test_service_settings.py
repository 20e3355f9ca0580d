"""New settings while the proxy runs: what stays, what changes, what only a start can change."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import Settings
from runway_videos.errors import ApiError
from runway_videos.keys.pool import Key
from runway_videos.service import Service
from runway_videos.upstream.client import Reply
from unit.config.option_values import settings_from
from unit.fake_runway import KEYS, ServiceHarness
from unit.loopback import in_a_loop

RETRY = {"x-stainless-retry-count": "1"}


def gone() -> bool:
    return True


def settings_of(**options: object) -> Settings:
    return settings_from(KEYS, **({"keys": [{"name": "a", "value": "env.A"}]} | options))


@in_a_loop
async def test_new_settings_keep_videos_repeats_and_memory() -> None:
    harness = ServiceHarness()
    video_id, lost = await harness.create(), await harness.create(gone=gone)
    both = [{"name": "b", "value": "env.B"}, {"name": "a", "value": "env.A", "weight": 0}]
    harness.service.reconfigure(settings_of(keys=both, poll_seconds=9))
    assert (await harness.video("GET", f"/{video_id}"))["prompt"] == "a cat"
    assert await harness.create(headers=RETRY) == lost
    await harness.create()
    assert list(harness.runway.made_with.values()) == ["a", "a", "b"]
    answer = await harness.ask("GET", f"/{video_id}")
    assert "'openai-poll-after-ms': '9000'" in repr(answer)


@in_a_loop
async def test_the_video_of_a_key_that_is_gone_is_unknown_until_the_key_is_back() -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    harness.service.reconfigure(settings_of(keys=[{"name": "b", "value": "env.B"}]))
    with pytest.raises(ApiError) as caught:
        await harness.ask("GET", f"/{video_id}")
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    assert "no key in runway_keys has a name with the hash" in caught.value.detail
    harness.service.reconfigure(settings_of())
    assert (await harness.video("GET", f"/{video_id}"))["id"] == video_id


@in_a_loop
async def test_the_videos_of_a_key_that_is_rotated_while_the_process_runs_are_still_served() -> None:
    harness = ServiceHarness()
    first = await harness.create()
    harness.service.reconfigure(settings_of(keys=[{"name": "a", "value": "env.B"}]))
    second = await harness.create()
    harness.service.reconfigure(settings_of(keys=[{"name": "b", "value": "env.A"}]))
    harness.service.reconfigure(settings_of(keys=[{"name": "a", "value": "tok_third"}]))
    for video_id in (first, second):
        assert (await harness.video("GET", f"/{video_id}"))["id"] == video_id


@in_a_loop
async def test_a_cooldown_goes_on_for_a_key_that_stays_and_ends_with_another_value() -> None:
    harness = ServiceHarness()
    refusal = b'{"error": "Unauthorized"}'
    harness.runway.next["create"].append(Reply(401, refusal))
    harness.runway.next["organization"].append(Reply(401, refusal))
    with pytest.raises(ApiError):
        await harness.create()
    harness.service.reconfigure(settings_of(keys=[{"name": "a", "value": "env.A", "weight": 5}]))
    with pytest.raises(ApiError, match="refuses this proxy's API key"):
        await harness.create()
    assert harness.runway.times("create") == 1
    harness.service.reconfigure(settings_of(keys=[{"name": "a", "value": "env.B"}]))
    assert await harness.create()


@in_a_loop
async def test_a_change_of_settings_drops_no_shared_poll() -> None:
    harness = ServiceHarness(poll_seconds=0)
    video_id = await harness.create()
    answered = asyncio.Event()
    get_task = harness.runway.get_task

    async def slow(key: Key, task: str) -> Reply:
        await answered.wait()
        return await get_task(key, task)

    harness.runway.get_task = slow  # type: ignore[method-assign]
    first = asyncio.create_task(harness.video("GET", f"/{video_id}"))
    await asyncio.sleep(0)
    harness.service.reconfigure(settings_of(poll_seconds=9))
    second = asyncio.create_task(harness.video("GET", f"/{video_id}"))
    await asyncio.sleep(0)
    answered.set()
    assert await first == await second
    assert harness.runway.times("get") == 1


@in_a_loop
async def test_a_change_of_keys_in_the_middle_of_a_create_loses_nothing() -> None:
    harness = ServiceHarness()
    create = harness.runway.create

    async def changing(key: Key, path: str, body: bytes) -> Reply:
        harness.service.reconfigure(settings_of(keys=[{"name": "b", "value": "env.B"}]))
        return await create(key, path, body)

    harness.runway.create = changing  # type: ignore[method-assign]
    video_id = await harness.create()
    harness.service.reconfigure(settings_of())
    assert (await harness.video("GET", f"/{video_id}"))["id"] == video_id


@in_a_loop
async def test_settings_that_cannot_be_taken_change_nothing() -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    before = harness.service.runtime
    # Two names whose hashes, four bytes in each id, are the same.
    twins = [{"name": name, "value": "env.B"} for name in ("key-51013", "key-94489")]
    with pytest.raises(ConfigError, match=r"^runway_keys: .* key-51013 and key-94489 cannot be"):
        harness.service.reconfigure(settings_of(keys=twins, content="redirect"))
    assert harness.service.runtime is before
    assert (await harness.video("GET", f"/{video_id}"))["id"] == video_id
    await harness.create()
    assert set(harness.runway.made_with.values()) == {"a"}


@in_a_loop
async def test_another_runway_is_asked_from_then_on() -> None:
    harness = ServiceHarness()
    harness.service.reconfigure(settings_of(poll_seconds=1))
    first = harness.runway
    harness.service.reconfigure(settings_of(base_url="http://127.0.0.1:9"))
    assert harness.runway is not first
    assert harness.runway.base_url == "http://127.0.0.1:9"
    assert not first.closed  # creates may be under way on it
    await harness.create()
    assert first.asked == []


@pytest.mark.parametrize("before", [False, True])
@in_a_loop
async def test_the_sandbox_is_entered_and_left_at_a_start_alone(before: bool) -> None:
    harness = ServiceHarness(sandbox=before)
    harness.service.reconfigure(settings_of(sandbox=not before))
    harness.service.reconfigure(settings_of(sandbox=before))
    await harness.service.start()
    await harness.service.start()  # the script was reloaded
    runtime, url = harness.service.runtime, harness.runway.base_url
    assert url.startswith("http://127.0.0.1:") == before
    with pytest.raises(ConfigError, match=r"^runway_sandbox: takes effect at the start"):
        harness.service.reconfigure(settings_of(sandbox=not before))
    assert harness.service.runtime is runtime
    harness.service.reconfigure(settings_of(sandbox=before, base_url="http://127.0.0.1:8"))
    # What comes from the sandbox stays in the sandbox.
    assert harness.runway.base_url == (url if before else "http://127.0.0.1:8")
    await harness.service.close()


@in_a_loop
async def test_the_sandbox_itself_serves_and_ends() -> None:
    harness = ServiceHarness(sandbox=True)
    service = harness.service = Service(settings_from(sandbox=True))
    await service.start()
    video_id = await harness.create()
    assert (await harness.video("GET", f"/{video_id}"))["status"] in ("queued", "in_progress")
    await service.close()
    with pytest.raises(ApiError) as caught:
        await harness.ask("DELETE", f"/{video_id}")
    assert caught.value.status == 503
