"""Several organisations' keys: new videos are spread by weight, each video stays with its key."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from asking import check_video, client, error_of, finished, web
from end_to_end.conftest import Folders, whole
from far_ends import PasswordProxy
from running import Proxy
from sandbox_server import KEY, SandboxServer

pytestmark = [pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"), pytest.mark.slow]

KEYS = {f"value_of_{name.replace('-', '_')}": name for name in ("team-a", "team-b", "veo", "old")}
CONF = """
runway_poll_seconds: 0
runway_keys:
  - {name: team-a, value: env.TEAM_A, models: ["seedance*", "gen*"], weight: 3}
  - {name: team-b, value: env.TEAM_B, models: ["seedance*", "gen*"], weight: 1.0}
  - name: veo
    value: value_of_veo
    models: ["veo3*"]
  - {name: old, value: env.OLD, weight: 0}
  - {name: nobody, value: env.NO_SUCH_VARIABLE, weight: 5}
"""
ENV = {"TEAM_A": "value_of_team_a", "TEAM_B": "value_of_team_b", "OLD": "value_of_old"}


@pytest.fixture(scope="module")
def teams() -> Iterator[SandboxServer]:
    with SandboxServer(KEYS) as teams:
        yield teams


@pytest.fixture(scope="module")
def several(folder: Folders, teams: SandboxServer) -> Iterator[Proxy]:
    with Proxy(folder(), conf=CONF, env=ENV, runway_base_url=teams.url) as proxy:
        yield proxy
        whole(proxy)


@pytest.fixture(scope="module")
def calls(several: Proxy) -> Iterator[httpx.Client]:
    with web(several.url) as calls:
        yield calls


def makers(teams: SandboxServer, prompt: str) -> list[str | None]:
    """The organisations of the creates with this prompt."""
    return [each.organisation for each in teams.creates(prompt)]


def test_the_start_tells_names_and_weights(several: Proxy) -> None:
    line = several.wait_for(r"keys: .*")[0]
    for part in ("team-a (weight 3", "team-b (weight 1", "veo (weight 1", "models veo3*", "old (weight 0"):
        assert part in line
    assert "nobody" not in line


def test_a_missing_variable_is_named_at_the_start(several: Proxy) -> None:
    assert several.wait_for("NO_SUCH_VARIABLE")[0]
    line = next(line for line in several.lines if "NO_SUCH_VARIABLE" in line)
    assert "nobody" in line
    assert "not set" in line


def test_new_videos_are_spread_by_weight(calls: httpx.Client, teams: SandboxServer) -> None:
    for _ in range(12):
        assert calls.post("/v1/videos", json={"prompt": "spread"}).status_code == 200
    found = makers(teams, "spread")
    assert Counter(found) == {"team-a": 9, "team-b": 3}
    # Evenly, too: every four have their three and one.
    for start in range(0, 12, 4):
        assert Counter(found[start : start + 4]) == {"team-a": 3, "team-b": 1}


def test_model_patterns_choose_the_key(calls: httpx.Client, teams: SandboxServer) -> None:
    for _ in range(3):
        calls.post("/v1/videos", json={"prompt": "by pattern", "model": "runway/veo3.1"})
    assert set(makers(teams, "by pattern")) == {"veo"}


def test_model_that_no_key_may_take_is_refused(calls: httpx.Client, teams: SandboxServer) -> None:
    before = teams.made()
    error = error_of(calls.post("/v1/videos", json={"prompt": "none", "model": "runway/wan3"}), 403)
    assert (error["code"], error["param"]) == ("model_not_available", "model")
    assert teams.made() == before


def test_everything_about_a_video_goes_through_its_key(calls: httpx.Client, teams: SandboxServer) -> None:
    ids = [calls.post("/v1/videos", json={"prompt": "affinity"}).json()["id"] for _ in range(8)]
    tasks = {each.made: each.organisation for each in teams.creates("affinity")}
    assert set(tasks.values()) == {"team-a", "team-b"}
    for video_id in ids:
        assert finished(calls, video_id)["status"] == "completed"
        assert calls.get(f"/v1/videos/{video_id}/content").status_code == 200
        assert calls.delete(f"/v1/videos/{video_id}").status_code == 200
    asked = [each for each in teams.seen(path="/v1/tasks/") if each.path.rpartition("/")[2] in tasks]
    assert Counter(each.method for each in asked)["DELETE"] == 8
    for each in asked:
        assert each.organisation == tasks[each.path.rpartition("/")[2]]
        assert each.status in (200, 204)


def test_a_key_without_weight_serves_what_it_made(
    folder: Folders, teams: SandboxServer, calls: httpx.Client
) -> None:
    # Another process, where the key still had weight: the ids are good in both.
    key = json.dumps({"name": "old", "value": "env.OLD"})
    options: dict[str, Any] = {"runway_base_url": teams.url, "runway_poll_seconds": 0}
    with Proxy(folder(), env=ENV, runway_keys=key, **options) as before, web(before.url) as earlier:
        made = check_video(earlier.post("/v1/videos", json={"prompt": "of old"}).json())
        lost = check_video(calls.post("/v1/videos", json={"prompt": "of the others"}).json())
        # What the other process cannot know, and does not need: prompt.
        status = finished(calls, made["id"])
        for name in ("id", "model", "seconds", "size", "created_at"):
            assert status[name] == made[name]
        assert calls.get(f"/v1/videos/{made['id']}/content").status_code == 200
        # The other way round the key is not there: as unknown as any id, and the log says why.
        answer = earlier.get(f"/v1/videos/{lost['id']}")
        assert error_of(answer, 404)["code"] == "not_found"
        before.wait_for(r"hash [0-9a-f]{8}")
        whole(before)
    assert set(makers(teams, "of old")) == {"old"}


def test_one_key_from_the_environment(folder: Folders, sandbox_server: SandboxServer) -> None:
    # The first of the two variables counts where both are set.
    env = {"RUNWAY_API_KEY": KEY, "RUNWAYML_API_SECRET": "another"}
    with Proxy(folder(), env=env, runway_base_url=sandbox_server.url) as proxy, web(proxy.url) as one:
        assert one.post("/v1/videos", json={"prompt": "by a variable"}).status_code == 200
        proxy.wait_for(r"keys: default \(weight 1")
        whole(proxy)
    assert makers(sandbox_server, "by a variable") == ["only"]


def test_create_without_a_key_is_a_503(folder: Folders) -> None:
    with Proxy(folder()) as proxy:
        proxy.wait_for(r"no Runway key: video creates answer 503; set RUNWAY_API_KEY or runway_keys")
        with web(proxy.url) as one:
            answer = one.post("/v1/videos", json={"prompt": "no key"})
            error = error_of(answer, 503)
            assert error["code"] == "no_runway_key"
            for name in ("RUNWAY_API_KEY", "runway_keys"):
                assert name in error["message"]
            assert answer.headers["x-should-retry"] == "false"
            # What cannot work is refused for what it is, and an unknown video is unknown.
            assert error_of(one.post("/v1/videos", json={}), 400)["param"] == "prompt"
            assert one.get("/v1/videos/video_rw_x").status_code == 404
        with client(proxy.base_url) as app, pytest.raises(openai.InternalServerError, match="RUNWAY_API_KEY"):
            app.videos.create(prompt="no key either")
        whole(proxy)


def make_and_download(one: httpx.Client, prompt: str, sandbox_server: SandboxServer) -> None:
    """A video from its create to its bytes."""
    made = one.post("/v1/videos", json={"prompt": prompt}).json()
    finished(one, made["id"])
    content = one.get(f"/v1/videos/{made['id']}/content")
    assert content.content == sandbox_server.sandbox.clips[True].read()


def test_an_outbound_proxy_and_none_from_the_environment(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    """`runway_proxy` carries the calls and the bytes; HTTPS_PROXY and its like never do."""
    # Nobody listens there: a call that went by it would fail.
    env = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"), "http://127.0.0.1:9")
    with Proxy(folder(), env=env, runway_fallback="none", flow_detail=1) as outbound:
        options = {**sandbox_server.options(), "runway_proxy": outbound.url}
        with Proxy(folder(), env=env, **options) as proxy, web(proxy.url) as one:
            make_and_download(one, "by an outbound proxy", sandbox_server)
            whole(proxy)
        for path in ("/v1/text_to_video", "/v1/tasks/", "/outputs/"):
            outbound.wait_for(path)


def test_an_outbound_proxy_with_a_password(folder: Folders, sandbox_server: SandboxServer) -> None:
    """Calls and bytes go by it, with the password; nobody else is told that."""
    with PasswordProxy("user", "a:p@ss word") as outbound:
        env = {"OUTBOUND": f"http://user:a%3Ap%40ss%20word@{outbound.address}"}
        options = {**sandbox_server.options(), "runway_proxy": "env.OUTBOUND"}
        with Proxy(folder(), env=env, **options) as proxy, web(proxy.url) as one:
            make_and_download(one, "by a proxy with a password", sandbox_server)
            whole(proxy)
        (create,) = sandbox_server.creates("by a proxy with a password")
        assert "proxy-authorization" not in create.headers
        assert {each.method for each in outbound.requests} >= {"POST", "GET", "CONNECT"}
