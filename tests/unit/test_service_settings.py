"""New settings while the proxy runs: what stays, what changes, what only a start can change."""

from __future__ import annotations

from unittest import mock

import pytest

from runway_videos import service
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import Settings
from runway_videos.errors import ApiError
from runway_videos.keys.pool import Key
from runway_videos.upstream.client import Reply
from unit.config.option_values import told
from unit.fake_runway import KEYS, Desk, FakeRunway
from unit.loopback import in_a_loop

RETRY = {"x-stainless-retry-count": "1"}


def gone() -> bool:
    return True


def settings_of(**options: object) -> Settings:
    return told(KEYS, **({"keys": [{"name": "a", "value": "env.A"}]} | options))


@in_a_loop
async def test_new_settings_keep_videos_repeats_and_memory() -> None:
    desk = Desk()
    video_id, lost = await desk.create(), await desk.create(gone=gone)
    both = [{"name": "b", "value": "env.B"}, {"name": "a", "value": "env.A", "weight": 0}]
    desk.service.reconfigure(settings_of(keys=both, poll_seconds=9))
    assert (await desk.video("GET", f"/{video_id}"))["prompt"] == "a cat"
    assert await desk.create(headers=RETRY) == lost
    await desk.create()
    assert list(desk.runway.made_with.values()) == ["a", "a", "b"]
    answer = await desk.ask("GET", f"/{video_id}")
    assert "'openai-poll-after-ms': '9000'" in repr(answer)


@in_a_loop
async def test_the_video_of_a_key_that_is_gone_waits_for_the_operator() -> None:
    desk = Desk()
    video_id = await desk.create()
    desk.service.reconfigure(settings_of(keys=[{"name": "b", "value": "env.B"}]))
    with pytest.raises(ApiError) as caught:
        await desk.ask("GET", f"/{video_id}")
    assert (caught.value.status, caught.value.retry, caught.value.code) == (503, False, "runway_key_gone")
    desk.service.reconfigure(settings_of())
    assert (await desk.video("GET", f"/{video_id}"))["id"] == video_id


@in_a_loop
async def test_a_change_of_keys_in_the_middle_of_a_create_loses_nothing() -> None:
    desk = Desk()
    create = desk.runway.create

    async def changing(key: Key, path: str, body: bytes) -> Reply:
        desk.service.reconfigure(settings_of(keys=[{"name": "b", "value": "env.B"}]))
        return await create(key, path, body)

    desk.runway.create = changing  # type: ignore[method-assign]
    video_id = await desk.create()
    desk.service.reconfigure(settings_of())
    assert (await desk.video("GET", f"/{video_id}"))["id"] == video_id


@in_a_loop
async def test_settings_that_cannot_be_taken_change_nothing() -> None:
    desk = Desk()
    video_id = await desk.create()
    before = desk.runtime.settings
    with (
        mock.patch.object(service, "IdSealer", side_effect=ValueError("two keys cannot be told apart")),
        pytest.raises(ConfigError, match=r"^runway_keys: two keys cannot be told apart$"),
    ):
        desk.service.reconfigure(settings_of(keys=[{"name": "b", "value": "env.B"}], content="redirect"))
    assert desk.runtime.settings is before
    assert (await desk.video("GET", f"/{video_id}"))["id"] == video_id
    await desk.create()
    assert set(desk.runway.made_with.values()) == {"a"}


@in_a_loop
async def test_another_runway_is_asked_from_then_on() -> None:
    desk = Desk()
    with mock.patch.object(service, "RunwayClient", FakeRunway):
        desk.service.reconfigure(settings_of(poll_seconds=1))
        first = desk.runway
        desk.service.reconfigure(settings_of(base_url="http://127.0.0.1:9"))
    assert desk.runway is not first
    assert desk.runway.base_url == "http://127.0.0.1:9"
    assert not first.closed  # creates may be under way on it
    await desk.create()
    assert first.asked == []


@pytest.mark.parametrize("before", [False, True])
@in_a_loop
async def test_the_sandbox_is_entered_and_left_at_a_start_alone(before: bool) -> None:
    desk = Desk(sandbox=before)
    desk.service.reconfigure(settings_of(sandbox=not before))
    desk.service.reconfigure(settings_of(sandbox=before))
    with (
        mock.patch.object(service, "Sandbox") as sandbox,
        mock.patch.object(service, "RunwayClient", FakeRunway),
    ):
        sandbox.return_value.start = mock.AsyncMock(return_value="http://127.0.0.1:9")
        await desk.service.start()
        await desk.service.start()  # the script was reloaded
        assert sandbox.call_count == int(before)
    settings = desk.runtime.settings
    with pytest.raises(ConfigError, match=r"^runway_sandbox: takes effect at the start"):
        desk.service.reconfigure(settings_of(sandbox=not before))
    assert desk.runtime.settings is settings
    assert desk.runway.base_url == ("http://127.0.0.1:9" if before else settings.base_url)
    with mock.patch.object(service, "RunwayClient", FakeRunway):
        desk.service.reconfigure(settings_of(sandbox=before, base_url="http://127.0.0.1:8"))
    # What comes from the box stays in the box.
    assert desk.runway.base_url == ("http://127.0.0.1:9" if before else "http://127.0.0.1:8")


@in_a_loop
async def test_the_sandbox_itself_serves_and_ends() -> None:
    desk = Desk(sandbox=True)
    submitted = desk.service = service.Service(told(sandbox=True))
    await submitted.start()
    desk.no_waits()
    video_id = await desk.create()
    assert (await desk.video("GET", f"/{video_id}"))["status"] in ("queued", "in_progress")
    await submitted.close()
    with pytest.raises(ApiError) as caught:
        await desk.ask("DELETE", f"/{video_id}")
    assert caught.value.status == 503
