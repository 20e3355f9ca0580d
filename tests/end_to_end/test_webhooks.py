"""Webhooks, received as applications receive OpenAI's: checked and read by the stock client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from asking import web
from end_to_end.conftest import Folders, whole
from hooks import PATH, SECRET, Hook, event_of
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = [pytest.mark.slow, pytest.mark.dependencies]

TOKENS = {"told": "tok_of_told_0123456789", "other": "tok_of_other_0123456789"}


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    with hook.origin:
        yield hook


def options(hook: Hook, **more: Any) -> dict[str, Any]:
    webhook = {"url": hook.url, "secret": "env.HOOK_SECRET", **more}
    return {"env": {"HOOK_SECRET": SECRET, **TOKENS}, "runway_webhooks": [json.dumps(webhook)]}


def create(client: httpx.Client, prompt: str = "a video") -> str:
    video_id: str = client.post("/v1/videos", json={"prompt": prompt}).json()["id"]
    return video_id


def test_ends_are_told_signed_and_without_anybody_asking(
    folder: Folders, sandbox_server: SandboxServer, hook: Hook
) -> None:
    callers = [json.dumps({"name": name, "value": f"env.{name}"}) for name in TOKENS]
    settings = options(hook, callers=["told"]) | {"runway_callers": callers}
    with Proxy(folder(), **settings, **sandbox_server.options()) as proxy:
        with web(proxy.url, headers={"Authorization": f"Bearer {TOKENS['told']}"}) as told:
            good, bad = create(told), create(told, "[fail]")
        with web(proxy.url, headers={"Authorization": f"Bearer {TOKENS['other']}"}) as other:
            unheard = create(other)
        (completed,), (failed,) = hook.received(good), hook.received(bad)
        for asked, type, video_id in ((completed, "video.completed", good), (failed, "video.failed", bad)):
            event = event_of(asked)
            assert set(event) == {"id", "object", "created_at", "type", "data"}
            assert (event["object"], event["type"], event["data"]) == ("event", type, {"id": video_id})
            assert asked.headers["content-type"] == "application/json"
            assert "authorization" not in asked.headers
        assert not any(unheard.encode() in asked.body for asked in hook.origin.requests)
        assert f"webhooks: 127.0.0.1:{hook.origin.port} (told)" in proxy.log
        proxy.wait_for(f"webhook: 127.0.0.1:{hook.origin.port} was told video.completed, {good}")
        for secret in (SECRET, hook.url, PATH):
            assert secret not in proxy.log
        whole(proxy)


def test_what_is_not_taken_is_sent_again_also_at_the_end(
    folder: Folders, sandbox_server: SandboxServer, hook: Hook
) -> None:
    with Proxy(folder(), **options(hook), **sandbox_server.options()) as proxy, web(proxy.url) as client:
        hook.statuses = [302]
        video_id = create(client)
        proxy.wait_for(f"did not take the end of {video_id}: HTTP 302")
        assert proxy.stop() == 0
        tries = hook.received(video_id, 2)
        assert "Traceback" not in proxy.log
    assert [asked.path for asked in hook.origin.requests] == [PATH] * 2
    assert len({event_of(asked)["id"] for asked in tries}) == 1


def test_an_end_of_the_process_says_what_it_loses(
    folder: Folders, sandbox_server: SandboxServer, hook: Hook
) -> None:
    with Proxy(folder(), **options(hook), **sandbox_server.options()) as proxy, web(proxy.url) as client:
        create(client, "[slow] longer than this process")
        assert proxy.stop() == 0
        assert "waited for no more: the ends of 1 video" in proxy.log


def test_without_the_package_the_start_says_what_to_install(
    folder: Folders, sandbox_server: SandboxServer, hook: Hook, tmp_path: Path
) -> None:
    (tmp_path / "standardwebhooks.py").write_text("raise ImportError('not here')\n")
    settings = options(hook)
    settings["env"] |= {"PYTHONPATH": str(tmp_path)}
    proxy = Proxy(folder(), **settings, **sandbox_server.options())
    try:
        proxy.wait_for("runway_webhooks: the package standardwebhooks is not installed; .*pip install")
        assert proxy.wait() == 1
        assert "Traceback" not in proxy.log
    finally:
        proxy.kill()
