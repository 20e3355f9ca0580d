"""Two proxies with one store: a retry is known whichever of them it reaches, and after a `kill -9`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from asking import until
from end_to_end.store.conftest import Pair
from faulty.clients import Client
from faulty.gateway import lines_with

pytestmark = pytest.mark.slow


def test_one_payment_whichever_proxy_is_asked(pair: Pair) -> None:
    one = pair.ask(0, "twice", key="a key")
    assert one.video
    assert pair.ask(1, "twice", key="a key").video == one.video
    assert pair.ask(1, "other", key="a key").code == "idempotency_key_reuse"
    first = pair.ask(0, "delivered")
    assert pair.ask(1, "delivered", retry=1).video == first.video
    assert pair.ask(1, "delivered").video != first.video  # without a count it is another wish
    assert [len(pair.account.made(prompt)) for prompt in ("twice", "delivered")] == [1, 2]
    with ThreadPoolExecutor() as pool:
        waiting = pair.begun(pool, "in flight")
        retry = pool.submit(pair.ask, 1, "in flight", 1)
        pair.account.release()
        assert waiting.result().video == retry.result().video != ""
    assert len(pair.account.made("in flight")) == 1
    with Client(pair.proxies[1].base_url) as user:
        assert user.videos.poll(one.video, poll_interval_ms=10).status == "completed"
    assert "p4ss" not in "".join(proxy.log for proxy in pair.proxies)


def test_what_a_killed_proxy_had_sent_is_never_sent_again(pair: Pair) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pair.begun(pool, "killed")
        keyed = pair.begun(pool, "killed with a key", key="a key")
        pair.proxies[0].kill()
        assert waiting.result().code == keyed.result().code == "APIConnectionError"
        pair.account.release()
        pair.proxies[0] = pair.start()
        retries = [
            pool.submit(pair.ask, number, prompt, 1, **more)
            for prompt, more in (("killed", {}), ("killed with a key", {"key": "a key"}))
            for number in (0, 1)
        ]
        got = [retry.result() for retry in retries]
    assert [(each.status, each.code, each.stopped) for each in got] == [(502, "outcome_unknown", True)] * 4
    assert [len(pair.account.made(prompt)) for prompt in ("killed", "killed with a key")] == [1, 1]
    log = "\n".join(proxy.log for proxy in pair.proxies)
    assert len(lines_with(log, "OUTCOME UNKNOWN", "has died")) == 2
    assert pair.ask(1, "killed", key="insists").video


def test_a_store_that_is_away_stops_creates_and_nothing_else(pair: Pair) -> None:
    if pair.redis is None:
        return  # a file does not go away
    known = pair.ask(0, "known")
    pair.redis.pause()
    refused = pair.ask(0, "away")
    assert (refused.status, refused.code) == (503, "store_unavailable")
    with Client(pair.proxies[1].base_url) as user:
        assert user.videos.poll(known.video, poll_interval_ms=10).status == "completed"
        assert user.videos.download_content(known.video).content
        user.videos.delete(known.video)
    pair.redis.go_on()
    until(lambda: pair.ask(0, "back").video or None, "a video")
    assert pair.account.made("away") == []
    assert len(pair.account.made("back")) == 1
    assert lines_with(pair.proxies[0].log, "the store cannot be reached")
    assert lines_with(pair.proxies[0].log, "the store is back")


def test_a_restart_forgets_nothing(pair: Pair) -> None:
    before = pair.ask(0, "before", key="a key")
    for proxy in pair.proxies:
        proxy.kill()
    if pair.redis is not None:
        pair.redis.kill()
        pair.redis.start()
    pair.proxies[:] = [pair.start(), pair.start()]
    assert pair.ask(1, "before", key="a key").video == before.video
    assert pair.ask(0, "before", retry=1).video
    assert len(pair.account.made("before")) == 2
