"""What is sent in place of what flows show."""

from __future__ import annotations

from mitmproxy.proxy.layers.http._events import RequestHeaders, ResponseHeaders

from runway_addon.redact import SignedLinks
from unit.addon.flow_harness import flow_of, response

LINK = "https://files.example/v.mp4?Signature=hush"


def test_the_client_gets_the_link_that_the_flow_does_not_show() -> None:
    links, flow = SignedLinks(), flow_of()
    flow.response = response(302, b"", {"Location": LINK, "X-A": "b"})
    links.hide(flow)
    assert "hush" not in str(flow.get_state())
    event = links.on_the_wire(ResponseHeaders(1, flow.response, True))
    assert isinstance(event, ResponseHeaders)
    assert (event.stream_id, event.end_stream) == (1, True)
    assert dict(event.response.headers) == {"Location": LINK, "X-A": "b"}


def test_what_holds_no_link_is_sent_as_it_is() -> None:
    links, flow = SignedLinks(), flow_of()
    flow.response = response(200, b"", {"X-A": "b"})
    links.hide(flow)
    for event in (ResponseHeaders(1, flow.response, True), RequestHeaders(1, flow.request, False)):
        assert links.on_the_wire(event) is event


def test_a_request_is_sent_once_in_place_of_another() -> None:
    links, flow, sent = SignedLinks(), flow_of(), flow_of(path="/v.mp4?Signature=hush").request
    links.send(sent, flow.request)
    event = RequestHeaders(3, flow.request, True)
    assert links.on_the_wire(event) == RequestHeaders(3, sent, True)
    assert links.on_the_wire(event) is event
