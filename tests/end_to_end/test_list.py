"""Applications that list their videos, with the stock client."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import openai
import pytest

from asking import client, error_of, finished, web
from end_to_end.conftest import Folders, whole
from openai_schemas import check_list
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = [pytest.mark.dependencies, pytest.mark.slow]

TOKENS = {name: f"tok_of_{name}_0123456789" for name in ("walker", "lister", "other")}


@pytest.fixture(scope="module")
def team(folder: Folders, sandbox_server: SandboxServer) -> Iterator[Proxy]:
    """Each test has a caller of its own: its list is what it made."""
    callers = [json.dumps({"name": name, "value": f"env.{name}"}) for name in TOKENS]
    with Proxy(folder(), env=TOKENS, runway_callers=callers, **sandbox_server.options()) as proxy:
        yield proxy
        whole(proxy)


def app_of(team: Proxy, name: str) -> openai.OpenAI:
    return client(team.base_url, TOKENS[name])


def web_of(team: Proxy, name: str) -> httpx.Client:
    return web(team.url, headers={"Authorization": f"Bearer {TOKENS[name]}"})


def test_the_client_walks_250_videos_while_others_are_made_and_deleted(team: Proxy) -> None:
    with web_of(team, "walker") as direct, app_of(team, "walker") as app:

        def create(number: int) -> str:
            video_id: str = direct.post("/v1/videos", json={"prompt": f"walk {number}"}).json()["id"]
            return video_id

        made = [create(number) for number in range(250)]
        kept, seen = set(made), list[str]()
        for video in app.videos.list(limit=20):
            seen.append(video.id)
            if len(seen) % 20 == 10:
                create(len(seen))  # one more while a page is read
            if len(seen) % 20 == 0:
                # The one that the next page begins behind, and one that is still to come.
                for gone in (video.id, made[max(0, 245 - len(seen))]):
                    if gone in kept:
                        kept.remove(gone)
                        app.videos.delete(gone)
        assert len(seen) == len(set(seen))
        assert kept <= set(seen)
        assert len(kept) < 240


def test_a_list_is_in_openais_shape_and_of_its_caller_alone(team: Proxy) -> None:
    with web_of(team, "lister") as direct, web_of(team, "other") as other:
        assert check_list(direct.get("/v1/videos").json())["data"] == []
        first, failed = (
            direct.post("/v1/videos", json={"prompt": prompt}).json() for prompt in ("listed", "[fail]")
        )
        finished(direct, first["id"])
        finished(direct, failed["id"])
        answer = direct.get("/openai/v1/videos", params={"order": "asc", "limit": 100})
        assert answer.headers["content-type"] == "application/json"
        found = {video["id"]: video for video in check_list(answer.json())["data"]}
        assert {name: video["status"] for name, video in found.items()} == {
            first["id"]: "completed",
            failed["id"]: "failed",
        }
        assert found[first["id"]]["prompt"] == "listed"
        assert found[failed["id"]]["error"]["code"] == "INTERNAL.BAD_OUTPUT.CODE01"
        assert check_list(other.get("/v1/videos").json())["data"] == []
        error = error_of(other.get("/v1/videos", params={"after": first["id"]}), 400)
        assert error["param"] == "after"


def test_a_stranger_has_no_list(team: Proxy) -> None:
    with web(team.url) as stranger:
        assert error_of(stranger.get("/v1/videos"), 401)["code"] == "invalid_api_key"
