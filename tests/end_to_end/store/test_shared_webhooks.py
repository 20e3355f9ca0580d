"""Two proxies with one store tell each end once, also when the one that made the video is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from asking import until
from end_to_end.store.conftest import Pair
from faulty.gateway import lines_with
from hooks import PATH, SECRET, Hook, event_of
from redis_server import needs_redis

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.dependencies]


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    with hook.origin:
        yield hook


def begin(stores: Pair, hook: Hook) -> Pair:
    webhook = json.dumps({"url": hook.url, "secret": "env.HOOK_SECRET"})
    return stores.begin({"HOOK_SECRET": SECRET}, runway_webhooks=[webhook])


def told(hook: Hook) -> list[str]:
    """The videos of all that came, one for each event."""
    return sorted(event_of(asked)["data"]["id"] for asked in hook.origin.requests)


@pytest.mark.parametrize("stores", [pytest.param("redis", marks=needs_redis)], indirect=True)
def test_each_end_is_told_once_and_by_the_other_where_one_is_killed(stores: Pair, hook: Hook) -> None:
    pair = begin(stores, hook)
    made = sorted(pair.ask(number % 2, f"video {number}").video for number in range(20))
    until(lambda: len(told(hook)) >= 20 or None, "20 events")
    left = sorted(pair.ask(0, f"left {number}").video for number in range(3))
    pair.proxies[0].kill()
    until(lambda: len(told(hook)) >= 23 or None, "those of the killed proxy")
    assert told(hook) == sorted(made + left)
    assert lines_with(pair.proxies[1].log, "this process tells the ends of 3 videos of one that has ended")
    log = "".join(proxy.log for proxy in pair.proxies)
    assert not any(secret in log for secret in (SECRET, PATH))


@pytest.mark.parametrize("stores", ["sqlite"], indirect=True)
def test_what_nobody_took_is_told_after_a_restart(stores: Pair, hook: Hook) -> None:
    pair = begin(stores, hook)
    hook.statuses = [500] * 100
    videos = [pair.ask(number, f"video {number}").video for number in (0, 1)]
    for video in videos:
        hook.received(video)
    pair.proxies[0].kill()
    assert pair.proxies[1].stop() == 0
    assert lines_with(pair.proxies[1].log, "are left to another process or to the next start")
    assert not lines_with(pair.proxies[1].log, "is not told")
    hook.origin.requests.clear()
    hook.statuses = []
    pair.proxies[:] = [pair.start(), pair.start()]
    until(lambda: len(told(hook)) >= 2 or None, "what was due")
    assert told(hook) == sorted(videos)
