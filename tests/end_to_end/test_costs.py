"""What a video costs, through the real proxy: in its log lines and in the headers of its answers."""

from __future__ import annotations

import httpx
import pytest

from asking import check_video, client, finished, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

HEADER = "x-runway-credits"
#: 272 credits: four seconds at 1080p. At 720p they would be 120.
LARGE = {"model": "seedance2_5", "seconds": "4", "size": "1920x1080"}


def test_a_video_says_what_it_costs_in_its_lines_and_headers(
    plain: Proxy, direct: httpx.Client, sandbox_server: SandboxServer
) -> None:
    created = direct.post("/v1/videos", json={"prompt": "to be paid", **LARGE})
    video = check_video(created.json())
    assert created.headers[HEADER] == "272"
    (task,) = (seen.made for seen in sandbox_server.creates("to be paid"))
    plain.wait_for(r"creating: seedance2_5, .*, 1920x1080, key only, about 272 credits( \[|$)")
    plain.wait_for(f"created: seedance2_5.*, about 272 credits, task {task}")
    finished(direct, video["id"])
    assert direct.get(f"/v1/videos/{video['id']}").headers[HEADER] == "272"
    ended = plain.wait_for(f"completed: seedance2_5.*{task}.*")[0]
    assert "272 credits" in ended
    assert "created by" not in ended
    assert HEADER not in direct.delete(f"/v1/videos/{video['id']}").headers
    # Nothing that Runway says of its prices is another one than is listed.
    assert "the price of" not in plain.log


def test_a_remix_costs_what_its_originals_length_does(plain: Proxy, direct: httpx.Client) -> None:
    original = {"prompt": "a boat", "model": "gen4.5", "seconds": "8"}
    video = direct.post("/v1/videos", json=original).json()["id"]
    finished(direct, video)
    remix = direct.post(f"/v1/videos/{video}/remix", json={"prompt": "in the rain"})
    assert remix.headers[HEADER] == "224"
    plain.wait_for(r"creating: .*aleph2.*, about 224 credits( \[|$)")
    assert "the price of" not in plain.log


def test_a_video_that_failed_costs_nothing(direct: httpx.Client) -> None:
    video = direct.post("/v1/videos", json={"prompt": "[fail]", **LARGE}).json()["id"]
    finished(direct, video)
    assert direct.get(f"/v1/videos/{video}").headers[HEADER] == "0"


def test_another_process_says_that_it_did_not_create_the_video(
    plain: Proxy, folder: Folders, sandbox_server: SandboxServer
) -> None:
    """As after a restart: the cost comes from the task that Runway gives."""
    with client(plain.base_url) as app:
        video = app.videos.create_and_poll(
            prompt="seen twice", model="seedance2_mini", seconds="4", size="1280x720", poll_interval_ms=50
        )
    with Proxy(folder(), **sandbox_server.options()) as other, web(other.url) as calls:
        answer = calls.get(f"/v1/videos/{video.id}")
        assert (answer.json()["status"], answer.headers[HEADER]) == ("completed", "64")
        other.wait_for(r"completed: seedance2_mini, .*, 64 credits, .*, created by another process( \[|$)")
        whole(other)
