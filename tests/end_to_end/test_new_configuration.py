"""mitm.conf and files of secrets change while the proxy runs."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest

from asking import web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

CONF = """
runway_base_url: {url}
runway_poll_seconds: 0
runway_keys: [{{name: only, value: file.key}}]
runway_callers:
  - {{name: app, value: file.token, videos_per_day: {videos}}}
"""


def put(path: Path, text: str) -> None:
    """As editors and secret stores write files: another one takes its place."""
    path.with_name("new").write_text(text)
    path.with_name("new").replace(path)


def folder_with_secrets(folder: Folders, sandbox_server: SandboxServer) -> tuple[Path, str]:
    """A working directory with the files that CONF names, and the key."""
    here = folder()
    (key,) = sandbox_server.keys
    (here / "key").write_text(key + "\n")
    (here / "token").write_text("token-of-app-1\n")
    return here, key


def create(calls: httpx.Client, token: str) -> httpx.Response:
    return calls.post("/v1/videos", json={"prompt": "a cat"}, headers={"Authorization": f"Bearer {token}"})


def test_files_that_change_are_taken_over_and_nobody_is_cut_off(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    here, key = folder_with_secrets(folder, sandbox_server)
    conf = CONF.format(url=sandbox_server.url, videos=1)
    with Proxy(here, conf=conf) as proxy, web(proxy.url) as calls:
        made = create(calls, "token-of-app-1").json()["id"]
        assert create(calls, "token-of-app-1").status_code == 429
        # A limit is raised: what was made before still counts. The connection goes on.
        more = CONF.format(url=sandbox_server.url, videos=2) + "runway_content: redirect\n"
        put(here / "mitm.conf", more)
        proxy.wait_for("configuration: new runway_callers, runway_content$")
        assert create(calls, "token-of-app-1").status_code == 200
        assert create(calls, "token-of-app-1").status_code == 429
        # A token is rotated.
        put(here / "token", "token-of-app-2\n")
        proxy.wait_for("configuration: new runway_callers$")
        assert create(calls, "token-of-app-1").status_code == 401
        shown = calls.get(f"/v1/videos/{made}", headers={"Authorization": "Bearer token-of-app-2"})
        assert shown.json()["id"] == made
        # A mistake is said in one line, and nothing changes.
        put(here / "mitm.conf", "listen_port: 1\nrunway_keys: [{name: only}]\n")
        proxy.wait_for("mitm.conf line 2: runway_keys: only needs a value .*; what was in force stays so$")
        # On a signal it is read at once; what is built once waits for the next start.
        put(here / "mitm.conf", conf + "runway_lean: true\n")
        proxy.child.send_signal(signal.SIGHUP)
        proxy.wait_for("mitm.conf line 7: runway_lean: takes effect when the proxy is started again")
        used = calls.get("/runway/usage", headers={"Authorization": "Bearer token-of-app-2"}).json()
        assert (used["videos"], used["videos_per_day"]) == (2, 1)
        assert key not in proxy.log
        assert "token-of-app" not in proxy.log
        whole(proxy)


def test_a_file_that_is_cut_off_before_its_callers_opens_nothing(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    here, _ = folder_with_secrets(folder, sandbox_server)
    conf = CONF.format(url=sandbox_server.url, videos=9)
    with Proxy(here, conf=conf) as proxy, web(proxy.url) as calls:
        put(here / "mitm.conf", conf.partition("runway_callers")[0])
        proxy.wait_for("mitm.conf: runway_callers: no caller is left.*; what was in force stays so$")
        assert calls.post("/v1/videos", json={"prompt": "a cat"}).status_code == 401
        put(here / "mitm.conf", CONF.format(url=sandbox_server.url, videos=8))
        proxy.wait_for("configuration: new runway_callers$")
        assert create(calls, "token-of-app-1").status_code == 200
        whole(proxy)
