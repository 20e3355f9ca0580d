"""mitmweb shows flows while they are under way, and afterwards: a signed link is in none of what it says."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from asking import PATIENCE_SECONDS, free_port, until, web
from end_to_end.conftest import Folders, whole
from origins import Exchange, Origin
from running import Proxy

pytestmark = pytest.mark.slow

TASK = "0b8ba4a5-5d0c-4a6a-8bd5-3f3e7c5d3a11"
PASSWORD = "of-this-test"
# Against forged requests mitmweb compares a cookie, named by version, with a header.
_TOKEN = "0" * 32
NOT_FORGED = {"X-XSRFToken": _TOKEN, "Cookie": f"_xsrf={_TOKEN}; _mitmproxy_xsrf={_TOKEN}"}


class Updates:
    """What mitmweb says over its web socket, read in a thread."""

    def __init__(self, url: str) -> None:
        self.heard: list[str] = []
        self._opened = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._read(url)), daemon=True)
        self._thread.start()
        assert self._opened.wait(PATIENCE_SECONDS)

    async def _read(self, url: str) -> None:
        headers = {"Authorization": f"Bearer {PASSWORD}", "Origin": url}
        request = HTTPRequest(url.replace("http:", "ws:") + "/updates", headers=headers)
        connection = await websocket_connect(request)
        self._opened.set()
        while (message := await connection.read_message()) is not None:
            self.heard.append(str(message))

    def join(self) -> None:
        self._thread.join(PATIENCE_SECONDS)

    def of(self, kind: str, word: str) -> list[str]:
        """The messages of a kind that hold a word."""
        return [each for each in list(self.heard) if json.loads(each)["type"] == kind and word in each]


class Held:
    """A file store that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.arrived, self.go_on = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, exchange: Exchange) -> None:
        if exchange.asked.headers.get("range") == "bytes=0-0":
            exchange.reply(206, b"x", "video/mp4", Content_Range="bytes 0-0/10")
            return
        self.asked.append({"path": exchange.asked.path, **exchange.asked.headers})
        self.arrived.release()
        assert self.go_on.acquire(timeout=PATIENCE_SECONDS)
        exchange.reply(200, b"0123456789", "video/mp4")


@contextmanager
def mitmweb(folder: Folders, store: Held, **options: Any) -> Iterator[tuple[Proxy, httpx.Client, Updates]]:
    """mitmweb with the addon in front of a Runway whose video is in this store; its flows, its updates."""
    with Origin() as runway:
        link = f"{runway.url}/file.mp4?Expires=1&Key-Pair-Id=K&Signature=s3cr3t"
        done = {"id": TASK, "status": "SUCCEEDED", "createdAt": "2026-11-23T00:00:00Z", "output": [link]}
        runway.routes["/v1/text_to_video"] = lambda each: each.reply(200, json.dumps({"id": TASK}).encode())
        runway.routes[f"/v1/tasks/{TASK}"] = lambda each: each.reply(200, json.dumps(done).encode())
        runway.routes["/file.mp4"] = store
        port = free_port()
        web_options = {"web_open_browser": False, "web_port": port, "web_password": PASSWORD}
        env = {"RUNWAYML_API_SECRET": "key_s3cr3t"}
        made: dict[str, Any] = {"runway_base_url": runway.url, "env": env, **web_options, **options}
        with Proxy(folder(), program="mitmweb", **made) as proxy:
            url = f"http://127.0.0.1:{port}"
            proxy.wait_for("Web server listening")
            with web(url, headers={"Authorization": f"Bearer {PASSWORD}"}) as flows:
                updates = Updates(url)
                yield proxy, flows, updates
                whole(proxy)
        updates.join()


def commands_of(flows: httpx.Client) -> Callable[..., dict[str, Any]]:
    """What a command of mitmweb's gives, by name and words."""

    def say(name: str, *words: str) -> dict[str, Any]:
        answer = flows.post(f"/commands/{name}", json={"arguments": words}, headers=NOT_FORGED)
        found: dict[str, Any] = answer.json()
        return found

    return say


def hide_nothing(updates: Updates, flows: httpx.Client) -> None:
    shown = flows.get("/flows")
    assert shown.status_code == 200
    assert "/v1/videos" in shown.text
    for text in (shown.text, *updates.heard):
        for secret in ("s3cr3t", "Signature", "Key-Pair-Id"):
            assert secret not in text, text[max(0, text.find(secret) - 500) :][:700]


def seen(updates: Updates, video: str) -> Callable[[], object]:
    return lambda: updates.of("flows/update", f"{video}/content") or None


def test_flows_say_what_they_became(folder: Folders) -> None:
    with mitmweb(folder, Held()) as (proxy, flows, _), web(proxy.url) as client:
        video = client.post("/v1/videos", json={"prompt": "a hush", "model": "gen4.5"}).json()["id"]
        client.get(f"/v1/videos/{video}")
        client.post("/v1/videos", json={"prompt": ""})
        found = {each["comment"]: each["marked"] for each in flows.get("/flows").json()}
        made = f"text_to_video gen4.5 2 s 1280:720, task {TASK}, key default, 24 credits"
        say = commands_of(flows)
        assert "default: weight 1, " in say("runway.keys")["value"][0]
        assert TASK in say("runway.videos")["value"][0]
        assert "1 video, 24 credits today" in say("runway.usage")["value"][0]
        assert "has the weight 0 until" in say("runway.weight", "default", "0")["value"][0]
        assert "0 or more" in say("runway.weight", "default", "-1")["error"]
        assert client.post("/v1/videos", json={"prompt": "another"}).status_code == 503
        assert found == dict.fromkeys(
            (made, "status", "create refused, 400 missing_required_parameter"), "🎥"
        ), found


def test_a_streamed_download(folder: Folders) -> None:
    store = Held()
    with mitmweb(folder, store) as (proxy, flows, updates):
        with web(proxy.url) as calls:
            video = calls.post("/v1/videos", json={"prompt": "watched"}).json()["id"]
            with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_SECONDS) as client:
                head = f"GET /v1/videos/{video}/content HTTP/1.1\r\nHost: localhost\r\nCookie: a=b\r\n\r\n"
                client.sendall(head.encode())
                assert store.arrived.acquire(timeout=PATIENCE_SECONDS)
                # The store has the request, and has not answered.
                until(seen(updates, video), "what mitmweb says of the download")
                hide_nothing(updates, flows)
                store.go_on.release()
                assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")
            store.go_on.release()
            assert calls.get(f"/v1/videos/{video}/content").content == b"0123456789"
        hide_nothing(updates, flows)
    (first, _) = store.asked
    assert first["path"] == "/file.mp4?Expires=1&Key-Pair-Id=K&Signature=s3cr3t"
    assert "cookie" not in first


def test_a_redirect(folder: Folders) -> None:
    with mitmweb(folder, Held(), runway_content="redirect") as (proxy, flows, updates):
        with web(proxy.url) as calls:
            video = calls.post("/v1/videos", json={"prompt": "watched"}).json()["id"]
            answer = calls.get(f"/v1/videos/{video}/content")
            assert (answer.status_code, "Signature=s3cr3t" in answer.headers["location"]) == (302, True)
        until(lambda: updates.of("flows/update", "(a signed link)") or None, "the redirect in mitmweb")
        hide_nothing(updates, flows)
