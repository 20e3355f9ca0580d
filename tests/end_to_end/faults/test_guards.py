"""Each guard against paying twice, taken out: then the checks of this folder fail, so they can.

The service alone, without mitmproxy, in front of the Runway that misbehaves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import msgspec
import pytest

from faulty import FaultyRunway, inside, scenarios
from faulty.scenarios import EXPECTED, Scenario
from runway_videos.errors import ApiError
from runway_videos.idempotency.creates import CreateIdentity, Creates, Kept, Waiter, may_have_made
from runway_videos.keys.cooldowns import KeyReport
from runway_videos.operations.creates import Created
from runway_videos.upstream import submit
from runway_videos.upstream.client import Reply, RunwayClient
from runway_videos.upstream.create_outcomes import (
    CreateOutcome,
    OutcomeUnknown,
    RequestRefused,
    TryAgainLater,
    TryNextKey,
)
from runway_videos.upstream.judge_create import judge_create


class Count(msgspec.Struct, frozen=True):
    """What came of a scenario. Sound: no task too many, no video too few."""

    asked: int
    tasks: int
    videos: int

    def sound(self, videos: int) -> bool:
        """Whether no more was paid than asked for, and the client has what it can have."""
        return self.tasks <= self.asked and self.videos == videos


@pytest.fixture
def runway() -> Iterator[FaultyRunway]:
    """One for each test."""
    with FaultyRunway() as runway:
        yield runway


# The guards, each as what takes it out.

Take = Callable[[pytest.MonkeyPatch], None]


def _judge_instead(patch: pytest.MonkeyPatch, before: type[CreateOutcome], after: CreateOutcome) -> None:
    def judged(reply: Reply) -> CreateOutcome:
        outcome = judge_create(reply)
        return after if isinstance(outcome, before) else outcome

    patch.setattr(submit, "judge_create", judged)


def _lose_instead(patch: pytest.MonkeyPatch, after: CreateOutcome) -> None:
    """Also where no whole answer came."""
    _judge_instead(patch, OutcomeUnknown, after)
    patch.setattr(submit, "OutcomeUnknown", lambda *args, **kwargs: after)


def unknown_outcomes_are_sent_again(patch: pytest.MonkeyPatch) -> None:
    _lose_instead(patch, TryAgainLater("Judged wrongly."))


def unknown_outcomes_go_to_the_next_key(patch: pytest.MonkeyPatch) -> None:
    _lose_instead(patch, TryNextKey(None, "Judged wrongly."))


def pages_are_taken_for_load_shedding(patch: pytest.MonkeyPatch) -> None:
    def judged(reply: Reply) -> CreateOutcome:
        return TryAgainLater("") if reply.status in (502, 503) else judge_create(reply)

    patch.setattr(submit, "judge_create", judged)


def pages_are_taken_for_runways_word_on_the_key(patch: pytest.MonkeyPatch) -> None:
    _judge_instead(patch, RequestRefused, TryNextKey(KeyReport.UNAUTHORIZED, "Judged wrongly."))


def pages_leave_the_client_free_to_try_again(patch: pytest.MonkeyPatch) -> None:
    _judge_instead(patch, RequestRefused, RequestRefused(ApiError(502, "Judged wrongly.")))


def no_next_key(patch: pytest.MonkeyPatch) -> None:
    _judge_instead(patch, TryNextKey, RequestRefused(ApiError(400, "Judged wrongly.")))


def clients_are_not_stopped(patch: pytest.MonkeyPatch) -> None:
    unknown = submit._outcome_unknown

    def silent(timed_out: bool) -> ApiError:
        error = unknown(timed_out)
        error.retry = None
        return error

    patch.setattr(submit, "_outcome_unknown", silent)


def creates_share_connections(patch: pytest.MonkeyPatch) -> None:
    begin = RunwayClient.__init__

    def pooled(self: RunwayClient, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self._fresh = self._pooled

    patch.setattr(RunwayClient, "__init__", pooled)


# Guards of retries: what takes them out is another set of arguments.

Without = Callable[[], Creates[Created]]


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

GUARDS: list[tuple[Take, Scenario]] = [
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


def count(scenario: Scenario, runway: FaultyRunway, without: Without | None = None) -> Count:
    """Runs it."""
    asked, _, keys = EXPECTED[scenario]

    async def run() -> set[str | None]:
        proxy = inside.service_for(runway, keys, without() if without else None)
        try:
            return await scenario(proxy, runway)
        finally:
            await proxy.close()

    videos = asyncio.run(run()) - {None}
    return Count(asked, len(runway.tasks("it")), len(videos))


@pytest.mark.parametrize("scenario", EXPECTED, ids=lambda scenario: scenario.__name__)
def test_with_all_guards_nothing_is_paid_twice_or_lost(scenario: Scenario, runway: FaultyRunway) -> None:
    assert count(scenario, runway).sound(EXPECTED[scenario][1])


@pytest.mark.parametrize(("take_out", "scenario"), GUARDS, ids=lambda part: part.__name__)
def test_without_the_guard_the_check_fails(
    take_out: Take, scenario: Scenario, runway: FaultyRunway, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch)
    assert not count(scenario, runway).sound(EXPECTED[scenario][1])


@pytest.mark.parametrize(("without", "scenario"), RETRY_GUARDS, ids=lambda part: part.__name__)
def test_without_the_guard_of_retries_the_check_fails(
    without: Without, scenario: Scenario, runway: FaultyRunway
) -> None:
    assert not count(scenario, runway, without).sound(EXPECTED[scenario][1])


def test_stopping_clients_is_a_guard_of_its_own(
    runway: FaultyRunway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing that was delivered is remembered, `x-should-retry: false` alone holds."""

    def forgetful() -> Creates[Created]:
        return _without(delivered=0, unknown=0)

    assert count(scenarios.lost_answer, runway, forgetful).sound(0)
    clients_are_not_stopped(monkeypatch)
    runway.account("a").tasks.clear()
    assert not count(scenarios.lost_answer, runway, forgetful).sound(0)


def test_every_scenario_has_a_guard() -> None:
    assert {scenario for _, scenario in (*GUARDS, *RETRY_GUARDS)} == set(EXPECTED)
