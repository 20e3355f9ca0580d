"""runway_callers: a token decides, for every operation, and a video belongs to its caller."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import openai
import pytest

from asking import check_video, client, error_of, finished, web
from end_to_end.conftest import Folders, whole
from origins import Origin
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = [pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"), pytest.mark.slow]

TOKENS = {"app-1": "token-of-app-1", "app-2": "token-of-app-2", "poor": "token-of-poor"}
CONF = """
runway_callers:
  - {name: app-1, value: env.APP_1_TOKEN}
  - {name: app-2, value: token-of-app-2}
  - {name: poor, value: file.poor.token, videos_per_day: 1, models: [sora-2]}
"""


@pytest.fixture(scope="module")
def gated(folder: Folders, sandbox_server: SandboxServer, origin: Origin) -> Iterator[Proxy]:
    working_directory = folder()
    (working_directory / "poor.token").write_text(TOKENS["poor"] + "\n")
    with Proxy(
        working_directory,
        conf=CONF,
        env={"APP_1_TOKEN": TOKENS["app-1"]},
        runway_hosts=["api.openai.com", "127.0.0.1"],
        runway_fallback=origin.url,
        runway_forward=True,
        **sandbox_server.options(),
    ) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(scope="module")
def calls(gated: Proxy) -> Iterator[httpx.Client]:
    with web(gated.url) as calls:
        yield calls


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[name]}"}


@pytest.fixture(scope="module")
def video(calls: httpx.Client) -> str:
    """A finished video of app-1."""
    made = calls.post("/v1/videos", json={"prompt": "app-1's"}, headers=bearer("app-1"))
    video_id: str = check_video(made.json())["id"]
    finished(calls, video_id, headers=bearer("app-1"))
    return video_id


OPERATIONS = [
    ("POST", "/v1/videos"),
    ("GET", "/v1/videos"),
    ("GET", "/v1/videos/{id}"),
    ("GET", "/v1/videos/{id}/content"),
    ("DELETE", "/v1/videos/{id}"),
    ("POST", "/v1/videos/{id}/remix"),
    ("POST", "/v1/videos/edits"),
    ("POST", "/v1/videos/extensions"),
    ("POST", "/v1/videos/characters"),
    ("GET", "/v1/videos/abc"),
    ("PUT", "/v1/videos"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer sk-wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic dG9rZW4tb2YtYXBwLTE6"},
        {"Authorization": "Bearer token-of-app-1x"},
        {"Authorization": "Bearer TOKEN-OF-APP-1"},
        {"api-key": "wrong"},
        {"Cookie": "token-of-app-1"},
    ],
    ids=["none", "wrong", "empty", "basic", "longer", "upper", "api-key", "cookie"],
)
def test_call_without_a_known_token_is_refused(
    calls: httpx.Client,
    sandbox_server: SandboxServer,
    video: str,
    method: str,
    path: str,
    headers: dict[str, str],
) -> None:
    before = len(sandbox_server.seen())
    body = {"prompt": "no token"} if method == "POST" else None
    answer = calls.request(method, path.replace("{id}", video), headers=headers, json=body)
    error = error_of(answer, 401)
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_api_key")
    assert "Authorization: Bearer" in error["message"]
    assert len(sandbox_server.seen()) == before


def test_the_client_gets_its_own_exception(gated: Proxy) -> None:
    with client(gated.base_url, "sk-wrong") as app, pytest.raises(openai.AuthenticationError):
        app.videos.create(prompt="wrong key")


def test_client_with_a_token_creates_downloads_and_deletes(
    gated: Proxy, sandbox_server: SandboxServer
) -> None:
    with client(gated.base_url, TOKENS["app-1"]) as app:
        video = app.videos.create_and_poll(prompt="with a token", poll_interval_ms=50)
        assert app.videos.download_content(video.id).read() == sandbox_server.sandbox.clips[True].read()
        assert app.videos.delete(video.id).deleted is True


def test_a_caller_with_limits_is_told_why_and_not_tried_again(
    gated: Proxy, calls: httpx.Client, sandbox_server: SandboxServer
) -> None:
    with client(gated.base_url, TOKENS["poor"]) as app:
        app.videos.create(prompt="the poor one's")
        before = len(sandbox_server.seen("POST"))
        with pytest.raises(openai.RateLimitError) as caught:
            app.videos.create(prompt="one too many")
        with pytest.raises(openai.PermissionDeniedError) as forbidden:
            app.videos.create(prompt="the wrong one", model="sora-2-pro")
        assert len(sandbox_server.seen("POST")) == before
    assert caught.value.code == "insufficient_quota"
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 86_400
    assert forbidden.value.code == "model_not_allowed"
    for own in (calls.get, calls.head):  # a HEAD is none of the path's methods
        answer = own("/runway/usage", headers=bearer("poor"))
        assert answer.status_code == (200 if own == calls.get else 405)
    used = calls.get("/runway/usage", headers=bearer("poor")).json()
    assert (used["caller"], used["videos"], used["videos_per_day"]) == ("poor", 1, 1)
    assert error_of(calls.get("/runway/usage", headers={"api-key": "x"}), 401)["code"] == "invalid_api_key"
    everybody = calls.get("/runway/usage").json()["data"]
    assert used in everybody


def test_token_in_the_api_key_header_is_accepted(calls: httpx.Client, video: str) -> None:
    # As Azure's clients send it; a second header that is not ours does no harm.
    for headers in ({"api-key": TOKENS["app-1"]}, {"api-key": TOKENS["app-1"], "Authorization": "Bearer x"}):
        assert calls.get(f"/v1/videos/{video}", headers=headers).status_code == 200


def test_relayed_request_with_a_token_is_served(calls: httpx.Client, video: str) -> None:
    headers = {
        **bearer("app-1"),
        "X-Forwarded-For": "192.0.2.1",
        "Via": "1.1 lb",
        "Origin": "https://a.example",
    }
    assert calls.get(f"/v1/videos/{video}", headers=headers).status_code == 200


@pytest.mark.parametrize(("method", "path"), [each for each in OPERATIONS if "{id}" in each[1]])
def test_anothers_video_is_an_unknown_one(
    calls: httpx.Client, sandbox_server: SandboxServer, video: str, method: str, path: str
) -> None:
    def ask(video_id: str) -> httpx.Response:
        body = {"prompt": "again"} if method == "POST" else None
        return calls.request(method, path.replace("{id}", video_id), headers=bearer("app-2"), json=body)

    before = len(sandbox_server.seen())
    # Of the same key, as far as anybody can see, and sealed by nobody.
    unknown = video[:60] + ("A" if video[60] != "A" else "B") + video[61:]
    theirs, none = ask(video), ask(unknown)
    assert theirs.status_code == none.status_code == 404
    assert theirs.text.replace(video, "ID") == none.text.replace(unknown, "ID")
    assert theirs.headers.keys() == none.headers.keys()
    assert len(sandbox_server.seen()) == before
    # And it is still there.
    assert calls.get(f"/v1/videos/{video}", headers=bearer("app-1")).json()["status"] == "completed"


def test_callers_tokens_reach_neither_the_fallback_nor_runway(
    gated: Proxy, calls: httpx.Client, origin: Origin, sandbox_server: SandboxServer
) -> None:
    token = bearer("app-1")
    assert calls.get("/v1/models?with-token", headers=token).status_code == 200
    assert calls.get("/v1/models?with-token", headers={"api-key": TOKENS["app-2"]}).status_code == 200
    mine = {"Authorization": "Bearer sk-real", "api-key": TOKENS["app-1"]}
    assert calls.get("/v1/models?with-token", headers=mine).status_code == 200
    with httpx.Client(proxy=gated.url, trust_env=False) as forward:
        through = token | {"Proxy-Authorization": f"Bearer {TOKENS['app-2']}"}
        assert forward.get(f"{origin.url}/v1/models?with-token", headers=through).status_code == 200
        body = {"prompt": "not ours", "model": "their-model"}
        theirs = forward.post(f"{origin.url}/v1/videos?with-token", headers=through, json=body)
        assert theirs.json()["origin"] is True
        assert forward.get(f"{origin.url}/v1/videos/abc?with-token", headers=through).json()["origin"] is True
    asked = [each for each in origin.requests if "with-token" in each.path]
    assert len(asked) == 6
    sent = json.dumps([each.headers for each in asked]) + json.dumps(
        [each.headers for each in sandbox_server.seen()]
    )
    assert "token-of-app" not in sent
    assert asked[2].headers["authorization"] == "Bearer sk-real"


def test_a_token_that_is_sent_twice_goes_nowhere(gated: Proxy, origin: Origin) -> None:
    twice = [("Authorization", f"Bearer {TOKENS['app-1']}"), ("Authorization", "Bearer sk-other")]
    with httpx.Client(proxy=gated.url, trust_env=False) as forward:
        through = [*twice, ("Proxy-Authorization", f"Bearer {TOKENS['app-1']}")]
        assert forward.get(f"{origin.url}/v1/models?twice", headers=through).status_code == 200
    (asked,) = origin.asked("/v1/models?twice")
    assert "token-of-app" not in str(asked.headers)


def test_with_callers_there_is_no_fallback_unless_it_is_named(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    options = {
        **sandbox_server.options(),
        "runway_callers": json.dumps({"name": "a", "value": "token-of-app-1"}),
    }
    with Proxy(folder(), **options) as proxy, web(proxy.url) as calls:
        error = error_of(calls.get("/v1/files", headers=bearer("app-1")), 404)
        assert "runway_fallback" in error["message"]
        made = calls.post("/v1/videos", json={"prompt": "by --set"}, headers=bearer("app-1"))
        assert made.status_code == 200
        whole(proxy)
