"""Bodies are counted as they come: each by itself, and all of one caller together."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest
from mitmproxy import http, options
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpStream
from mitmproxy.test import tflow

from runway_addon.body_limit import LARGEST_KEPT_BODY, BodyLimits

MAX = 100
CALLERS = 3  # bodies of the largest size that one caller may have


class Connection:
    """Requests on one connection, and those that were cut off."""

    def __init__(self) -> None:
        self.context = Context(tflow.tclient_conn(), options.Options())
        self.cut: list[http.HTTPFlow] = []
        self.later: list[Callable[[], None]] = []
        self.limits = BodyLimits(lambda flow: self.streams[0], self.cut.append, self.later.append, CALLERS)
        self.streams: list[HttpStream] = []

    def stream(self, caller: str = "a", size: int | None = None) -> HttpStream:
        """A request that has been let in."""
        stream = HttpStream(self.context, 1 + 2 * len(self.streams))
        stream.flow = tflow.tflow()
        self.streams.append(stream)
        self.limits.admitted(stream.flow, caller, size, MAX)
        return stream

    def status(self, stream: HttpStream) -> int | None:
        problem = self.limits.problem(stream.flow)
        return problem.status if problem else None


@pytest.fixture
def connection() -> Connection:
    return Connection()


def receive(stream: HttpStream, size: int) -> None:
    stream.request_body_buf += bytes(size)


@pytest.mark.parametrize("size", [None, MAX])
def test_a_body_that_fits_is_whole(connection: Connection, size: int | None) -> None:
    stream = connection.stream(size=size)
    for _ in range(MAX // 10):
        receive(stream, 10)
    assert bytes(stream.request_body_buf) == bytes(MAX)
    assert connection.status(stream) is None
    assert connection.limits.held("a") == MAX
    connection.limits.answered(stream.flow)
    assert connection.limits.held("a") == 0


def test_a_body_of_unknown_length_is_dropped_beyond_the_limit_and_then_cut(connection: Connection) -> None:
    stream = connection.stream()
    receive(stream, MAX)
    receive(stream, 1)
    assert connection.status(stream) == 413
    assert (bytes(stream.request_body_buf), connection.limits.held("a")) == (b"", 0)
    receive(stream, MAX - 1)
    assert connection.cut == []
    receive(stream, 1)
    receive(stream, 1)
    assert connection.cut == [stream.flow]
    assert bytes(stream.request_body_buf) == b""


def test_announced_bytes_count_before_they_come(connection: Connection) -> None:
    first = [connection.stream(size=MAX) for _ in range(CALLERS)]
    late, other = connection.stream(size=1), connection.stream("b", size=MAX)
    receive(late, 1)
    assert (connection.status(late), bytes(late.request_body_buf)) == (429, b"")
    problem = connection.limits.problem(late.flow)
    assert problem is not None
    assert (problem.code, problem.retry_after) == ("too_many_bytes_in_flight", 2)
    assert connection.status(other) is None
    assert [connection.status(each) for each in first] == [None] * CALLERS
    connection.limits.failed(first[0].flow)
    assert connection.status(connection.stream(size=MAX)) is None


def test_unannounced_bytes_count_as_they_come(connection: Connection) -> None:
    for _ in range(CALLERS - 1):
        connection.stream(size=MAX)
    one, two = connection.stream(), connection.stream()
    receive(one, MAX // 2)
    receive(two, MAX // 2)
    assert (connection.status(one), connection.status(two)) == (None, None)
    receive(two, 1)
    assert (connection.status(one), connection.status(two)) == (None, 429)
    receive(one, MAX // 2)
    assert connection.status(one) is None


def test_a_call_without_a_body_counts_nothing(connection: Connection) -> None:
    for _ in range(CALLERS):
        connection.stream(size=MAX)
    assert connection.status(connection.stream(size=0)) is None


def test_a_failed_call_holds_no_bytes(connection: Connection) -> None:
    stream = connection.stream(size=MAX)
    receive(stream, MAX)
    stream.flow.request.content = bytes(MAX)
    connection.limits.failed(stream.flow)
    connection.limits.failed(stream.flow)
    assert connection.limits.held("a") == 0
    assert bytes(stream.request_body_buf) == b""
    assert stream.flow.request.raw_content is None


def test_a_large_body_is_dropped_when_others_have_seen_the_answer(connection: Connection) -> None:
    for size, kept in ((LARGEST_KEPT_BODY, 0), (LARGEST_KEPT_BODY + 1, 1)):
        stream = HttpStream(connection.context, 1)
        stream.flow = tflow.tflow()
        connection.streams = [stream]
        connection.limits.admitted(stream.flow, "a", size, size)
        receive(stream, size)
        content = stream.flow.request.content = bytes(stream.request_body_buf)
        connection.limits.answered(stream.flow)
        assert stream.flow.request.content == content
        assert len(connection.later) == kept
    connection.later[0]()
    assert stream.flow.request.raw_content is None


def test_a_refused_call_holds_no_bytes_from_the_beginning(connection: Connection) -> None:
    stream = connection.stream(size=0)
    connection.limits.refused(stream.flow, MAX)
    receive(stream, 10)
    assert bytes(stream.request_body_buf) == b""
    receive(stream, 2 * MAX)
    assert connection.cut == [stream.flow]


def test_a_flow_that_nobody_told_the_end_of_is_forgotten(connection: Connection) -> None:
    connection.stream(size=MAX)
    flow = weakref.ref(connection.streams.pop().flow)
    connection.context.layers.clear()
    gc.collect()
    assert flow() is None
    assert connection.limits.held("a") == 0
