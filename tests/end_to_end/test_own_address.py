"""The proxy spoken to as a server, beside `/v1/videos`; and AzureOpenAI, whose base URL is another one."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest

from asking import error_of, free_port, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = [pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"), pytest.mark.slow]

CALLER = '{"name": "app", "value": "token-of-app"}'


@pytest.fixture(scope="module")
def proxy(folder: Folders, sandbox_server: SandboxServer) -> Iterator[Proxy]:
    """With a fallback at which nobody listens."""
    options = {**sandbox_server.options(), "runway_callers": CALLER, "runway_forward": True}
    with Proxy(folder(), runway_fallback=f"http://127.0.0.1:{free_port()}", **options) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(scope="module")
def calls(proxy: Proxy) -> Iterator[httpx.Client]:
    with web(proxy.url, headers={"Authorization": "Bearer token-of-app"}) as calls:
        yield calls


def test_it_says_what_it_is(proxy: Proxy, calls: httpx.Client) -> None:
    text = calls.get("/").text
    assert f"{proxy.url}/v1 " in text
    assert "runway_fallback" in text
    assert calls.get("/", headers={"Accept": "text/html"}).text.startswith("<!doctype html>")
    assert calls.head("/").status_code == 200
    error_of(calls.get("/", headers={"Authorization": "Bearer no"}), 401)
    proxy.wait_for(r"other calls to the proxy itself: go to http://127\.0\.0\.1:\d+ \(runway_fallback\)")


def test_a_path_that_misses_is_told_the_right_one(calls: httpx.Client) -> None:
    for path in ("/videos", "/v1/video", "/v1/v1/videos", "/api/v1/videos"):
        assert "it is /v1/videos:" in error_of(calls.post(path, json={"prompt": "a fox"}), 404)["message"]
    error = error_of(calls.post("/api/providers", json={"key": "key_hush"}), 404)
    assert error["code"] == "admin_not_configured"


def test_a_fallback_that_does_not_answer_is_named(proxy: Proxy, calls: httpx.Client) -> None:
    for _ in range(2):  # the connection goes on
        answer = calls.post("/v1/chat/completions?q=1", json={"model": "gpt-x"})
        error = error_of(answer, 502)
        assert error["code"] == "fallback_unavailable"
        assert "runway_fallback" in error["message"]
    assert answer.headers["x-request-id"].startswith("req_")
    proxy.wait_for(r"failed POST /v1/chat/completions from 127\.0\.0\.1, 502: .*runway_fallback.* \[req_")
    # A body that is still being sent.
    large = calls.post("/v1/files", content=iter([b"x" * 100_000] * 30))
    error_of(large, 502)
    assert calls.get("/").status_code == 200


def azure(proxy: Proxy, key: str = "token-of-app", deployment: str | None = None) -> openai.AzureOpenAI:
    return openai.AzureOpenAI(
        azure_endpoint=proxy.url,
        azure_deployment=deployment,
        api_key=key,
        api_version="preview",
        http_client=openai.DefaultHttpxClient(trust_env=False),
    )


@pytest.mark.parametrize("deployment", [None, "sora-2"])
def test_azure_openai_is_served(proxy: Proxy, sandbox_server: SandboxServer, deployment: str | None) -> None:
    with azure(proxy, deployment=deployment) as app:
        video = app.videos.create_and_poll(prompt="from azure", model="sora-2", poll_interval_ms=50)
        assert video.status == "completed"
        assert app.videos.download_content(video.id).read() == sandbox_server.sandbox.clips[True].read()
        assert video.id in [each.id for each in app.videos.list().data]
        assert app.videos.delete(video.id).deleted is True
        with pytest.raises(openai.NotFoundError) as gone:
            app.videos.retrieve(video.id)
    assert gone.value.type == "invalid_request_error"


def test_azure_openai_with_another_key_is_not(proxy: Proxy) -> None:
    with azure(proxy, "another") as app, pytest.raises(openai.AuthenticationError) as refused:
        app.videos.retrieve("video_rwx")
    assert (refused.value.type, refused.value.code) == ("invalid_request_error", "invalid_api_key")
    assert (refused.value.request_id or "").startswith("req_")
