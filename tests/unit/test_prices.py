"""What a create is expected to cost, and what Runway's own answers change about it."""

from __future__ import annotations

import pytest

from runway_videos.catalog import price_list
from runway_videos.events import Event, PriceDiffers
from runway_videos.prices import MAX_KINDS, Prices, credits_text
from runway_videos.translate.task_call import TaskCall


class Told:
    """Prices by the list, and what they tell."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.prices = Prices(price_list.load(), self.events.append)


@pytest.fixture
def told() -> Told:
    return Told()


def create(
    model: str = "seedance2_5", ratio: str = "1920:1080", seconds: object = 4, mode: str = "", **more: object
) -> TaskCall:
    body = {"promptText": "a cat", "ratio": ratio, "duration": seconds, **more}
    return TaskCall(mode or "text_to_video", model, body)


def test_a_create_is_expected_to_cost_what_the_list_says(told: Told) -> None:
    expected = told.prices.expected
    assert expected(create()) == 272
    assert expected(create(ratio="720:1280")) == 120
    assert expected(create("gen4.5", "1280:720", 2, outputFormat="prores")) == 34
    assert expected(create("kling_4")) is None
    assert expected(create(seconds="auto")) is None
    assert expected(TaskCall("video_to_video", "aleph2", {"videoUri": "https://x.example/v.mp4"})) is None


def test_a_video_made_from_another_is_as_long_where_no_seconds_are_told(told: Told) -> None:
    remix = TaskCall("video_to_video", "aleph2", {"promptText": "in the rain"}, source_seconds=8)
    assert told.prices.expected(remix) == 8 * 28
    told.prices.learn(remix, 140)  # who knows how many seconds of it
    assert told.prices.expected(remix) == 8 * 28
    body = {"promptText": "in the rain", "ratio": "1280:720"}
    seedance = TaskCall("video_to_video", "seedance2_5", {**body, "duration": 4}, source_seconds=8)
    assert told.prices.expected(seedance) == 120
    auto = TaskCall("video_to_video", "seedance2_5", {**body, "duration": "auto"}, source_seconds=8)
    assert told.prices.expected(auto) is None


def test_what_runway_says_holds_from_then_on_for_creates_of_that_kind(told: Told) -> None:
    told.prices.learn(create(seconds=10), 700)
    assert told.prices.expected(create(seconds=4)) == 280
    assert told.events == []  # not 20 % more than 680
    assert told.prices.expected(create(ratio="1280:720")) == 120
    for other in (create(audio=False), create(mode="image_to_video"), create(references=[{"uri": "x"}])):
        assert told.prices.expected(other) == 272
    told.prices.learn(create(audio=False), 200)
    assert told.prices.expected(create(audio=False)) == 200
    assert told.prices.expected(create()) == 280


def test_a_price_that_was_not_known_is_learned_without_a_word(told: Told) -> None:
    told.prices.learn(create("gen9", seconds=5), 100)
    assert told.prices.expected(create("gen9", seconds=8)) == 160
    assert told.prices.expected(create("gen9", "1280:720", seconds=8)) is None
    assert told.events == []


def test_a_price_that_differs_is_told_once_until_it_changes_again(told: Told) -> None:
    def learn(credits: float) -> list[Event]:
        told.events.clear()
        told.prices.learn(create("gen4.5", "1280:720", 10), credits)
        return list(told.events)

    def differs(before: float, now: float) -> list[Event]:
        return [PriceDiffers("gen4.5", "720p", before, now)]

    assert learn(144) == []  # exactly 20 % more
    assert learn(150) == differs(12, 15)
    assert learn(150) == learn(160) == []
    assert learn(190) == differs(15, 19)
    assert learn(120) == differs(19, 12)
    assert learn(150) == differs(12, 15)


def test_a_price_that_creeps_up_is_told(told: Told) -> None:
    for credits in (130, 140, 144):
        told.prices.learn(create("gen4.5", "1280:720", 10), credits)
    assert told.events == []
    told.prices.learn(create("gen4.5", "1280:720", 10), 145)
    assert told.events == [PriceDiffers("gen4.5", "720p", 12, 14.5)]


def test_one_change_is_told_once_for_all_kinds_of_creates(told: Told) -> None:
    for mode in ("text_to_video", "image_to_video"):
        told.prices.learn(create("gen4.5", "1280:720", 10, mode), 200)
        told.prices.learn(create("gen4.5", "720:1280", 5, mode, seed=1), 100)
    assert told.events == [PriceDiffers("gen4.5", "720p", 12, 20)]


def test_two_kinds_with_two_prices_are_not_told_again_and_again(told: Told) -> None:
    for _ in range(3):
        told.prices.learn(create("veo3.1", "1280:720", 4), 160)
        told.prices.learn(create("veo3.1", "1280:720", 4, audio=False), 80)
    assert told.events == [PriceDiffers("veo3.1", "720p", 40, 20)]


@pytest.mark.parametrize("credits", [0, -5, float("inf"), float("nan"), 1e9])
def test_what_cannot_be_a_price_is_not_learned(told: Told, credits: float) -> None:
    told.prices.learn(create(), credits)
    assert told.prices.expected(create()) == 272
    assert told.events == []


def test_without_seconds_nothing_is_learned(told: Told) -> None:
    told.prices.learn(create(seconds="auto"), 100)
    assert told.prices.expected(create()) == 272


def test_what_is_remembered_is_bounded(told: Told) -> None:
    for number in range(MAX_KINDS + 1):
        told.prices.learn(create(f"m{number}"), 40)
    assert told.prices.expected(create("m0")) is None
    assert told.prices.expected(create("m1")) == told.prices.expected(create(f"m{MAX_KINDS}")) == 40


@pytest.mark.parametrize(
    ("credits", "text"),
    [
        (144, "144"),
        (144.0, "144"),
        (12.5, "12.5"),
        (0.333, "0.33"),
        (0, "0"),
        (1200, "1200"),
        (1e300, "1e+300"),
    ],
)
def test_credits_are_written_shortly(credits: float, text: str) -> None:
    assert credits_text(credits) == text
