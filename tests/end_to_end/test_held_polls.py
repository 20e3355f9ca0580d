"""`Prefer: wait=N` through the proxy, with the stock client and on the wire."""

from __future__ import annotations

import httpx
import pytest

from asking import check_video, client, finished
from running import Proxy

HOLD = {"Prefer": "wait=60"}


def test_the_stock_client_is_told_of_changes_alone(plain: Proxy) -> None:
    user = client(plain.base_url)
    video = user.videos.create(prompt="[slow] told when it changes")
    states = [(video.status, video.progress)]
    while states[-1][0] != "completed":
        answer = user.videos.with_raw_response.retrieve(video.id, extra_headers=HOLD)
        assert answer.headers["preference-applied"] == "wait=60"
        video = answer.parse()
        states.append((video.status, video.progress))
    assert len(set(states)) == len(states) >= 3
    assert [progress for _, progress in states] == sorted(progress for _, progress in states)


def test_create_and_poll_is_held_where_the_client_asks_for_it_always(plain: Proxy) -> None:
    user = client(plain.base_url, default_headers=HOLD)
    video = user.videos.create_and_poll(prompt="[slow] held by default", poll_interval_ms=1)
    assert video.status == "completed"


def test_a_finished_video_is_answered_at_once(direct: httpx.Client) -> None:
    made = direct.post("/v1/videos", json={"prompt": "done already"}).json()["id"]
    finished(direct, made)
    answer = direct.get(f"/v1/videos/{made}", headers=HOLD)
    assert check_video(answer.json())["status"] == "completed"
    assert answer.headers["preference-applied"] == "wait=60"


@pytest.mark.parametrize("wait", ["", "wait=x"])
def test_without_a_wait_nothing_is_held(direct: httpx.Client, wait: str) -> None:
    made = direct.post("/v1/videos", json={"prompt": "[slow] not held"}).json()["id"]
    first = direct.get(f"/v1/videos/{made}", headers={"Prefer": wait})
    assert "preference-applied" not in first.headers
    assert first.json()["status"] == "queued"
