"""nginx's configuration promises what HAProxy's does: no create is paid twice, and what each line is for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from asking import until, web
from faulty import departures, faults, kills, nginx
from faulty.accounts import Operation
from faulty.clients import Client, create
from faulty.gateway import PICTURE
from faulty.pair import LEAVES, TOKEN, Pair
from faulty.server import VIDEO

pytestmark = [
    pytest.mark.skipif(not nginx.installed, reason="nginx is not installed"),
    pytest.mark.slow,
    pytest.mark.long,
]

BEARER = {"Authorization": f"Bearer {TOKEN}"}
ANY: dict[str, Any] = {"model": "runway/any", "prompt": "it"}


def test_a_create_whose_proxy_died_is_not_sent_to_the_other(pair: Pair) -> None:
    with pair.nginx() as front:
        found = pair.kill_during_a_create(front)
    assert found == ["video 1", "video 2", "`502`, not sent again"]
    assert (kills.BALANCED.tasks, kills.BALANCED.videos) == (1, 0)


def test_without_the_header_the_client_sends_it_again(pair: Pair) -> None:
    with pair.nginx('"~^POST 50[24] " false;') as front:
        found = pair.kill_during_a_create(front)
    assert found == ["video 1", "video 2", "video 2", "the video, on try 2"]


@pytest.mark.parametrize("buffering", ["off", "on"])
def test_nginx_itself_would_send_it_again_from_a_buffer(pair: Pair, buffering: str) -> None:
    """Two lines stand against it: with one of them gone the other still does."""
    front = pair.nginx().instead("proxy_next_upstream error;", "proxy_next_upstream error non_idempotent;")
    with front.instead("proxy_request_buffering off;", f"proxy_request_buffering {buffering};"):
        found = pair.kill_during_a_create(front)
    again = ["video 2", "the video"] if buffering == "on" else ["`502`, not sent again"]
    assert found == ["video 1", "video 2", *again]


def test_a_client_that_comes_back_finds_its_create(pair: Pair) -> None:
    with pair.nginx() as front:
        assert pair.leave_and_come_back(front) == departures.JOINED.tasks


def test_repeats_of_an_idempotency_key_meet(pair: Pair) -> None:
    with pair.nginx() as front:
        assert pair.leave_and_come_back(front, key="one-create") == departures.JOINED.tasks


def test_in_turn_it_does_not(pair: Pair) -> None:
    with pair.nginx("hash $create consistent;") as front:
        pair.account.plan(Operation.CREATE, faults.HELD, faults.HELD)
        for retry in (0, 1):
            assert pair.ask(front, retry, timeout=LEAVES).code == "APITimeoutError"
        pair.runway.wait_seen(pair.account, Operation.CREATE, 2)
    assert len(pair.account.tasks) == 2


def test_a_create_that_one_proxy_refuses_goes_to_the_other(pair: Pair) -> None:
    """A connection that was refused: nothing was sent. By several lengths, so that both would be chosen."""
    pair.proxies[0].kill()
    with pair.nginx() as front, web(front.base_url, headers=BEARER) as user:
        for length in range(1, 9):
            answer = user.post("/videos", json=ANY | {"prompt": "x" * length})
            assert answer.status_code == 200, answer.text
    assert len(pair.account.tasks) == 8


def test_where_all_refuse_the_client_may_try_again(pair: Pair) -> None:
    """Not where one of them refused, and the other one died with the create."""
    pair.proxies[0].kill()
    with pair.nginx() as front, Client(front.base_url, api_key=TOKEN) as user:
        pair.account.plan(Operation.CREATE, faults.HELD)
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(lambda: create(user, **ANY))
            pair.runway.wait_seen(pair.account, Operation.CREATE)
            pair.proxies[1].kill()
            assert (waiting.result().words, len(pair.account.tasks)) == ("`502`, not sent again", 1)
        got = create(user, **ANY)
    assert (got.status, got.tries) == (502, 3)


def test_the_proxys_own_word_on_retries_arrives_once(pair: Pair) -> None:
    pair.account.plan(Operation.CREATE, faults.CLOSE_AFTER_TASK)
    with pair.nginx() as front, web(front.base_url, headers=BEARER) as user:
        lost = user.post("/videos", json=ANY)
        assert (lost.status_code, lost.json()["error"]["code"]) == (502, "outcome_unknown")
        assert lost.headers.get_list("x-should-retry") == ["false"]
        unknown = user.get("/videos/video_rwNone")
        assert unknown.status_code == 404
        assert unknown.headers.get_list("x-should-retry") == []


def test_a_large_picture_passes_and_a_video_streams(pair: Pair) -> None:
    pair.account.plan(Operation.FILE, faults.STALL)
    with pair.nginx() as front, web(front.base_url, headers=BEARER) as user:
        files = {"input_reference": ("picture.png", PICTURE)}
        video = user.post("/videos", data=ANY, files=files).json()["id"]
        until(lambda: user.get(f"/videos/{video}").json()["status"] == "completed" or None, "the video")
        with user.stream("GET", f"/videos/{video}/content") as answer:
            # Half of it comes, while the rest is still to be sent.
            parts, had = answer.iter_raw(), 0
            while had < len(VIDEO) // 4:
                had += len(next(parts))
        part = user.get(f"/videos/{video}/content", headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, VIDEO[1000:2000])
    # Several megabytes were sent on as they came, not written to a file of nginx's.
    assert not list(pair.folder.glob("body/**/*"))
