"""In front of an existing gateway, `mode: reverse:…`: videos are ours, all else is the gateway's."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from asking import check_video, client, error_of, finished, web
from end_to_end.conftest import Folders, whole
from origins import Origin
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = [pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"), pytest.mark.slow]


@pytest.fixture(scope="module")
def front(folder: Folders, sandbox_server: SandboxServer, origin: Origin) -> Iterator[Proxy]:
    """The mode stands in mitm.conf, the address on the command line."""
    conf = f"mode: reverse:{origin.url}\n"
    with Proxy(folder(), conf=conf, **sandbox_server.options()) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(scope="module")
def gateway(front: Proxy) -> Iterator[httpx.Client]:
    with web(front.url, headers={"Authorization": "Bearer sk-of-the-gateway"}) as client:
        yield client


def test_videos_behind_a_reverse_proxy_are_served(front: Proxy, sandbox_server: SandboxServer) -> None:
    with client(front.base_url) as app:
        video = app.videos.create_and_poll(prompt="behind a gateway", poll_interval_ms=50)
        assert video.status == "completed"
        assert app.videos.download_content(video.id).read() == sandbox_server.sandbox.clips[True].read()
        assert video.id in [each.id for each in app.videos.list()]
        assert app.videos.delete(video.id).deleted is True


def test_other_calls_go_to_the_gateway_unchanged(gateway: httpx.Client, origin: Origin) -> None:
    body = b'{"model": "gpt-x",  "messages": []}'
    answer = gateway.post("/v1/chat/completions?a=1&b=", content=body)
    assert answer.json() == {
        "origin": True,
        "method": "POST",
        "path": "/v1/chat/completions?a=1&b=",
        "length": len(body),
    }
    asked = origin.asked("/v1/chat/completions?a=1&b=")[-1]
    assert asked.body == body
    assert asked.headers["authorization"] == "Bearer sk-of-the-gateway"


def test_gateways_own_videos_go_to_the_gateway(
    gateway: httpx.Client, origin: Origin, sandbox_server: SandboxServer
) -> None:
    made = sandbox_server.made()
    theirs = gateway.post("/v1/videos", json={"prompt": "theirs", "model": "kling-of-the-gateway"})
    assert theirs.json()["origin"] is True
    assert gateway.get("/v1/videos/video_abc").json()["path"] == "/v1/videos/video_abc"
    assert gateway.get("/v1/videos/video_abc/content").json()["origin"] is True
    assert gateway.delete("/v1/videos/video_abc").json()["method"] == "DELETE"
    assert origin.asked("/v1/videos")[-1].headers["authorization"] == "Bearer sk-of-the-gateway"
    assert sandbox_server.made() == made


@pytest.mark.parametrize("form", [True, False])
@pytest.mark.parametrize("call", ["edits", "extensions", "characters"])
def test_what_is_made_of_the_gateways_own_videos_is_made_there(
    gateway: httpx.Client, origin: Origin, sandbox_server: SandboxServer, call: str, form: bool
) -> None:
    made, path = sandbox_server.made(), f"/v1/videos/{call}?form={form}"
    fields = {"prompt": "theirs", "seconds": "4"}
    if form:
        files = {"video[id]": (None, "video_abc"), **{name: (None, text) for name, text in fields.items()}}
        request = gateway.build_request("POST", path, files=files)
    else:
        request = gateway.build_request("POST", path, json={"video": {"id": "video_abc"}, **fields})
    sent = request.read()
    assert gateway.send(request).json()["origin"] is True
    (asked,) = origin.asked(path)
    assert asked.body == sent
    assert asked.headers["authorization"] == "Bearer sk-of-the-gateway"
    assert sandbox_server.made() == made


def test_remixes_and_characters_of_the_gateway_are_there(
    gateway: httpx.Client, sandbox_server: SandboxServer
) -> None:
    made = sandbox_server.made()
    assert gateway.post("/v1/videos/video_abc/remix", json={"prompt": "x"}).json()["origin"] is True
    for method in ("GET", "DELETE"):
        assert gateway.request(method, "/v1/videos/characters/char_1").json()["method"] == method
    assert sandbox_server.made() == made


def test_a_character_of_one_of_ours_is_refused_in_words(gateway: httpx.Client, origin: Origin) -> None:
    ours = gateway.post("/v1/videos", json={"prompt": "ours"}).json()["id"]
    before = len(origin.requests)
    answer = gateway.post("/v1/videos/characters", json={"name": "x", "video": {"id": ours}})
    assert error_of(answer, 400)["code"] == "unsupported_operation"
    assert len(origin.requests) == before


def test_one_connection_carries_videos_and_other_calls(
    gateway: httpx.Client, sandbox_server: SandboxServer
) -> None:
    for turn in range(3):
        made = check_video(gateway.post("/v1/videos", json={"prompt": f"turn {turn}"}).json())
        assert gateway.get("/v1/models").json()["origin"] is True
        assert finished(gateway, made["id"])["status"] == "completed"
        content = gateway.get(f"/v1/videos/{made['id']}/content")
        assert content.content == sandbox_server.sandbox.clips[True].read()


def test_a_dead_gateway_does_not_stop_videos(folder: Folders, sandbox_server: SandboxServer) -> None:
    with Origin() as gone:
        mode = f"reverse:{gone.url}"
    with Proxy(folder(), "--mode", mode, **sandbox_server.options()) as proxy, web(proxy.url) as client:
        made = client.post("/v1/videos", json={"prompt": "the gateway is down"})
        assert finished(client, made.json()["id"])["status"] == "completed"
        assert client.get("/v1/files").status_code == 502
        assert "sora-2" in [model["id"] for model in client.get("/v1/models").json()["data"]]
        whole(proxy)
