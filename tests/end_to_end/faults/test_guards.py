"""Each guard against paying twice, taken out: then the checks of this folder fail, so they can.

The service alone, without mitmproxy, in front of the Runway that misbehaves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import wraps
from typing import Any

import httpx
import msgspec
import pytest

from faulty import FaultyRunway, scenarios
from faulty.counts import Connect, Without, count
from faulty.paid import Paid
from faulty.scenarios import EXPECTED, EXPECTED_ALONE, Scenario
from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import CreateIdentity, Creates, Kept, Waiter, may_have_made
from runway_videos.keys.pool import Key
from runway_videos.operations.creates import Created
from runway_videos.upstream.client import NotSentError, Reply, RunwayClient, UnknownOutcomeError
from runway_videos.upstream.create_outcomes import (
    CreateOutcome,
    OutcomeUnknown,
    RequestRefused,
    TryNextKey,
)
from runway_videos.upstream.judge_create import judge_create
from runway_videos.upstream.timeouts import Timeouts


@pytest.fixture
def runway() -> Iterator[FaultyRunway]:
    """One for each test."""
    with FaultyRunway() as runway:
        yield runway


# The guards, each as a client that takes it out: what Runway says comes in as what it would be taken for.

#: The reply that comes in place of the real one, None for that. It may raise what a client would.
Misjudge = Callable[[CreateOutcome, int], Reply | None]

_NOT_TRUE = b'{"error": "Judged wrongly."}'


class MisjudgingClient(RunwayClient):
    """Replies to creates by their outcome and status (0: no answer came)."""

    def __init__(self, base_url: str, proxy: str | None, timeouts: Timeouts, misjudge: Misjudge) -> None:
        super().__init__(base_url, proxy, timeouts)
        self.misjudge = misjudge

    async def create(self, key: Key, path: str, body: bytes) -> Reply:
        try:
            reply = await super().create(key, path, body)
        except UnknownOutcomeError as error:
            if found := self.misjudge(OutcomeUnknown(str(error)), 0):
                return found
            raise
        return self.misjudge(judge_create(reply), reply.status) or reply


def connecting(misjudge: Misjudge) -> Connect:
    @wraps(misjudge)
    def connect(base_url: str, proxy: str | None, timeouts: Timeouts) -> RunwayClient:
        return MisjudgingClient(base_url, proxy, timeouts, misjudge)

    return connect


@connecting
def unknown_outcomes_are_sent_again(outcome: CreateOutcome, status: int) -> Reply | None:
    return Reply(503, _NOT_TRUE) if isinstance(outcome, OutcomeUnknown) else None


@connecting
def unknown_outcomes_go_to_the_next_key(outcome: CreateOutcome, status: int) -> Reply | None:
    if isinstance(outcome, OutcomeUnknown):
        raise NotSentError("Judged wrongly.")
    return None


@connecting
def pages_are_taken_for_load_shedding(outcome: CreateOutcome, status: int) -> Reply | None:
    return Reply(503, _NOT_TRUE) if status in (502, 503) else None


@connecting
def pages_are_taken_for_runways_word_on_the_key(outcome: CreateOutcome, status: int) -> Reply | None:
    return Reply(401, _NOT_TRUE) if isinstance(outcome, RequestRefused) else None


@connecting
def pages_leave_the_client_free_to_try_again(outcome: CreateOutcome, status: int) -> Reply | None:
    if isinstance(outcome, RequestRefused):
        raise ApiError(502, "Judged wrongly.")
    return None


@connecting
def no_next_key(outcome: CreateOutcome, status: int) -> Reply | None:
    return Reply(400, _NOT_TRUE) if isinstance(outcome, TryNextKey) else None


@connecting
def clients_are_not_stopped(outcome: CreateOutcome, status: int) -> Reply | None:
    if isinstance(outcome, OutcomeUnknown):
        raise ApiError(502, "Judged wrongly.", may_have_made=True)
    return None


def creates_share_connections(base_url: str, proxy: str | None, timeouts: Timeouts) -> RunwayClient:
    return RunwayClient(base_url, proxy, timeouts, httpx.AsyncHTTPTransport())


# Guards of retries: what takes them out is another set of arguments.


class Edited(Creates[Created]):
    """Does not hear all that a client says."""

    def __init__(self, **unheard: object) -> None:
        super().__init__(time.monotonic, may_have_made)
        self.unheard = unheard

    def enter(self, identity: CreateIdentity, *args: Any) -> Waiter[Created]:
        return super().enter(msgspec.structs.replace(identity, **self.unheard), *args)


def _without(**rules: float) -> Creates[Created]:
    return Creates(time.monotonic, may_have_made, msgspec.convert(rules, Kept))


def retries_are_not_known() -> Creates[Created]:
    return Edited(retry_count=0)


def keys_are_not_known() -> Creates[Created]:
    return Edited(idempotency_key=None)


def lost_answers_are_not_kept() -> Creates[Created]:
    return Creates(time.monotonic, lambda outcome: not isinstance(outcome, Exception))


def creates_end_with_their_request() -> Creates[Created]:
    def start(run: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task, request = asyncio.create_task(run), asyncio.current_task()
        assert request is not None
        request.add_done_callback(lambda _: task.cancel())
        return task

    return Creates(time.monotonic, may_have_made, start=start)


def delivered_answers_are_forgotten() -> Creates[Created]:
    return _without(delivered=0)


def refused_attempts_are_forgotten() -> Creates[Created]:
    return _without(refused=0)


def plain_repeats_are_new() -> Creates[Created]:
    return _without(unknown=0)


RETRY_GUARDS: list[tuple[Without, Scenario]] = [
    (retries_are_not_known, scenarios.comes_back),
    (retries_are_not_known, scenarios.comes_back_later),
    (lost_answers_are_not_kept, scenarios.comes_back_to_nothing),
    (creates_end_with_their_request, scenarios.request_is_cancelled),
    (keys_are_not_known, scenarios.same_key),
    (delivered_answers_are_forgotten, scenarios.hang_up_is_not_seen),
    (refused_attempts_are_forgotten, scenarios.refused_beside_an_equal_one),
    (plain_repeats_are_new, scenarios.plain_retries),
]

GUARDS: list[tuple[Connect, Scenario]] = [
    (unknown_outcomes_are_sent_again, scenarios.lost_answer),
    (unknown_outcomes_are_sent_again, scenarios.error_after_the_task),
    (unknown_outcomes_go_to_the_next_key, scenarios.lost_answer),
    (unknown_outcomes_go_to_the_next_key, scenarios.error_after_the_task),
    (pages_are_taken_for_load_shedding, scenarios.gateway_page),
    (pages_are_taken_for_runways_word_on_the_key, scenarios.firewall_page),
    (pages_leave_the_client_free_to_try_again, scenarios.firewall_page),
    (no_next_key, scenarios.no_credits),
    (creates_share_connections, scenarios.dead_connections),
]


@pytest.mark.parametrize("paid", Paid, ids=lambda paid: paid.value)
@pytest.mark.parametrize("scenario", EXPECTED, ids=lambda scenario: scenario.__name__)
def test_with_all_guards_nothing_is_paid_twice_or_lost(
    scenario: Scenario, paid: Paid, runway: FaultyRunway
) -> None:
    videos = EXPECTED[scenario][1]
    assert count(scenario, runway, paid=paid).sound(
        EXPECTED_ALONE.get(scenario, videos) if paid.by_id else videos
    )


@pytest.mark.parametrize(("connect", "scenario"), GUARDS, ids=lambda part: part.__name__)
def test_without_the_guard_the_check_fails(
    connect: Connect, scenario: Scenario, runway: FaultyRunway
) -> None:
    assert not count(scenario, runway, connect=connect).sound(EXPECTED[scenario][1])


@pytest.mark.parametrize(("without", "scenario"), RETRY_GUARDS, ids=lambda part: part.__name__)
def test_without_the_guard_of_retries_the_check_fails(
    without: Without, scenario: Scenario, runway: FaultyRunway
) -> None:
    assert not count(scenario, runway, without).sound(EXPECTED[scenario][1])


def test_stopping_clients_is_a_guard_of_its_own(runway: FaultyRunway) -> None:
    """Where nothing that was delivered is remembered, `x-should-retry: false` alone holds."""

    def forgetful() -> Creates[Created]:
        return _without(delivered=0, unknown=0)

    assert count(scenarios.lost_answer, runway, forgetful).sound(0)
    runway.account("a").tasks.clear()
    assert not count(scenarios.lost_answer, runway, forgetful, clients_are_not_stopped).sound(0)


def test_every_scenario_has_a_guard() -> None:
    assert {scenario for _, scenario in (*GUARDS, *RETRY_GUARDS)} == set(EXPECTED)
