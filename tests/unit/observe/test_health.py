"""Health and readiness, as the service answers them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runway_videos.keys.cooldowns import KeyReport
from runway_videos.keys.pool import Key, KeyPool
from runway_videos.observe.health import Health
from runway_videos.observe.loop_lag import LoopLag
from runway_videos.openai import routes
from runway_videos.openai.messages import Answer, Call
from unit.fake_runway import ServiceHarness
from unit.observe.test_loop_lag import Timer

MODELS = ("gen4.5", "seedance2")


def call(path: str) -> Call:
    route = routes.find_own("GET", path)
    assert route is not None
    return Call(route, {}, {}, b"", "", lambda: False)


def get(harness: ServiceHarness, path: str) -> tuple[int, dict[str, Any]]:
    answer = asyncio.run(_handled(harness, path))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.status, msgspec.json.decode(answer.body)


async def _handled(harness: ServiceHarness, path: str) -> Answer:
    answer = await harness.service.handle(call(path))
    assert isinstance(answer, Answer)
    return answer


def is_open() -> str:
    return ""


def test_a_process_is_alive_and_ready_with_a_key() -> None:
    harness = ServiceHarness()
    assert get(harness, "/runway/healthz") == (200, {"status": "ok"})
    assert get(harness, "/runway/readyz") == (200, {"status": "ready"})


def test_a_process_whose_loop_is_late_is_not_healthy() -> None:
    timer = Timer()
    lag = LoopLag(lambda: timer.now, timer.later)
    lag.start()
    health = Health(lag, is_open)
    runtime = ServiceHarness().service.runtime

    def status() -> int:
        return asyncio.run(health.health(runtime, call("/runway/healthz"))).status

    timer.now += 1.4
    assert status() == 200
    timer.now += 0.2
    assert status() == 503


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ([], "no Runway key is configured"),
        ([{"name": "a", "value": "env.A", "weight": 0}], "all Runway keys have weight 0"),
    ],
)
def test_without_a_key_that_creates_it_is_not_ready(keys: list[dict[str, object]], reason: str) -> None:
    assert get(ServiceHarness(keys=keys), "/runway/readyz") == (
        503,
        {"status": "not ready", "reason": reason},
    )


def test_with_every_key_in_a_cooldown_it_is_not_ready_and_names_none() -> None:
    harness = ServiceHarness(keys=[{"name": "team-one", "value": "env.A"}, {"name": "b", "value": "env.B"}])
    pool = harness.service.runtime.pool
    pool.confirm("team-one", "gen4.5", KeyReport.NO_CREDITS, "team-one has none")
    assert get(harness, "/runway/readyz")[0] == 200
    pool.confirm("b", "gen4.5", KeyReport.UNAUTHORIZED)
    reason = "all Runway keys are in a cooldown: no credits, unauthorized"
    assert get(harness, "/runway/readyz") == (503, {"status": "not ready", "reason": reason})
    harness.now += 301
    assert get(harness, "/runway/readyz")[0] == 200


@pytest.mark.parametrize(
    ("patterns", "ready"), [(("gen4.5",), False), (("*",), True), (("brand_new",), True), (("gen4*",), False)]
)
def test_a_daily_limit_of_one_model_leaves_the_others(patterns: tuple[str, ...], ready: bool) -> None:
    pool = KeyPool([Key("a", "key_a", patterns)], lambda: 0.0)
    pool.confirm("a", "gen4.5", KeyReport.DAILY_LIMIT)
    assert (pool.why_not_ready(MODELS) == "") is ready


def test_a_process_that_ends_is_alive_and_not_ready() -> None:
    harness = ServiceHarness()

    async def drained() -> tuple[Answer, Answer]:
        await harness.service.drain(0)
        return await _handled(harness, "/runway/healthz"), await _handled(harness, "/runway/readyz")

    alive, ready = asyncio.run(drained())
    assert alive.status == 200
    assert (ready.status, b"the proxy is ending" in ready.body) == (503, True)


def test_without_the_shared_store_it_is_not_ready(tmp_path: Path) -> None:
    harness = ServiceHarness(store=f"sqlite:{tmp_path}/creates.sqlite")
    assert get(harness, "/runway/readyz")[0] == 200
    harness = ServiceHarness(store="redis://127.0.0.1:1/0")

    async def away() -> Answer:
        await harness.service.start()
        answer = await _handled(harness, "/runway/readyz")
        await harness.service.close()
        return answer

    answer = asyncio.run(away())
    assert (answer.status, b"the store is away" in answer.body) == (503, True)


def test_its_paths_are_exact() -> None:
    for path in ("/runway", "/runway/", "/runway/healthz/", "/runway/other", "/v1/runway/healthz"):
        assert routes.find_own("GET", path) is None
    found = routes.find_own("HEAD", "/runway/healthz?x=1")
    assert found is not None
    assert found.operation is routes.Operation.HEALTH
    found = routes.find_own("POST", "/runway/healthz")
    assert found is not None
    assert (found.operation, found.allow) == (routes.Operation.WRONG_METHOD, ("GET", "HEAD"))
