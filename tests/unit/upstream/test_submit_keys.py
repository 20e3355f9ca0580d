"""What a create's answers do to the keys: cooldowns after two requests or a check, turns by weight."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from runway_videos.upstream.timeouts import Timeouts
from unit.upstream.submit_harness import GOOD_KEY, MADE, Box, Scripted, refusal

CREDITS = refusal(400, "You do not have enough credits to run this task.")
DAILY = refusal(429, "Your daily task limit has been reached.")
UNAUTHORIZED = refusal(401, "Incorrect API key provided.")
UNAVAILABLE = refusal(403, "Model variant gen4.5 is not available")
BUSY = refusal(503, "Busy.")

EMPTY = Reply(200, b'{"creditBalance": 0}')
USED_UP = Reply(
    200,
    b'{"tier": {"models": {"gen4.5": {"maxDailyGenerations": 2}}},'
    b' "usage": {"models": {"gen4.5": {"dailyGenerations": 2}}}}',
)
#: What Runway refuses, and the check that says the same of the key.
CHECKED = [(UNAUTHORIZED, UNAUTHORIZED), (CREDITS, EMPTY), (DAILY, USED_UP)]
INCONCLUSIVE: list[Reply | Exception] = [
    GOOD_KEY,
    BUSY,
    Reply(403, b"<html>"),
    Reply(200, b"<html>"),
    NotSentError("ConnectError"),
    UnknownOutcomeError("ReadError"),
]


def refused(box: Box, prompt: str = "a cat") -> ApiError:
    with pytest.raises(ApiError) as caught:
        box.submit(prompt=prompt)
    return caught.value


@pytest.mark.parametrize(("answer", "check"), CHECKED)
def test_a_check_that_says_the_same_begins_a_cooldown(answer: Reply, check: Reply) -> None:
    box = Box().plan("create", answer).plan("check", check)
    first = refused(box)
    assert box.client.asked == [("create", "a"), ("check", "a")]
    second = refused(box, "a dog")
    assert (second.status, second.code) == (first.status, first.code)
    assert box.client.times("create") == 1


@pytest.mark.parametrize("check", INCONCLUSIVE)
@pytest.mark.parametrize("answer", [answer for answer, _ in CHECKED])
def test_a_check_that_does_not_moves_only_that_request_on(answer: Reply, check: Reply | Exception) -> None:
    box = Box(2).plan("create", answer).plan("check", check)
    assert [box.submit(prompt="a cat").key, box.submit(prompt="a dog").key] == ["b", "a"]


@pytest.mark.parametrize("answer", [answer for answer, _ in CHECKED] + [UNAVAILABLE])
def test_two_different_requests_begin_a_cooldown_one_that_comes_back_does_not(answer: Reply) -> None:
    box = Box().plan("create", *[answer] * 3)
    for prompt in ("a cat", "a cat", "a dog"):
        refused(box, prompt)
    assert box.client.times("create") == 3
    refused(box, "a cow")
    assert box.client.times("create") == 3


@pytest.mark.parametrize("answer", [UNAVAILABLE, refusal(429, "Too many requests"), NotSentError("x"), BUSY])
def test_what_no_check_can_say_more_of_is_not_checked(answer: Reply | Exception) -> None:
    box = Box(2).plan("create", answer)
    box.submit()
    assert box.client.times("check") == 0


def test_a_second_failure_needs_no_check() -> None:
    box = Box(2).plan("create", UNAUTHORIZED)
    box.submit(prompt="a cat")
    box.plan("create", UNAUTHORIZED)
    box.submit(prompt="a dog")
    assert box.client.times("check") == 1


def test_a_check_without_an_answer_is_given_up() -> None:
    class Silent(Scripted):
        async def get_organization(self, key: object) -> Reply:
            await asyncio.Event().wait()
            return GOOD_KEY

    box = Box(2, client=Silent(), timeouts=Timeouts(key_check=0.02)).plan("create", UNAUTHORIZED)
    assert [box.submit(prompt="a cat").key, box.submit(prompt="a dog").key] == ["b", "a"]


def test_other_callers_are_not_told_runways_words() -> None:
    box = Box().plan("create", UNAUTHORIZED).plan("check", UNAUTHORIZED)
    assert "Incorrect API key" in refused(box).message
    other = refused(box, "a dog")
    assert "Incorrect API key" not in other.message
    assert "Incorrect API key" in other.detail


def test_after_its_cooldown_one_create_tries_the_key() -> None:
    """One that says nothing of the key must not use up the trial; one that fails the same way does."""
    box = Box().plan("create", UNAUTHORIZED).plan("check", UNAUTHORIZED)
    refused(box)
    box.now += 601
    box.plan("create", UnknownOutcomeError("ReadError"), UNAUTHORIZED)
    assert refused(box).code == "outcome_unknown"
    assert refused(box).code == "runway_key_refused"
    assert refused(box).code == "runway_key_refused"
    assert box.client.times("create") == 3
    box.now += 601
    assert box.submit().key == "a"


# Turns


def spread(box: Box, creates: int) -> Counter[str]:
    """The keys of the tasks that so many creates made."""
    made: Counter[str] = Counter()
    for number in range(creates):
        with contextlib.suppress(ApiError):
            made[box.submit(prompt=f"{number}").key] += 1
    return made


def test_every_second_send_shed_leaves_the_shares_as_they_are() -> None:
    box = Box(2)
    box.plan("create", *[BUSY, MADE] * 200)
    assert spread(box, 200) == {"a": 100, "b": 100}


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([BUSY, Reply(403, b"<html>"), refusal(400, "No.")]))
def test_failures_by_chance_leave_the_shares_as_they_are(chance: random.Random, failure: Reply) -> None:
    box = Box(2, weights=(3, 1))
    box.client.answers["create"] = lambda: failure if chance.random() < 0.3 else MADE
    made = spread(box, 60)
    assert abs(made["a"] - made.total() * 3 / 4) < 1


@pytest.mark.parametrize("seed", range(8))
def test_connections_that_fail_by_chance_leave_the_shares_near_what_they_are(seed: int) -> None:
    """Who stood in for another has had a turn, so that its share does not grow with each failure."""
    chance = random.Random(seed)
    box = Box(2)

    def answer() -> Reply:
        if chance.random() < 0.3:
            raise NotSentError("ConnectError")
        return MADE

    box.client.answers["create"] = answer
    made = spread(box, 400)
    assert made.total() > 300
    assert abs(made["a"] - made.total() / 2) < 4


def test_an_unknown_outcome_counts_as_a_turn() -> None:
    box = Box(2).plan("create", UnknownOutcomeError("ReadError"))
    assert refused(box).code == "outcome_unknown"
    assert [box.submit().key for _ in range(2)] == ["b", "a"]


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_creates_in_flight_are_spread_by_weight(chance: random.Random) -> None:
    """Eight at once, each of which takes its time; none fails."""
    box = Box(3, client=Slow(chance), weights=(3, 2, 1))

    async def run() -> Counter[str]:
        made: Counter[str] = Counter()
        gate = asyncio.Semaphore(8)

        async def one(number: int) -> None:
            async with gate:
                made[(await box.submitting(prompt=f"{number}")).key] += 1

        await asyncio.gather(*(one(number) for number in range(60)))
        return made

    assert asyncio.run(run()) == {"a": 30, "b": 20, "c": 10}


class Slow(Scripted):
    """Answers out of order."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    async def create(self, key: object, path: str, body: bytes) -> Reply:
        for _ in range(self._chance.randrange(5)):
            await asyncio.sleep(0)
        return MADE
