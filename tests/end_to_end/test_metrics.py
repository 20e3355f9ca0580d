"""`/runway/metrics` of the real mitmdump: for whom it is, and what it says after a video."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator

import httpx
import pytest

from asking import error_of, finished, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import KEY, SandboxServer
from unit.observe.test_metrics import Scraped

TOKENS = {"APP": "tok-of-the-app", "WEB": "tok-of-the-web", "ADMIN": "tok-of-the-operator-0123456789"}
CONF = """
runway_admin: env.ADMIN
runway_callers:
  - {name: app, value: env.APP}
  - {name: web, value: env.WEB}
"""
PATH = "/runway/metrics"


@pytest.fixture(scope="module")
def team(folder: Folders, sandbox_server: SandboxServer) -> Iterator[Proxy]:
    with Proxy(folder(), conf=CONF, env=TOKENS, **sandbox_server.options()) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(scope="module")
def app(team: Proxy) -> Iterator[httpx.Client]:
    with web(team.url, headers={"authorization": f"Bearer {TOKENS['APP']}"}) as found:
        yield found


def scrape(http: httpx.Client, **headers: str) -> Scraped:
    answer = http.get(PATH, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return Scraped(answer.text)


def test_a_video_is_in_the_numbers(team: Proxy, app: httpx.Client) -> None:
    created = app.post("/v1/videos", json={"prompt": "a secret wish", "model": "sora-2"})
    video = finished(app, created.json()["id"])
    content = app.get(f"/v1/videos/{video['id']}/content").content
    with web(team.url) as local:
        found = scrape(local)
    whose = {"caller": "app", "key": "only", "model": "seedance2_mini"}
    assert found("runway_creates_total", **whose, outcome="made") == 1
    assert found("runway_videos_ended_total", **whose, status="completed") == 1
    assert (found("runway_credits_total", **whose, kind="final") or 0) > 0
    assert found("runway_upstream_seconds_count", call="create", status="2xx") == 1
    assert found("runway_downloads_total") == 1
    assert found("runway_downloads_in_flight") == 0
    assert found("runway_download_bytes_total") == len(content)
    assert (found("process_resident_memory_bytes") or 1) > 0
    for secret in ("secret wish", video["id"], *TOKENS.values(), KEY):
        assert secret not in found.text


def test_a_caller_gets_its_own_numbers(team: Proxy, app: httpx.Client) -> None:
    with web(team.url, headers={"api-key": TOKENS["WEB"]}) as other:
        error_of(other.get("/v1/videos/video_68"), 404)
    own = scrape(app)
    assert own.names() >= {"runway_creates", "runway_credits"}
    assert 'caller="web"' not in own.text
    assert own("runway_ready") is None


def test_the_operator_gets_all_numbers_from_elsewhere(team: Proxy, app: httpx.Client) -> None:
    error_of(app.get("/v1/videos/video_68"), 404)
    bearer = {"authorization": f"Bearer {TOKENS['ADMIN']}", "x-forwarded-for": "198.51.100.7"}
    with web(team.url, headers=bearer) as operator:
        found = scrape(operator)
    assert found("runway_key_weight", key="only") == 1
    assert 'caller="app"' in found.text


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer of-nobody"},
        {"x-forwarded-for": "198.51.100.7"},
        {"host": "videos.example"},
        {"via": "1.1 balancer"},
    ],
)
def test_the_numbers_are_not_for_strangers(team: Proxy, headers: dict[str, str]) -> None:
    with web(team.url, headers=headers) as stranger:
        error_of(stranger.get(PATH), 401)


@pytest.mark.slow
def test_without_the_package_it_says_how_to_get_it(folder: Folders, sandbox_server: SandboxServer) -> None:
    made = folder()
    (made / "absent").mkdir()
    (made / "absent" / "prometheus_client.py").write_text("raise ImportError('not installed')\n")
    env = {"PYTHONPATH": str(made / "absent")}
    with Proxy(made, env=env, **sandbox_server.options()) as proxy, web(proxy.url) as local:
        assert "pip install 'prometheus-client" in error_of(local.get(PATH), 501)["message"]
        assert local.get("/runway/healthz").status_code == 200
        assert "refused" not in proxy.log


def test_each_keys_balance_is_told_at_the_start_and_in_the_numbers(folder: Folders) -> None:
    with SandboxServer() as sandbox:
        sandbox.ask(lambda box: box.organisations["only"].made.update(seedance2=deque([time.time()])))
        sandbox.ask(lambda box: setattr(box.organisations["only"], "daily", 20))
        with Proxy(folder(), **sandbox.options()) as proxy, web(proxy.url) as local:
            proxy.wait_for(r"key only: 1,000,000 credits, seedance2 1 of 20 today$")
            local.post("/v1/videos", json={"prompt": "a boat", "model": "sora-2", "seconds": "4"})
            found = scrape(local)
            assert found("runway_key_balance_credits", key="only") == 1_000_000 - 64
            assert found("runway_key_daily_limit", key="only", model="gen4.5") == 20
            whole(proxy)
        assert len(sandbox.seen("GET", "/v1/organization")) == 1


def test_a_key_that_runway_refuses_is_said_and_starts_all_the_same(folder: Folders) -> None:
    with SandboxServer() as sandbox:
        options = sandbox.options() | {"runway_keys": '{"name": "a", "value": "key_of_nobody_at_all"}'}
        with Proxy(folder(), **options) as proxy, web(proxy.url) as local:
            proxy.wait_for("key a: Runway does not say what credits it has: HTTP 401 Incorrect API key")
            assert local.get("/runway/readyz").status_code == 200
            assert "key_of_nobody" not in proxy.log
