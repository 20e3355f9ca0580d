"""A body is kept up to its limit and its caller's share, and the share is always given back."""

from __future__ import annotations

from collections import Counter

import pytest
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons, tflow

from runway_addon.body_limit import BODIES_IN_FLIGHT, BodyLimits, BoundedBody
from runway_videos.errors import ApiError

LARGEST = 1_000
SHARE = BODIES_IN_FLIGHT * LARGEST


class Held:
    """Bodies of callers, and how many connections were cut."""

    def __init__(self) -> None:
        self.held: Counter[str] = Counter()
        self.cuts = 0

    def body(self, caller: str = "app") -> BoundedBody:
        return BoundedBody(self.held, caller, LARGEST, self._cut)

    def _cut(self, error: ApiError) -> None:
        assert error.status == 413
        self.cuts += 1


def fill(body: BoundedBody, size: int, piece: int = 100) -> BoundedBody:
    for start in range(0, size, piece):
        body += b"x" * min(piece, size - start)
    return body


@pytest.mark.parametrize("size", [0, 1, LARGEST])
def test_a_body_up_to_the_limit_is_kept(size: int) -> None:
    held = Held()
    body = fill(held.body(), size)
    assert bytes(body) == b"x" * size
    assert body.refusal is None
    assert held.held["app"] == size
    body.release()
    body.release()
    assert not held.held


def test_a_body_over_the_limit_is_dropped_and_refused_in_words() -> None:
    held = Held()
    body = fill(held.body(), 2 * LARGEST)
    assert bytes(body) == b""
    assert body.refusal is not None
    assert (body.refusal.status, body.refusal.code) == (413, "request_too_large")
    assert (held.cuts, held.held) == (0, Counter())


def test_one_that_does_not_end_is_cut() -> None:
    held = Held()
    body = fill(held.body(), 3 * LARGEST)
    assert bytes(body) == b""
    assert held.cuts == 1


def test_a_caller_has_a_share_and_no_more() -> None:
    held = Held()
    bodies = [fill(held.body(), LARGEST) for _ in range(BODIES_IN_FLIGHT)]
    late = fill(held.body(), LARGEST)
    assert late.refusal is not None
    assert (late.refusal.status, late.refusal.retry_after) == (429, 5)
    assert str(SHARE) in late.refusal.message
    assert bytes(late) == b""
    other = fill(held.body("other"), LARGEST)
    assert other.refusal is None
    bodies[0].release()
    assert held.held == {"app": SHARE - LARGEST, "other": LARGEST}
    assert fill(held.body(), LARGEST).refusal is None


def test_of_two_that_come_together_the_later_piece_is_refused_and_frees_its_own() -> None:
    held = Held()
    bodies = [held.body() for _ in range(BODIES_IN_FLIGHT + 1)]
    for _ in range(LARGEST // 100):
        for body in bodies:
            body += b"x" * 100
    refused = [body for body in bodies if body.refusal]
    assert len(refused) == 1
    assert held.held["app"] == SHARE
    assert all(len(body) == LARGEST for body in bodies if body not in refused)


def test_a_flow_without_a_connection_is_left_alone() -> None:
    limits = BodyLimits(lambda flow, error: pytest.fail("cut"))
    flow = tflow.tflow()
    content = flow.request.raw_content
    with taddons.context(Proxyserver()):
        limits.watch(flow, "app", 1)
        limits.discard(flow, 1)
    assert limits.refusal(flow) is None
    limits.drop(flow)
    assert flow.request.raw_content == content
