"""mitmweb's replay of a create, through its API: no other video, unless the operator allows it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from asking import until, web
from end_to_end.conftest import Folders
from end_to_end.test_mitmweb import NOT_FORGED, Held, mitmweb
from running import Proxy

pytestmark = pytest.mark.slow

CALLER = {"runway_callers": [json.dumps({"name": "app", "value": "env.APP"})]}


def shown(flows: httpx.Client) -> dict[str, Any]:
    """The one flow that mitmweb shows, with the body of its answer."""
    (flow,) = flows.get("/flows").json()
    found: dict[str, Any] = flow
    body = flows.get(f"/flows/{flow['id']}/response/content.data")
    return found | {"answer": body.json() if body.status_code == 200 else None}


def replay(flows: httpx.Client) -> None:
    flow = shown(flows)
    answer = flows.post(f"/flows/{flow['id']}/replay", headers=NOT_FORGED)
    assert answer.status_code == 200, answer.text


def create(proxy: Proxy, flows: httpx.Client, token: str = "x") -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}"}
    with web(proxy.url, headers=headers) as calls:
        made: dict[str, Any] = calls.post("/v1/videos", json={"prompt": "once"}).json()
    until(lambda: shown(flows)["answer"], "the answer in mitmweb")
    return made


def without_times(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if "timestamp" not in name}


@pytest.mark.parametrize("more", [{}, CALLER], ids=["the local user", "a caller"])
def test_a_replayed_create_is_refused_and_its_first_answer_stays(folder: Folders, more: Any) -> None:
    env = {"RUNWAYML_API_SECRET": "key_s3cr3t", "APP": "a-token-that-is-long"}
    with mitmweb(folder, Held(), env=env, **more) as (proxy, flows, _):
        made = create(proxy, flows, "a-token-that-is-long")
        first = shown(flows)
        replay(flows)
        proxy.wait_for("create refused, (409|401)")
        after = until(lambda: one if (one := shown(flows))["answer"] else None, "the first answer again")
        assert after["answer"] == made
        assert "runway_replay" in after["comment"]
        assert after.get("is_replay") is first.get("is_replay") is None
        for part in ("request", "response"):
            assert without_times(after[part]) == without_times(first[part])
        assert proxy.log.count("creating: ") == proxy.log.count("created: ") == 1


def test_where_it_is_allowed_it_makes_another_video(folder: Folders) -> None:
    with mitmweb(folder, Held(), runway_replay=True) as (proxy, flows, _):
        create(proxy, flows)
        replay(flows)
        until(lambda: proxy.log.count("created: ") == 2 or None, "the second video")
        after = until(lambda: one if (one := shown(flows))["answer"] else None, "its answer")
        assert after["is_replay"] == "request"
        assert after["comment"].startswith("text_to_video seedance2_mini 4 s 720:1280, task ")
