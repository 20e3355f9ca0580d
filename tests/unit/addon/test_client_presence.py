"""A client that has left, as its connection shows it. Streams of HTTP/2 are in `faults/test_unseen`."""

from __future__ import annotations

import gc
import weakref

from mitmproxy.connection import ConnectionState
from mitmproxy.test import taddons, tflow

from runway_addon.client_presence import ClientPresence


def test_a_connection_that_can_be_written_to_has_its_client() -> None:
    flow = tflow.tflow()
    is_gone = ClientPresence(flow)
    flow.client_conn.state = ConnectionState.OPEN
    assert not is_gone()
    flow.client_conn.state = ConnectionState.CAN_READ
    assert is_gone()
    flow.client_conn.state = ConnectionState.CLOSED
    assert is_gone()


def test_it_holds_no_flow_and_tells_of_the_connection_after_the_flows_end() -> None:
    flow = tflow.tflow()
    client, ref = flow.client_conn, weakref.ref(flow)
    client.state = ConnectionState.OPEN
    is_gone = ClientPresence(flow)
    del flow
    gc.collect()
    assert ref() is None
    assert not is_gone()
    client.state = ConnectionState.CLOSED
    assert is_gone()


def test_over_http2_a_stream_that_nobody_knows_counts_as_there() -> None:
    flow = tflow.tflow()
    flow.request.http_version = "HTTP/2.0"
    flow.live = True
    flow.client_conn.state = ConnectionState.OPEN
    with taddons.context():
        assert not ClientPresence(flow)()
