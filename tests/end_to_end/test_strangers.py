"""Clients that are not on loopback: nothing but video calls, and these only with a token."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Iterator

import httpx
import pytest

from asking import PATIENCE_SECONDS, error_of, finished, other_address, web
from end_to_end.conftest import Folders, whole
from origins import Origin
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

TOKEN = "token-of-the-neighbour"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
CALLERS = json.dumps({"name": "neighbour", "value": TOKEN})


class Reached(Proxy):
    """A proxy that listens on an address which is not loopback, and is asked through it."""

    def ready(self) -> Proxy:
        self.port = int(self.wait_for(re.escape(f"http://{self.host}:") + r"(\d+)")[1])
        return self

    @property
    def host(self) -> str:
        return other_address()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def begin(
    folder: Folders, sandbox_server: SandboxServer, origin: Origin, *arguments: str, **options: object
) -> Proxy:
    listen = ("--listen-host", other_address(), "--listen-port", "0")
    hosts = ["api.openai.com", "127.0.0.1"]
    every = {**sandbox_server.options(), "runway_hosts": hosts, "runway_fallback": origin.url, **options}
    return Reached(folder(), *arguments, listen=listen, **every)


@pytest.fixture(scope="module")
def closed(folder: Folders, sandbox_server: SandboxServer, origin: Origin) -> Iterator[Proxy]:
    """Without callers."""
    with begin(folder, sandbox_server, origin) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(scope="module")
def gated(folder: Folders, sandbox_server: SandboxServer, origin: Origin) -> Iterator[Proxy]:
    """With callers."""
    with begin(folder, sandbox_server, origin, runway_callers=CALLERS) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(scope="module")
def opened(folder: Folders, sandbox_server: SandboxServer, origin: Origin) -> Iterator[Proxy]:
    """With callers and for other traffic."""
    with begin(folder, sandbox_server, origin, runway_callers=CALLERS, runway_forward=True) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(params=["closed", "gated"])
def either(request: pytest.FixtureRequest) -> Proxy:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Proxy)
    return found


def test_no_video_without_callers(closed: Proxy, sandbox_server: SandboxServer) -> None:
    made = sandbox_server.made()
    with web(closed.url) as client:
        calls = [("POST", "/v1/videos"), ("GET", "/v1/videos"), ("GET", "/v1/videos/video_rw_x")]
        for method, path in [
            *calls,
            ("GET", "/v1/videos/video_rw_x/content"),
            ("DELETE", "/v1/videos/video_rw_x"),
        ]:
            error = error_of(client.request(method, path, headers=AUTHORIZED), 403)
            assert "runway_callers" in error["message"]
            assert "not from this machine" in error["message"]
    assert sandbox_server.made() == made


def test_videos_with_a_token(gated: Proxy, sandbox_server: SandboxServer) -> None:
    with web(gated.url) as client:
        assert error_of(client.post("/v1/videos", json={"prompt": "x"}), 401)["code"] == "invalid_api_key"
        made = client.post("/v1/videos", json={"prompt": "a neighbour's"}, headers=AUTHORIZED).json()
        finished(client, made["id"], headers=AUTHORIZED)
        content = client.get(f"/v1/videos/{made['id']}/content", headers=AUTHORIZED)
        assert content.content == sandbox_server.sandbox.clips[True].read()
        assert client.delete(f"/v1/videos/{made['id']}", headers=AUTHORIZED).status_code == 200


@pytest.mark.parametrize("headers", [{}, AUTHORIZED], ids=["nobody", "caller"])
def test_no_other_traffic(either: Proxy, origin: Origin, headers: dict[str, str]) -> None:
    before = len(origin.requests)
    with httpx.Client(proxy=either.url, trust_env=False, timeout=30) as forward:
        for method in ("GET", "POST"):
            answer = forward.request(method, f"{origin.url}/v1/models", headers=headers)
            assert "runway_forward" in error_of(answer, 403)["message"]
        # Nor to itself under another name, nor through a path that only looks like ours.
        assert forward.get(f"{origin.url}/v1/videos.json", headers=headers).status_code == 403
        assert forward.get(f"http://localhost:{origin.port}/v1/videos", headers=headers).status_code == 403
    assert len(origin.requests) == before


@pytest.mark.parametrize("headers", [{}, AUTHORIZED], ids=["nobody", "caller"])
def test_no_fallback(either: Proxy, origin: Origin, headers: dict[str, str]) -> None:
    before = len(origin.requests)
    with web(either.url, headers=headers) as client:
        assert error_of(client.get("/v1/models"), 403)["code"] == "forwarding_disabled"
        assert error_of(client.post("/v1/chat/completions", json={}), 403)["code"] == "forwarding_disabled"
    assert len(origin.requests) == before


def test_no_model_of_others(gated: Proxy, origin: Origin) -> None:
    before = len(origin.requests)
    body = {"prompt": "x", "model": "their-model"}
    with httpx.Client(proxy=gated.url, trust_env=False, headers=AUTHORIZED) as forward:
        assert (
            error_of(forward.post(f"{origin.url}/v1/videos", json=body), 403)["code"] == "forwarding_disabled"
        )
        assert forward.get(f"{origin.url}/v1/videos/abc").status_code == 403
    assert len(origin.requests) == before


def test_no_tunnel_to_other_hosts(either: Proxy, origin: Origin) -> None:
    with connection(either) as stranger:
        assert tunnel(stranger, f"localhost:{origin.port}").startswith(b"HTTP/1.1 403 ")


def test_no_other_traffic_in_a_tunnel_to_a_video_host(either: Proxy, origin: Origin) -> None:
    before = len(origin.requests)
    with connection(either) as stranger:
        # A video call may come through it, so it is made.
        target = f"127.0.0.1:{origin.port}"
        assert tunnel(stranger, target).startswith(b"HTTP/1.1 200 ")
        stranger.sendall(f"GET /v1/models HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        assert stranger.recv(65_536).startswith(b"HTTP/1.1 403 ")
    assert len(origin.requests) == before


def test_nothing_but_http_in_a_tunnel(either: Proxy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, connection(either) as stranger:
        assert tunnel(stranger, f"127.0.0.1:{server.getsockname()[1]}").startswith(b"HTTP/1.1 200 ")
        stranger.sendall(b"\x00\x01\x02SSH-2.0-x\r\n")
        assert stranger.recv(65_536) == b""
        # Whoever had been let through would stand in the queue by now.
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("path", ["/v1/videos", "/v1/files"])
@pytest.mark.parametrize("framed", ["known", "chunked"])
def test_a_large_body_is_cut_off(closed: Proxy, path: str, framed: str) -> None:
    most, sent, piece = 256 << 20, 0, bytes(1 << 20)
    length, before, after = f"Content-Length: {most}", b"", b""
    if framed == "chunked":
        length, before, after = "Transfer-Encoding: chunked", b"%x\r\n" % len(piece), b"\r\n"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    with connection(closed) as stranger:
        stranger.settimeout(5)
        stranger.sendall(head.encode())
        # Closed, not left hanging: that would be a TimeoutError.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < most:
                stranger.sendall(before + piece + after)
                sent += len(piece)
    # What the system's buffers took, at most.
    assert sent < 32 << 20


def test_a_small_body_gets_its_answer(either: Proxy) -> None:
    with web(either.url) as client:
        answer = client.post(
            "/v1/videos", content=bytes(1 << 20), headers={"Content-Type": "application/json"}
        )
        error_of(answer, 401 if "callers: neighbour" in either.log else 403)


def test_a_strangers_token_is_kept_nowhere(
    folder: Folders, sandbox_server: SandboxServer, origin: Origin
) -> None:
    made = folder()
    arguments = ("-w", str(made / "flows"))
    with begin(folder, sandbox_server, origin, *arguments, runway_callers=CALLERS, flow_detail=4) as proxy:
        with web(proxy.url, headers=AUTHORIZED) as client:
            assert client.get("/v1/models").status_code == 403
            assert client.get("/v1/videos/video_rw").status_code == 404
        with httpx.Client(proxy=proxy.url, trust_env=False, headers=AUTHORIZED) as forward:
            assert forward.get(f"{origin.url}/v1/models").status_code == 403
            body = {"prompt": "x", "model": "their-model"}
            assert forward.post(f"{origin.url}/v1/videos", json=body).status_code == 403
        whole(proxy)
    assert TOKEN not in proxy.log
    assert TOKEN.encode() not in (made / "flows").read_bytes()


def test_no_way_round_through_the_proxy_itself(folder: Folders, sandbox_server: SandboxServer) -> None:
    # Forwarding is open, and a second hop over loopback would look like the local user.
    listen = ("--listen-host", "0.0.0.0", "--listen-port", "0")
    proxy = Proxy(folder(), **sandbox_server.options(), listen=listen, runway_forward=True)
    try:
        port = int(proxy.wait_for(r"serving .*:(\d+)")[1])
        made = sandbox_server.made()
        with httpx.Client(proxy=f"http://{other_address()}:{port}", trust_env=False, timeout=30) as forward:
            for host in ("127.0.0.1", "localhost", "127.0.0.2", "127.1", "0.0.0.0", other_address()):
                answer = forward.post(f"http://{host}:{port}/v1/videos", json={"prompt": "round"})
                # Not every system has all of these addresses.
                assert answer.status_code in (403, 502), host
        assert sandbox_server.made() == made
        whole(proxy)
    finally:
        proxy.stop()


def test_other_traffic_where_it_is_allowed(opened: Proxy, origin: Origin) -> None:
    with httpx.Client(proxy=opened.url, trust_env=False) as forward, web(opened.url) as client:
        url, through = f"{origin.url}/v1/models?forwarded", {"Proxy-Authorization": f"Bearer {TOKEN}"}
        assert forward.get(url, headers=through).json()["origin"] is True
        assert error_of(forward.get(url, headers=AUTHORIZED), 407)["code"] == "proxy_authorization_required"
        assert client.get("/v1/models?forwarded", headers=AUTHORIZED).json()["origin"] is True
        assert client.post("/v1/videos", json={"prompt": "x"}).status_code == 401
    assert not any(TOKEN in str(each.headers) for each in origin.asked("/v1/models?forwarded"))


def tunnel(stranger: socket.socket, target: str) -> bytes:
    """The answer to a CONNECT."""
    stranger.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    return stranger.recv(65_536)


def connection(proxy: Proxy) -> socket.socket:
    assert isinstance(proxy, Reached)
    return socket.create_connection((proxy.host, proxy.port), timeout=PATIENCE_SECONDS)
