"""A redirect's signed link is put in for the client alone, after other addons have seen the answer."""

from __future__ import annotations

from mitmproxy import http
from mitmproxy.proxy.layers.http._hooks import HttpResponseHook
from mitmproxy.test import taddons

from runway_addon.redact import LinkRestorer
from unit.addon.flow_harness import flow_of, response

LINK = "https://files.example/v.mp4?Signature=hush"


class Saver:
    """Another addon, which keeps what it sees of an answer."""

    def __init__(self) -> None:
        self.saved: list[str] = []

    def response(self, flow: http.HTTPFlow) -> None:
        self.saved.append(str(flow.get_state()))


def redirect(links: LinkRestorer) -> http.HTTPFlow:
    flow = flow_of()
    flow.response = response(302, b"", {"location": LINK, "x-a": "b"})
    links.hide(flow)
    return flow


def test_other_addons_see_no_link_and_the_client_gets_it() -> None:
    saver, links = Saver(), LinkRestorer()
    with taddons.context(saver) as context:
        links.add()
        links.add()  # by a reload of the script
        flow = redirect(links)
        context.master.addons.trigger(HttpResponseHook(flow))
    assert len(saver.saved) == 1
    assert "hush" not in saver.saved[0]
    assert flow.response is not None
    assert dict(flow.response.headers) == {"location": LINK, "x-a": "b"}


def test_the_link_of_one_answer_is_put_on_no_other() -> None:
    links = LinkRestorer()
    first = redirect(links)
    other = flow_of()
    other.response = response(302, b"", {"location": "/elsewhere"})
    links.response(other)
    assert other.response.headers["location"] == "/elsewhere"
    links.response(first)
    assert first.response is not None
    first.response.headers["location"] = "/changed"
    links.response(first)  # it is put in once
    assert first.response.headers["location"] == "/changed"


def test_an_answer_without_a_link_stays_as_it_is() -> None:
    links, flow = LinkRestorer(), flow_of()
    links.hide(flow)
    flow.response = response(200, b"{}")
    links.hide(flow)
    links.response(flow)
    assert "location" not in flow.response.headers
