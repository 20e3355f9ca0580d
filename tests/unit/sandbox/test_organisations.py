from __future__ import annotations

import pytest

from runway_videos.sandbox.organisations import DAY, Organisation, Refused, price


def refusal(organisation: Organisation, model: str, cost: float, now: float) -> Refused:
    with pytest.raises(Refused) as caught:
        organisation.admit(model, cost, now)
    return caught.value


def test_credits_are_spent_until_they_are_gone() -> None:
    organisation = Organisation("a", credits=100)
    organisation.admit("gen4.5", 60, 0)
    assert organisation.credits == 40
    refused = refusal(organisation, "gen4.5", 60, 0)
    assert refused.status == 400
    assert refused.body["error"] == "You do not have enough credits to run this task."
    assert "docUrl" in refused.body
    assert "issues" not in refused.body
    organisation.admit("gen4.5", 40, 0)
    assert organisation.credits == 0


def test_the_daily_limit_is_per_model_and_rolls() -> None:
    organisation = Organisation("a", daily=2)
    organisation.admit("x", 1, 0)
    organisation.admit("x", 1, 100)
    refused = refusal(organisation, "x", 1, DAY - 1)
    assert refused.status == 429
    assert refused.body == {"error": "Your daily task limit has been reached."}
    organisation.admit("y", 1, DAY - 1)
    organisation.admit("x", 1, DAY)


def test_a_closed_model_is_refused_and_nothing_is_spent() -> None:
    organisation = Organisation("a", credits=100, closed={"veo3.1"})
    refused = refusal(organisation, "veo3.1", 1, 0)
    assert refused.status == 403
    assert refused.body == {"error": "Model variant veo3.1 is not available"}
    assert organisation.credits == 100


def test_the_description_has_runways_shape() -> None:
    organisation = Organisation("a", credits=99.5, daily=7, concurrency=3)
    organisation.admit("x", 0.5, 0)
    assert organisation.describe({"x": None}, 1) == {
        "creditBalance": 99,
        "tier": {
            "maxMonthlyCreditSpend": 1_000_000,
            "models": {"x": {"maxConcurrentGenerations": 3, "maxDailyGenerations": 7}},
        },
        "usage": {"models": {"x": {"dailyGenerations": 1}}},
    }


@pytest.mark.parametrize(
    ("body", "credits"),
    [
        ({"model": "gen4.5", "duration": 10}, 120),
        ({"model": "gen4_turbo", "duration": 10}, 50),
        ({"model": "gen4.5"}, 60),
        ({"model": "seedance2", "duration": "auto"}, 180),
        ({"model": "seedance2_5", "duration": 4, "ratio": "854:480"}, 80),
        ({"model": "seedance2_5", "duration": 4, "ratio": "720:1280"}, 120),
        ({"model": "seedance2_5", "duration": 4, "ratio": "1920:1080"}, 272),
        ({"model": "seedance2", "duration": 4, "ratio": "3840:2160"}, 600),
        ({"model": "hailuo3", "duration": 5, "ratio": "16:9", "resolution": "768p"}, 50),
        ({"model": "kling_4", "duration": 5, "ratio": "1280:720"}, 60),
        ({"model": "gen4.5", "duration": 2, "outputFormat": "prores"}, 34),
        ({"model": "gen4.5", "duration": 2, "outputFormat": "mp4"}, 24),
    ],
)
def test_a_price_follows_model_resolution_and_seconds(body: dict[str, object], credits: float) -> None:
    assert price(body) == credits


def test_a_body_without_seconds_costs_what_its_input_video_lasts() -> None:
    assert price({"model": "aleph2"}, 8.0) == 224
    assert price({"model": "aleph2"}) == 140
    assert price({"model": "gen4.5", "duration": 2}, 8.0) == 24
    assert price({"model": "gen4.5", "duration": "auto"}, 8.0) == 60
