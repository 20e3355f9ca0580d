"""The guide's `/api/providers`, on a proxy that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from asking import error_of, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

ADMIN = {"Authorization": "Bearer operator-0123456789"}
APP = {"Authorization": "Bearer token-of-the-app-1"}


def test_keys_are_changed_with_the_operators_token_alone_and_no_flow_shows_one(
    folder: Folders, tmp_path: Path
) -> None:
    kept = tmp_path / "flows"
    with SandboxServer({"key_of_a_hush": "a", "key_of_b_hush": "b"}) as runway:
        env = {"ADMIN": "operator-0123456789", "A": "key_of_a_hush", "B": "key_of_b_hush"}
        options = {
            **runway.options(),
            "runway_keys": '{"name": "a", "value": "env.A"}',
            "runway_callers": '{"name": "app", "value": "token-of-the-app-1"}',
            "runway_admin": "env.ADMIN",
            "save_stream_file": kept,
        }
        posted = {
            "provider": "runway",
            "keys": [
                {"name": "b", "value": "key_of_b_hush", "models": ["*"], "weight": 1.0},
                {"name": "c", "value": "env.B", "models": ["none*"], "weight": 0},
            ],
        }
        with Proxy(folder(), env=env, **options) as proxy, web(proxy.url) as calls:
            for headers in ({}, APP, {"Authorization": "Bearer operator"}):
                for method in ("GET", "POST", "PUT", "DELETE"):
                    answer = calls.request(method, "/api/providers", headers=headers, json=posted)
                    assert error_of(answer, 401)["code"] == "admin_required"
            assert error_of(calls.post("/v1/videos", headers=ADMIN, json={"prompt": "x"}), 401)
            shown = calls.post("/api/providers", headers=ADMIN, json=posted)
            assert [key["name"] for key in shown.json()["keys"]] == ["a", "b", "c"]
            assert calls.delete("/api/providers?key=a", headers=ADMIN).status_code == 200
            made = calls.post("/v1/videos", headers=APP, json={"prompt": "by another key"}).json()["id"]
            assert calls.get(f"/v1/videos/{made}", headers=APP).status_code == 200
            assert ", key b, " in proxy.wait_for("created: .*")[0]
            assert calls.patch("/api/providers", headers=ADMIN).status_code == 405
            assert "***" in calls.get("/api/providers/runway", headers=ADMIN).text
            whole(proxy)
        assert "hush" not in proxy.log
        flows = kept.read_bytes()
        assert b"/api/providers" in flows
        for secret in (b"hush", b"operator-0123", b"token-of-the-app"):
            assert secret not in flows
