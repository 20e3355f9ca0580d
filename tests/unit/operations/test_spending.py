"""Callers' limits over the whole service: what begins, what is given back, what is told."""

from __future__ import annotations

import asyncio

import pytest

from runway_videos.errors import ApiError
from runway_videos.openai import routes
from runway_videos.openai.messages import Call
from runway_videos.upstream.client import Reply, UnknownOutcomeError
from unit.config.option_values import settings_from
from unit.fake_runway import KEYS, ServiceHarness, ok
from unit.loopback import in_a_loop
from unit.operations.spending_harness import (
    DONE,
    NO_CREDITS,
    RETRY,
    caller,
    create,
    limited,
    refused,
    sums,
    usage,
)


@in_a_loop
async def test_a_caller_asks_for_its_own_numbers() -> None:
    harness = limited(models=["seedance*"], credits_per_day=500, videos_per_day=9, concurrency=2)
    await create(harness)
    assert await usage(harness) == {
        "object": "runway.usage",
        "caller": "app",
        "day": "2026-09-21",
        "resets_at": 1_790_035_200,
        "videos": 1,
        "credits": 120.0,
        "unfinished": 1,
        "videos_per_day": 9,
        "credits_per_day": 500.0,
        "concurrency": 2,
        "models": ["seedance*"],
    }
    assert await sums(harness, "other") == (0, 0.0, 0)
    assert (await usage(ServiceHarness(), ""))["caller"] is None


@in_a_loop
async def test_a_budget_counts_the_estimate_and_then_the_cost() -> None:
    harness = limited(credits_per_day=240)
    harness.runway.next["create"].append(ok({"id": "t1", "estimatedCost": {"credits": 130}}))
    harness.runway.tasks["t1"] = {"id": "t1", "status": "RUNNING"}
    harness.runway.made_with["t1"] = "a"
    video_id = await create(harness)
    error = await refused(harness)
    # What Runway said of the first is expected of the second.
    assert "130 are spent and this video takes about 130" in error.message
    assert (error.status, error.code, error.retry) == (429, "insufficient_quota", False)
    harness.runway.tasks["t1"] |= DONE
    harness.now += 10
    await harness.video("GET", f"/{video_id}", caller="app")
    await asyncio.sleep(0)
    assert await sums(harness) == (1, 100.0, 0)
    await create(harness)
    assert harness.runway.times("create") == 2


@in_a_loop
async def test_other_callers_have_budgets_of_their_own_and_tomorrow_is_another_day() -> None:
    harness = limited(videos_per_day=1)
    await create(harness)
    assert "may make 1 video a day and has made 1" in (await refused(harness)).message
    await create(harness, who="other")
    harness.now += 86_400
    await create(harness)


@in_a_loop
async def test_a_retry_is_not_counted_again() -> None:
    harness = limited(videos_per_day=1)
    first = await create(harness, gone=lambda: True)
    assert await create(harness, headers=RETRY) == first
    assert await create(harness, headers={"x-stainless-retry-count": "2"}) == first
    keyed = limited(videos_per_day=1)
    both = [create(keyed, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert len(set(await asyncio.gather(*both))) == 1
    assert await sums(keyed) == (1, 120.0, 1)


@in_a_loop
async def test_creates_at_once_are_within_the_limit_together() -> None:
    harness = limited(credits_per_day=250)
    made = await asyncio.gather(*(create(harness) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(each, str) for each in made) == 2
    assert harness.runway.times("create") == 2


@pytest.mark.parametrize(
    ("answer", "counted"),
    [(NO_CREDITS, (0, 0.0, 0)), (UnknownOutcomeError("lost"), (1, 120.0, 0)), (Reply(500), (1, 120.0, 0))],
)
@in_a_loop
async def test_what_made_nothing_is_given_back_and_an_unknown_outcome_is_spent(
    answer: Reply | Exception, counted: tuple[int, float, int]
) -> None:
    harness = limited()
    harness.runway.next["create"].append(answer)
    await refused(harness)
    assert await sums(harness) == counted


@in_a_loop
async def test_a_model_that_a_caller_may_not_have_is_refused_before_anything_is_asked() -> None:
    harness = limited(models=["sora-2", "gen4*"])
    await create(harness, b'{"prompt": "a cat", "model": "sora-2"}')
    await create(harness, b'{"prompt": "a cat", "model": "runway/gen4.5"}')
    error = await refused(harness)
    assert (error.status, error.code, error.param) == (403, "model_not_allowed", "model")
    assert error.message == "app may not make videos with seedance2_5; it may with: sora-2, gen4*."
    error = await refused(harness, b'{"prompt": "a cat", "model": "sora-2-pro"}')
    assert "with sora-2-pro (which is seedance2_5 here);" in error.message
    assert harness.runway.times("create") == 2
    assert await sums(harness) == (2, 88.0, 2)


@in_a_loop
async def test_new_limits_hold_for_what_was_made_before() -> None:
    harness = limited()
    await create(harness)
    settings = settings_from(KEYS, keys=[{"name": "a", "value": "env.A"}], callers=caller(videos_per_day=1))
    harness.service.reconfigure(settings)
    assert "has made 1" in (await refused(harness)).message
    assert (await usage(harness))["videos_per_day"] == 1


@in_a_loop
async def test_other_methods_of_the_path_are_refused() -> None:
    harness = limited()
    route = routes.find_own("POST", "/runway/usage")
    assert route is not None
    with pytest.raises(ApiError, match=r"^/runway/usage takes GET alone\.$") as caught:
        await harness.service.handle(Call(route, {}, {}, b"", "app", lambda: False))
    assert (caught.value.status, caught.value.headers) == (405, {"allow": "GET"})
    assert routes.find_own("GET", "/runway/usages") is None
