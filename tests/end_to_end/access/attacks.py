"""Ways to send other traffic through a proxy, as HTTP/1.1 and without any client library."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from end_to_end.access.modes import TOKEN, FarEnds, tag
from far_ends import WEB_SOCKET
from wire import Address, Headers, ask, through_tunnel

BASIC = ("Proxy-Authorization", "Basic " + base64.b64encode(f"app:{TOKEN}".encode()).decode())
PROXY_BEARER = ("Proxy-Authorization", f"Bearer {TOKEN}")

#: What a way gives: the status, and whether anything arrived at a far end.
type Outcome = tuple[int, bool]
type Way = Callable[[Address, FarEnds, Headers], Outcome]


def absolute(address: Address, ends: FarEnds, headers: Headers = ()) -> Outcome:
    """As to a proxy: the whole URL is the target."""
    word = tag()
    host = f"127.0.0.1:{ends.internal.port}"
    answer = ask(address, "GET", f"http://{host}/inside/{word}", host, headers)
    return answer.status, bool(ends.reached(word))


def absolute_post(address: Address, ends: FarEnds, headers: Headers = ()) -> Outcome:
    """The same with a body, and the host under another name."""
    word = tag()
    host = f"localhost:{ends.internal.port}"
    answer = ask(address, "POST", f"http://{host}/inside/{word}", host, headers, b'{"a": 1}')
    return answer.status, bool(ends.reached(word))


def misnamed(address: Address, ends: FarEnds, headers: Headers = ()) -> Outcome:
    """The target is one host, the Host header the proxy's own."""
    word = tag()
    own = f"127.0.0.1:{address[1]}"
    answer = ask(address, "GET", f"http://127.0.0.1:{ends.internal.port}/inside/{word}", own, headers)
    return answer.status, bool(ends.reached(word))


def web_socket(address: Address, ends: FarEnds, headers: Headers = ()) -> Outcome:
    """A web socket to a host inside."""
    word = tag()
    host = f"127.0.0.1:{ends.internal.port}"
    target = f"http://{host}/socket?{word}"
    answer = ask(address, "GET", target, host, (*WEB_SOCKET, *headers))
    return answer.status, bool(ends.reached(word))


def connect(address: Address, ends: FarEnds, headers: Headers = ()) -> Outcome:
    """A request in a tunnel to a host inside, as `curl -p` makes it."""
    word = tag()
    host = f"127.0.0.1:{ends.internal.port}"
    answer = ask(address, "CONNECT", host, host, headers)
    inner = f"GET /inside/{word} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    through_tunnel(address, host, inner.encode(), headers)
    return answer.status, bool(ends.reached(word))


def raw_tcp(address: Address, ends: FarEnds, headers: Headers = ()) -> Outcome:
    """What is no HTTP, in a tunnel."""
    before = len(ends.raw.received)
    answer = ask(address, "CONNECT", ends.raw.address, ends.raw.address, headers)
    back = through_tunnel(address, ends.raw.address, b"\x00\x01SSH-2.0-x\r\n", headers)
    return answer.status, back == b"pong" or len(ends.raw.received) > before


def fallback(address: Address, ends: FarEnds, headers: Headers = ()) -> Outcome:
    """A call that is no video call, addressed to the proxy itself."""
    word = tag()
    answer = ask(address, "GET", f"/v1/models?{word}", f"127.0.0.1:{address[1]}", headers)
    return answer.status, bool(ends.reached(word))


def fallback_post(address: Address, ends: FarEnds, headers: Headers = ()) -> Outcome:
    """The same with a body, as a chat."""
    word = tag()
    target = f"/v1/chat/completions?{word}"
    answer = ask(address, "POST", target, f"127.0.0.1:{address[1]}", headers, b'{"model": "gpt-x"}')
    return answer.status, bool(ends.reached(word))


def fallback_web_socket(address: Address, ends: FarEnds, headers: Headers = ()) -> Outcome:
    """A web socket to the proxy itself."""
    word = tag()
    every = (*WEB_SOCKET, *headers)
    answer = ask(address, "GET", f"/socket?{word}", f"127.0.0.1:{address[1]}", every)
    return answer.status, bool(ends.reached(word))


def host_of_another(address: Address, ends: FarEnds, headers: Headers = ()) -> Outcome:
    """As to a server, and the Host header names a host inside."""
    word = tag()
    host = f"127.0.0.1:{ends.internal.port}"
    answer = ask(address, "GET", f"/inside/{word}", host, headers)
    # The fallback may get it where that is allowed; the host inside may not.
    return answer.status, any(host == each.headers["host"] for each in ends.reached(word))


#: Through the proxy to where the client says.
THROUGH: Mapping[str, Way] = {
    way.__name__: way for way in (absolute, absolute_post, web_socket, connect, raw_tcp)
}
#: To the proxy's own address.
TO_IT: Mapping[str, Way] = {way.__name__: way for way in (fallback, fallback_post, fallback_web_socket)}
EVERY: Mapping[str, Way] = {**THROUGH, **TO_IT}


def assert_no_token(headers: Mapping[str, str]) -> None:
    """A caller's token stands in none of a request's headers, in no form."""
    shown = str(headers)
    assert TOKEN not in shown
    assert BASIC[1].partition(" ")[2] not in shown
    assert "proxy-authorization" not in headers
