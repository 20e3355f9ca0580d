"""Health and readiness of the real mitmdump: in every mode, for anyone, and while it ends."""

from __future__ import annotations

import json
import signal
import threading

import httpx
import pytest

from asking import until, web
from end_to_end.conftest import Folders
from faulty.accounts import Operation
from faulty.faults import Fault
from faulty.server import FaultyRunway
from origins import Origin
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

KEY = "key_of_the_health_tests"


def test_a_probe_needs_no_token(direct: httpx.Client) -> None:
    for headers in ({}, {"x-forwarded-for": "198.51.100.7", "host": "videos.example"}):
        for path, status in (("healthz", "ok"), ("readyz", "ready")):
            answer = direct.get(f"/runway/{path}", headers=headers)
            assert (answer.status_code, answer.json()) == (200, {"status": status})
            assert answer.headers["x-request-id"].startswith("req_")
            assert direct.head(f"/runway/{path}").status_code == 200


def test_other_paths_under_it_are_the_gateways(
    folder: Folders, sandbox_server: SandboxServer, origin: Origin
) -> None:
    arguments = ("--mode", f"reverse:{origin.url}")
    with Proxy(folder(), *arguments, **sandbox_server.options()) as proxy, web(proxy.url) as gateway:
        assert gateway.get("/runway/healthz").json() == {"status": "ok"}
        for method, path in (("GET", "/runway/health"), ("POST", "/runway/"), ("GET", "/healthz")):
            assert gateway.request(method, path).json()["origin"] is True


def test_without_a_key_it_is_alive_and_not_ready(folder: Folders) -> None:
    with Proxy(folder()) as proxy, web(proxy.url) as client:
        assert client.get("/runway/healthz").status_code == 200
        answer = client.get("/runway/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "no Runway key is configured")


def _unready(client: httpx.Client) -> httpx.Response | None:
    answer = client.get("/runway/readyz")
    return answer if answer.status_code == 503 else None


def test_while_it_drains_it_is_not_ready(folder: Folders) -> None:
    """On a connection that is kept: the listening socket closes at once."""
    with FaultyRunway() as runway:
        account = runway.account(KEY)
        account.plan(Operation.CREATE, Fault(holds=True))
        keys = json.dumps({"name": "a", "value": KEY})
        proxy = Proxy(folder(), runway_base_url=runway.url, runway_keys=keys)
        with proxy, web(proxy.url) as probe, web(proxy.url) as client:
            assert probe.get("/runway/readyz").status_code == 200
            made = threading.Thread(
                target=client.post, args=("/v1/videos",), kwargs={"json": {"prompt": "x"}}
            )
            made.start()
            runway.wait_seen(account, Operation.CREATE)
            proxy.child.send_signal(signal.SIGTERM)
            answer = until(lambda: _unready(probe), "a process that is not ready")
            assert answer.json() == {"status": "not ready", "reason": "the proxy is ending"}
            assert probe.get("/runway/healthz").status_code == 200
            account.release()
            made.join()
