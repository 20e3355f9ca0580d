"""What lines of HAProxy's configuration are for: without them a create is paid twice."""

from __future__ import annotations

import pytest

from asking import until
from faulty import balancer, departures, faults, kills
from faulty.accounts import Operation
from faulty.pair import LEAVES, Pair

pytestmark = [
    pytest.mark.skipif(not balancer.installed, reason="haproxy is not installed"),
    pytest.mark.slow,
    pytest.mark.long,
]


def test_a_create_whose_proxy_died_is_not_sent_to_the_other(pair: Pair) -> None:
    with pair.balancer() as haproxy:
        found = pair.kill_during_a_create(haproxy)
    assert found == ["video 1", "video 2", "`502`, not sent again"]
    # Of the second there is a task and no video, as the table says.
    assert (kills.BALANCED.tasks, kills.BALANCED.videos) == (1, 0)


@pytest.mark.parametrize("line", ["option httpclose", "http-after-response set-header x-should-retry false"])
def test_without_the_line_it_is(pair: Pair, line: str) -> None:
    with pair.balancer(line) as haproxy:
        found = pair.kill_during_a_create(haproxy)
    assert found == ["video 1", "video 2", "video 2", "the video, on try 2"]


def test_a_client_that_comes_back_finds_its_create(pair: Pair) -> None:
    with pair.balancer() as haproxy:
        assert pair.leave_and_come_back(haproxy) == departures.JOINED.tasks


def test_in_turn_it_does_not(pair: Pair) -> None:
    """The first two go to one process each; the third finds one of them."""
    with pair.balancer("balance hash var(txn.create)") as haproxy:
        pair.account.plan(Operation.CREATE, faults.HELD, faults.HELD)
        for retry in (0, 1):
            assert pair.ask(haproxy, retry, timeout=LEAVES).code == "APITimeoutError"
        pair.runway.wait_seen(pair.account, Operation.CREATE, 2)
    assert len(pair.account.tasks) == 2


def test_where_nobody_sees_that_a_client_left_its_retries_of_10_seconds_find_its_create(pair: Pair) -> None:
    with pair.balancer("option abortonclose") as haproxy:
        pair.account.plan(Operation.CREATE, faults.HELD)
        assert pair.ask(haproxy, 0, timeout=LEAVES).code == "APITimeoutError"
        pair.account.release()
        until(lambda: pair.created() or None, "the video")
        # Its answer counts as delivered, which is given again for 10 s.
        assert pair.ask(haproxy, 2).video
    assert len(pair.account.tasks) == 1
