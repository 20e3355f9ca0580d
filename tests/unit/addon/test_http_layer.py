"""How requests stood on the wire, seen through mitmproxy's own layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from mitmproxy import http
from mitmproxy.addons.next_layer import NextLayer as NextLayerAddon
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import Client, ConnectionState
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import modes
from mitmproxy.proxy.layers.http import HttpLayer
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook
from mitmproxy.proxy.layers.tls import TlsFailedClientHook
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import taddons

from runway_addon.http_layer import LARGEST_HEAD, LARGEST_HELLO, RequestForm, RequestForms
from unit.addon.flow_harness import headers_of


@pytest.fixture(autouse=True)
def proxy() -> Iterator[taddons.context]:
    with taddons.context(Proxyserver(), NextLayerAddon()) as context:
        context.options.connection_strategy = "lazy"
        yield context


class Wire:
    """A client's connection, as bytes in and commands out."""

    def __init__(self, proxy: taddons.context, mode: str) -> None:
        self.forms = RequestForms()
        self.client = Client(
            peername=("127.0.0.1", 5000),
            sockname=("127.0.0.1", 8080),
            timestamp_start=0.0,
            proxy_mode=ProxyMode.parse(mode),
            state=ConnectionState.OPEN,
        )
        self.context = Context(self.client, proxy.options)
        top: dict[str, Callable[[Context], layer.Layer]] = {
            "regular": modes.HttpProxy,
            "upstream": modes.HttpUpstreamProxy,
            "reverse": modes.ReverseProxy,
        }
        self._proxy = proxy
        self._layer = top[mode.partition(":")[0]](self.context)
        self.out: list[commands.Command] = []
        self.send(events.Start())

    def send(self, event: events.Event) -> None:
        for command in self._layer.handle_event(event):
            if isinstance(command, layer.NextLayerHook):
                self._proxy.master.addons.get("nextlayer").next_layer(command.data)
                self.forms.watch(command.data)
                self.send(events.HookCompleted(command))
            else:
                self.out.append(command)

    def receive(self, data: bytes) -> http.HTTPFlow:
        """The flow of the hook that these bytes end in."""
        self.send(events.DataReceived(self.client, data))
        hook = self.out[-1]
        assert isinstance(hook, HttpRequestHeadersHook)
        return hook.flow


@pytest.mark.parametrize(
    ("mode", "head", "form"),
    [
        ("regular", b"GET /a HTTP/1.1\r\nHost: a.example", RequestForm(True, "a.example", True, False)),
        (
            "regular",
            b"GET http://a.example/a HTTP/1.1\r\nHost: b.example",
            RequestForm(False, "b.example", True, False),
        ),
        (
            "upstream:http://127.0.0.1:1",
            b"POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5",
            RequestForm(True, "a.example", False, True),
        ),
        (
            "reverse:http://127.0.0.1:1",
            b"GET /a HTTP/1.1\r\nHost: a.example:8080",
            RequestForm(False, "a.example:8080", True, False),
        ),
        ("reverse:http://127.0.0.1:1", b"GET /a HTTP/1.1\r\nX: y", RequestForm(False, "", True, False)),
    ],
)
def test_form_of_a_request_is_as_it_came(
    proxy: taddons.context, mode: str, head: bytes, form: RequestForm
) -> None:
    wire = Wire(proxy, mode)
    assert wire.forms.of(wire.receive(head + b"\r\n\r\n").request) == form


@pytest.mark.parametrize(
    ("tls", "target", "to_server"),
    [
        (True, b"/a", True),
        (True, b"https://a.example/a", True),
        (True, b"http://a.example/a", False),  # a proxy that is reached by TLS, used as one
        (False, b"https://a.example/a", False),
    ],
)
def test_tls_without_a_tunnel_is_tls_with_the_proxy(
    proxy: taddons.context, tls: bool, target: bytes, to_server: bool
) -> None:
    wire = Wire(proxy, "regular")
    wire.client.tls = tls
    flow = wire.receive(b"GET " + target + b" HTTP/1.1\r\nHost: a.example\r\n\r\n")
    assert wire.forms.of(flow.request).to_server is to_server


def test_the_layer_is_a_real_one_in_its_place(proxy: taddons.context) -> None:
    wire = Wire(proxy, "regular")
    wire.receive(b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
    assert [isinstance(each, HttpLayer) for each in wire.context.layers] == [False, True]


def test_a_request_that_did_not_come_over_the_wire(proxy: taddons.context) -> None:
    request = http.Request.make("GET", "http://a.example/", headers=headers_of(host="a.example"))
    assert RequestForms().of(request) == RequestForm(False, "a.example", False, False)


def test_a_head_without_end_is_cut_off(proxy: taddons.context) -> None:
    wire = Wire(proxy, "regular")
    wire.send(events.DataReceived(wire.client, b"GET / HTTP/1.1\r\nX: "))
    wire.send(events.DataReceived(wire.client, b"y" * (LARGEST_HEAD - 100)))
    assert not any(isinstance(each, commands.CloseConnection) for each in wire.out)
    wire.send(events.DataReceived(wire.client, b"y" * 200))
    assert isinstance(wire.out[-1], commands.CloseConnection)
    assert wire.out[-1].connection is wire.client


@pytest.mark.parametrize(
    "begin",
    [
        b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5;a=",
        b"POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    ],
    ids=["after a request", "a chunk's head", "trailers"],
)
def test_what_is_kept_until_it_is_whole_is_bounded(proxy: taddons.context, begin: bytes) -> None:
    wire = Wire(proxy, "regular")
    flow = wire.receive(begin)
    flow.response = http.Response.make(200)
    hook = wire.out[-1]
    assert isinstance(hook, HttpRequestHeadersHook)
    wire.send(events.HookCompleted(hook))
    wire.send(events.DataReceived(wire.client, b"y" * (LARGEST_HEAD - 100)))
    assert not any(isinstance(each, commands.CloseConnection) for each in wire.out)
    wire.send(events.DataReceived(wire.client, b"y" * 200))
    assert any(isinstance(each, commands.CloseConnection) for each in wire.out)


def test_a_long_tls_hello_is_refused(proxy: taddons.context) -> None:
    wire = Wire(proxy, "regular")
    begin = b"\x16\x03\x01\x00\x04\x01\xff\xff\xff"
    wire.send(events.DataReceived(wire.client, begin))
    wire.send(events.DataReceived(wire.client, b"\x16\x03\x01\x00\x01\x00" * (LARGEST_HELLO // 6 - 10)))
    assert not any(isinstance(each, TlsFailedClientHook) for each in wire.out)
    wire.send(events.DataReceived(wire.client, b"\x16\x03\x01\x00\x01\x00" * 20))
    assert any(isinstance(each, TlsFailedClientHook) for each in wire.out)
