"""Without callers the local user alone is served: by the names of this machine, and with no sign of others.

A balancer that says nothing of itself, and a web page whose name points here, are told by Host and version.
"""

from __future__ import annotations

import pytest

from balancers import haproxy, needs_haproxy, needs_nginx, nginx
from end_to_end.access.attacks import EVERY, THROUGH, TO_IT
from end_to_end.access.modes import MODES, PROXY_MODES, VIDEO_HOST, FarEnds, ManyModes, tag
from end_to_end.conftest import Folders
from faulty.balancer import Balancer as ReadmeBalancer
from wire import Address, Answer, Headers, ask, connect, send

pytestmark = pytest.mark.slow

JSON = ("Content-Type", "application/json")

#: What balancers, clouds and web pages put into requests.
SIGNS: list[Headers] = [
    [("Forwarded", "for=192.0.2.1")],
    [("Via", "1.1 balancer")],
    [("X-Forwarded-For", "192.0.2.1")],
    [("X-Forwarded-Proto", "https")],
    [("X-Forwarded-Host", "a.example")],
    [("X-Original-Forwarded-For", "192.0.2.1")],
    [("X-Real-IP", "192.0.2.1")],
    [("X-Client-IP", "192.0.2.1")],
    [("X-Cluster-Client-IP", "192.0.2.1")],
    [("X-Envoy-External-Address", "192.0.2.1")],
    [("X-Envoy-Expected-Rq-Timeout-Ms", "15000")],
    [("X-Envoy-Attempt-Count", "1")],
    [("Fastly-Client-IP", "192.0.2.1")],
    [("Fly-Client-IP", "192.0.2.1")],
    [("CF-Connecting-IP", "192.0.2.1")],
    [("True-Client-IP", "192.0.2.1")],
    [("X-Azure-ClientIP", "192.0.2.1")],
    [("X-Azure-SocketIP", "192.0.2.1")],
    [("X-Azure-FDID", "a2b1")],
    [("Origin", "https://a.example")],
    [("Origin", "null")],
    [("Sec-Fetch-Site", "cross-site")],
    [("Sec-Fetch-Site", "same-site")],
    [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
    [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "none")],
]

#: Hosts that name this machine, `{}` its port.
OWN = ["localhost:{}", "localhost", "LocalHost:{}", "127.0.0.1:{}", "127.0.0.1", "127.0.0.2:{}", "[::1]:{}"]
#: Hosts that somebody else may have made to point here.
FOREIGN = [
    "videos.example.com",
    "evil.example:{}",
    "localhost.evil.example:{}",
    "127.0.0.1.evil.example",
    "192.0.2.77:{}",
    "0.0.0.0:{}",
    "[2001:db8::1]",
]


def create(address: Address, host: str | None, headers: Headers = (), version: str = "1.1") -> Answer:
    body = b'{"prompt": "whose is it"}'
    return ask(address, "POST", "/v1/videos", host, (JSON, *headers), body, version)


def own(address: Address) -> str:
    return f"{address[0]}:{address[1]}"


def refused_in_words(answer: Answer) -> bool:
    """Whether it is a refusal that says what the operator has to do."""
    return answer.status == 403 and "runway_callers" in answer.error["message"]


@pytest.mark.parametrize("sign", SIGNS, ids=str)
def test_a_sign_of_somebody_else(local: ManyModes, ends: FarEnds, sign: Headers) -> None:
    before = ends.count()
    for mode in MODES:
        address = local.at(mode)
        assert refused_in_words(create(address, own(address), sign)), mode
        assert refused_in_words(ask(address, "GET", "/v1/videos/video_rw_x", own(address), sign)), mode
        for name, way in (TO_IT if mode == "reverse" else EVERY).items():
            status, arrived = way(address, ends, sign)
            assert (status, arrived) == (403, False), (mode, name)
    assert ends.count() == before


def test_no_sign(local: ManyModes, ends: FarEnds) -> None:
    """The local user gets everything, so that the refusals above are of the signs."""
    for mode in MODES:
        assert create(local.at(mode), own(local.at(mode))).status == 200
        for name, way in (TO_IT if mode == "reverse" else EVERY).items():
            _, arrived = way(local.at(mode), ends, ())
            assert arrived, (mode, name)


@pytest.mark.parametrize("host", OWN)
def test_a_host_of_this_machine(local: ManyModes, ends: FarEnds, host: str) -> None:
    for mode in MODES:
        address = local.at(mode)
        named = host.format(address[1])
        assert create(address, named).status == 200, mode
        word = tag()
        assert ask(address, "GET", f"/v1/models?{word}", named).status == 200, mode
        assert ends.reached(word)


@pytest.mark.parametrize("host", ["api.openai.com", VIDEO_HOST, f"{VIDEO_HOST}:8080"])
def test_a_host_of_runway_hosts(local: ManyModes, host: str) -> None:
    for mode in MODES:
        assert create(local.at(mode), host).status == 200, mode


@pytest.mark.parametrize("host", FOREIGN)
def test_a_host_of_somebody_else(local: ManyModes, ends: FarEnds, host: str) -> None:
    before = ends.count()
    for mode in MODES:
        address = local.at(mode)
        named = host.format(address[1])
        assert refused_in_words(create(address, named)), mode
        # A web page sends no Origin with a GET, and says that it is its own.
        page = [("Sec-Fetch-Site", "same-origin")]
        for headers in ((), page):
            assert ask(address, "GET", "/v1/models", named, headers).status == 403, mode
            assert refused_in_words(ask(address, "GET", "/v1/videos/video_rw_x", named, headers)), mode
    assert ends.count() == before


def test_the_second_request_of_a_page(local: ManyModes, ends: FarEnds) -> None:
    """Each request's Host is looked at, not the connection's first."""
    before = ends.count()[2]
    for mode in MODES:
        address = local.at(mode)
        with connect(address) as connection:
            assert send(connection, "GET", "/v1/models", own(address)).status == 200
            answer = send(connection, "POST", "/v1/videos", "evil.example", [JSON], b'{"prompt": "x"}')
            assert refused_in_words(answer), mode
    assert ends.count()[2] == before


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost", None], ids=str)
def test_http_1_0(local: ManyModes, ends: FarEnds, host: str | None) -> None:
    before = ends.count()
    for mode in MODES:
        address = local.at(mode)
        named = host and host.format(address[1])
        if mode == "reverse" or host is not None:
            assert refused_in_words(create(address, named, version="1.0")), mode
            assert ask(address, "GET", "/v1/models", named, version="1.0").status == 403, mode
        else:
            # mitmproxy itself refuses what names no host.
            assert create(address, named, version="1.0").status in (400, 403)
    inside = f"127.0.0.1:{ends.internal.port}"
    for mode in PROXY_MODES:
        assert ask(local.at(mode), "GET", f"http://{inside}/", inside, version="1.0").status == 403
        assert ask(local.at(mode), "CONNECT", inside, inside, version="1.0").status == 403
    assert ends.count() == before


def test_http_1_0_of_a_caller(closed: ManyModes) -> None:
    known = [("Authorization", "Bearer token-of-app-1")]
    for mode in MODES:
        assert create(closed.at(mode), own(closed.at(mode)), known, "1.0").status == 200
        assert create(closed.at(mode), own(closed.at(mode)), (), "1.0").status == 401


# Real balancers on this machine: their peer is loopback


@needs_nginx
@pytest.mark.parametrize("mode", MODES)
def test_the_smallest_nginx(local: ManyModes, folder: Folders, ends: FarEnds, mode: str) -> None:
    before = ends.count()
    with nginx(folder(), local.at(mode)[1]) as front:
        refused_by(("127.0.0.1", front.port), ends, "videos.example.com", "localhost")
    assert ends.count() == before


@needs_nginx
@pytest.mark.parametrize("mode", MODES)
def test_nginx_that_passes_host_on(local: ManyModes, folder: Folders, ends: FarEnds, mode: str) -> None:
    before = ends.count()
    lines = ("proxy_http_version 1.1;", "proxy_set_header Host $http_host;")
    with nginx(folder(), local.at(mode)[1], *lines) as front:
        refused_by(("127.0.0.1", front.port), ends, "videos.example.com")
    assert ends.count() == before


@needs_haproxy
@pytest.mark.parametrize("mode", MODES)
def test_haproxy_that_says_nothing(local: ManyModes, folder: Folders, ends: FarEnds, mode: str) -> None:
    before = ends.count()
    with haproxy(folder(), local.at(mode)[1]) as front:
        refused_by(("127.0.0.1", front.port), ends, "videos.example.com")
    assert ends.count() == before


@needs_haproxy
@pytest.mark.parametrize("mode", MODES)
def test_readmes_haproxy(local: ManyModes, folder: Folders, ends: FarEnds, mode: str) -> None:
    """It says for whom it asks, whatever the Host."""
    before = ends.count()
    with ReadmeBalancer(folder(), [local.at(mode)[1]] * 2) as front:
        address = ("127.0.0.1", front.port)
        refused_by(address, ends, "videos.example.com", "localhost")
        if mode in PROXY_MODES:
            for name, way in THROUGH.items():
                assert way(address, ends, ()) == (403, False), name
    assert ends.count() == before


def refused_by(address: Address, ends: FarEnds, *hosts: str) -> None:
    for host in hosts:
        assert refused_in_words(create(address, host)), host
        assert refused_in_words(ask(address, "GET", "/v1/videos/video_rw_x", host)), host
        word = tag()
        assert ask(address, "GET", f"/v1/models?{word}", host).status == 403, host
        assert not ends.reached(word)
