"""Two proxies with one store: a retry is known whichever of them it reaches, and after a `kill -9`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from asking import until
from balancers import needs_haproxy
from end_to_end.store.conftest import MODEL, Pair
from faulty import balancer, nginx
from faulty.clients import Client, Got, create
from faulty.gateway import lines_with
from faulty.pair import CALLERS, TOKEN, AnyBalancer
from redis_server import needs_redis

pytestmark = [pytest.mark.slow, pytest.mark.long]
balanced = pytest.mark.skipif(
    not (balancer.installed and nginx.installed), reason="haproxy or nginx is not installed"
)


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


@balanced
def test_what_a_killed_proxy_had_sent_is_never_sent_again(stores: Pair) -> None:
    """Whether its client waits, has hung up a moment before, or comes through a balancer."""
    pair = stores.begin(runway_callers=CALLERS)

    def through(front: AnyBalancer) -> Got:
        with Client(front.base_url, api_key=TOKEN) as user:
            return create(user, model=MODEL, prompt="balanced")

    with ThreadPoolExecutor() as pool, pair.front() as front:
        balanced = pair.held(lambda: pool.submit(through, front))
        until(lambda: any(lines_with(proxy.log, "creating:") for proxy in pair.proxies) or None, "its line")
        if lines_with(pair.proxies[1].log, "creating:"):
            pair.proxies.reverse()  # the first one has it, and is killed
        waiting = pair.begun(pool, "killed")
        keyed = pair.begun(pool, "killed with a key", key="a key")
        left = pair.begun(pool, "left", seconds=0.3)
        assert left.result().code == "APITimeoutError"
        pair.proxies[0].kill()
        assert waiting.result().code == keyed.result().code == "APIConnectionError"
        pair.account.release()
        dead, pair.proxies[0] = pair.proxies[0], pair.start()
        retries = [
            pool.submit(pair.ask, number, prompt, 1, key=key)
            for prompt, key in (("killed", None), ("left", None), ("killed with a key", "a key"))
            for number in (0, 1)
        ]
        got = [balanced.result(), *(retry.result() for retry in retries)]
    assert [(each.status, each.code, each.stopped) for each in got] == [(502, "outcome_unknown", True)] * 7
    assert got[0].tries == 2  # the first got the balancer's own 502
    prompts = ("balanced", "killed", "killed with a key", "left")
    assert [len(pair.account.made(prompt)) for prompt in prompts] == [1] * 4
    log = "\n".join(proxy.log for proxy in (dead, *pair.proxies))
    assert len(lines_with(log, "OUTCOME UNKNOWN", "has died")) == 4
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


@needs_haproxy
@pytest.mark.parametrize("stores", [pytest.param("redis", marks=needs_redis)], indirect=True)
@pytest.mark.parametrize("line", ["{ nbsrv(shared-creates) gt 0 }", ""])
def test_while_none_takes_creates_they_say_why_behind_haproxy(stores: Pair, line: str) -> None:
    """Without that condition HAProxy itself says that there is no server."""
    pair = stores.begin(runway_callers=CALLERS)
    assert pair.redis is not None
    front = pair.haproxy().instead("{ nbsrv(shared-creates) gt 0 }", line).instead("inter 1s", "inter 200ms")
    with front, Client(front.base_url, api_key=TOKEN, max_retries=0) as user:
        first = create(user, model=MODEL, prompt="before")
        pair.redis.pause()
        until(lambda: all(map(front.lost, (0, 1))) or None, "HAProxy to see it")
        refused = create(user, model=MODEL, prompt="while it is away")
        assert (refused.status, refused.code) == (503, "store_unavailable" if line else "")
        assert user.videos.retrieve(first.video).id == first.video
        pair.redis.go_on()
        until(lambda: all(map(front.has, (0, 1))) or None, "HAProxy to have them again")
        assert create(user, model=MODEL, prompt="after").video
    assert pair.account.made("while it is away") == []


@pytest.mark.parametrize("stores", [pytest.param("redis", marks=needs_redis)], indirect=True)
def test_what_is_in_flight_is_known_again_when_the_store_has_lost_it(pair: Pair) -> None:
    assert pair.redis is not None
    with Redis.from_url(pair.redis.url) as admin, ThreadPoolExecutor() as pool:
        waiting = pair.begun(pool, "in flight")
        admin.flushall()
        until(lambda: admin.keys("*:create-*") or None, "the create that is in flight")
        retry = pool.submit(pair.ask, 1, "in flight", 1)
        pair.account.release()
        assert waiting.result().video == retry.result().video != ""
    assert len(pair.account.made("in flight")) == 1
    assert lines_with(pair.proxies[0].log, "the store has lost what it held")


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
