"""With callers nobody gets other traffic through the proxy, this machine's own balancers included.

With runway_forward a caller's token opens it, in the header that belongs to the way, and goes no further.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from asking import curl, needs_curl
from balancers import haproxy, needs_haproxy, needs_nginx, nginx
from end_to_end.access import attacks
from end_to_end.access.attacks import BASIC, EVERY, PROXY_BEARER, THROUGH, TO_IT, assert_no_token
from end_to_end.access.modes import BEARER, PROXY_MODES, TOKEN, VIDEO_HOST, FarEnds, ManyModes, tag
from end_to_end.conftest import Folders
from faulty.balancer import Balancer as ReadmeBalancer
from wire import Address, Headers, ask, connect, send

pytestmark = pytest.mark.slow

#: The ways in to a mode of a proxy, by name.
type Front = Callable[[ManyModes, str, str], Address]

WAYS_IN = [
    "directly",
    pytest.param("README's HAProxy", marks=needs_haproxy),
    pytest.param("a silent HAProxy", marks=needs_haproxy),
]
WITHOUT: list[tuple[str, Headers]] = [
    ("nothing", ()),
    ("a wrong token", (("Proxy-Authorization", "Bearer wrong"), ("Authorization", "Bearer wrong"))),
    ("an empty password", (("Proxy-Authorization", "Basic " + base64.b64encode(b"app:").decode()),)),
    ("no base64", (("Proxy-Authorization", "Basic \xff*"),)),
]


@pytest.fixture(scope="module")
def front(folder: Folders) -> Iterator[Front]:
    """Balancers, started when they are first asked for."""
    started: dict[tuple[int, str], Address] = {}
    with ExitStack() as stack:

        def get(proxy: ManyModes, mode: str, way: str) -> Address:
            address = proxy.at(mode)
            if way == "directly":
                return address
            if (address[1], way) not in started:
                if way == "README's HAProxy":
                    port = stack.enter_context(ReadmeBalancer(folder(), [address[1]] * 2)).port
                else:
                    port = stack.enter_context(haproxy(folder(), address[1])).port
                started[address[1], way] = ("127.0.0.1", port)
            return started[address[1], way]

        yield get


@pytest.mark.parametrize("way_in", WAYS_IN)
@pytest.mark.parametrize("mode", PROXY_MODES)
@pytest.mark.parametrize("attack", EVERY)
def test_nothing_passes(
    closed: ManyModes, front: Front, ends: FarEnds, attack: str, mode: str, way_in: str
) -> None:
    before = ends.count()
    address = front(closed, mode, way_in)
    for headers in ((), (BEARER,), (PROXY_BEARER,), (BASIC,)):
        status, arrived = EVERY[attack](address, ends, headers)
        assert not arrived, headers
        assert status == 403, headers
    assert ends.count() == before


@pytest.mark.parametrize("way_in", WAYS_IN)
@pytest.mark.parametrize("mode", PROXY_MODES)
@pytest.mark.parametrize("attack", THROUGH)
def test_forwarding_needs_a_token(
    opened: ManyModes, front: Front, ends: FarEnds, attack: str, mode: str, way_in: str
) -> None:
    before = ends.count()
    address = front(opened, mode, way_in)
    # A token in Authorization is for where the traffic goes, and opens nothing.
    for _, headers in [*WITHOUT, ("the other header", (BEARER,))]:
        status, arrived = THROUGH[attack](address, ends, headers)
        assert not arrived, headers
        assert status == 407, headers
    assert ends.count() == before


@pytest.mark.parametrize("way_in", WAYS_IN)
@pytest.mark.parametrize("mode", PROXY_MODES)
@pytest.mark.parametrize("attack", TO_IT)
def test_the_fallback_needs_a_token(
    opened: ManyModes, front: Front, ends: FarEnds, attack: str, mode: str, way_in: str
) -> None:
    before = ends.count()
    address = front(opened, mode, way_in)
    for _, headers in [*WITHOUT, ("the other header", (PROXY_BEARER,))]:
        status, arrived = TO_IT[attack](address, ends, headers)
        assert not arrived, headers
        assert status == 401, headers
    assert ends.count() == before


@pytest.mark.parametrize("mode", PROXY_MODES)
@pytest.mark.parametrize("header", [PROXY_BEARER, BASIC], ids=["Bearer", "Basic"])
@pytest.mark.parametrize("way", THROUGH)
def test_a_caller_may_forward(
    opened: ManyModes, ends: FarEnds, way: str, header: tuple[str, str], mode: str
) -> None:
    mark = ends.mark()
    _, arrived = THROUGH[way](opened.at(mode), ends, (header, BEARER, ("X-Own", "kept")))
    assert arrived
    for asked in ends.since(mark):
        assert_no_token(asked.headers)
        if asked.method != "CONNECT" and way != "connect":
            assert asked.headers["x-own"] == "kept"


def test_the_key_of_the_other_service_goes_on(opened: ManyModes, ends: FarEnds) -> None:
    theirs = ("Authorization", "Bearer sk-of-the-other-service")
    word, host = tag(), f"127.0.0.1:{ends.internal.port}"
    answer = ask(opened.at("regular"), "GET", f"http://{host}/{word}", host, (BASIC, theirs))
    assert answer.status == 200
    (asked,) = ends.reached(word)
    assert asked.headers["authorization"] == theirs[1]
    assert_no_token(asked.headers)


@pytest.mark.parametrize("mode", PROXY_MODES)
@pytest.mark.parametrize("way", TO_IT)
def test_a_caller_may_use_the_fallback(opened: ManyModes, ends: FarEnds, way: str, mode: str) -> None:
    mark = ends.mark()
    _, arrived = TO_IT[way](opened.at(mode), ends, (BEARER,))
    assert arrived
    for asked in ends.since(mark):
        assert_no_token(asked.headers)
    if mode == "upstream":
        # The next proxy is told where it goes, as any proxy has to be.
        assert ends.next_proxy.requests[-1].path.startswith(f"{ends.fallback.url}/")


@pytest.mark.parametrize("mode", PROXY_MODES)
def test_a_host_header_of_the_proxys_own_opens_nothing(
    closed: ManyModes, opened: ManyModes, ends: FarEnds, mode: str
) -> None:
    assert attacks.misnamed(closed.at(mode), ends) == (403, False)
    assert attacks.misnamed(opened.at(mode), ends, (BEARER,)) == (407, False)
    assert attacks.misnamed(opened.at(mode), ends, (BASIC,)) == (200, True)


def test_a_host_inside_is_not_reached_by_its_name(
    local: ManyModes, closed: ManyModes, opened: ManyModes, ends: FarEnds
) -> None:
    for proxy in (local, closed, opened):
        for mode in PROXY_MODES:
            for headers in ((), (BEARER,), (BASIC,)):
                _, arrived = attacks.host_of_another(proxy.at(mode), ends, headers)
                assert not arrived


def test_each_request_needs_its_token(opened: ManyModes, ends: FarEnds) -> None:
    words, host = [tag(), tag()], f"127.0.0.1:{ends.internal.port}"
    targets = [f"http://{host}/{word}" for word in words]
    with connect(opened.at("regular")) as connection:
        assert send(connection, "GET", targets[0], host, (BASIC,)).status == 200
        # A balancer may have put another client's request behind it.
        assert send(connection, "GET", targets[1], host).status == 407
    assert not ends.reached(words[1])


def test_407_says_how(opened: ManyModes, ends: FarEnds) -> None:
    host = f"127.0.0.1:{ends.internal.port}"
    for method, target in (("GET", f"http://{host}/"), ("CONNECT", host)):
        answer = ask(opened.at("regular"), method, target, host)
        assert answer.status == 407
        assert answer.headers["proxy-authenticate"].lower().startswith("basic ")


@needs_curl
@pytest.mark.parametrize("tunnel", [(), ("-p",)], ids=["", "-p"])
def test_curl_with_the_token_in_its_proxy(opened: ManyModes, ends: FarEnds, tunnel: tuple[str, ...]) -> None:
    host, port = opened.at("regular")
    word = tag()
    url = f"http://127.0.0.1:{ends.internal.port}/{word}"
    through = (*tunnel, "-x", f"http://app:{TOKEN}@{host}:{port}", url)
    # 127.0.0.1 is asked directly where curl is not told otherwise.
    assert b'"origin": true' in curl("--noproxy", "", *through).stdout
    (asked,) = ends.reached(word)
    assert_no_token(asked.headers)


def test_a_tunnel_to_a_video_host_is_for_video_calls(closed: ManyModes, ends: FarEnds) -> None:
    """Its calls carry their token themselves: whoever sets HTTPS_PROXY alone is served."""
    before = ends.count()
    for mode in PROXY_MODES:
        with connect(closed.at(mode)) as connection:
            assert send(connection, "CONNECT", f"{VIDEO_HOST}:80", f"{VIDEO_HOST}:80").status == 200
            known = (BEARER, ("Content-Type", "application/json"))
            made = send(connection, "POST", "/v1/videos", VIDEO_HOST, known, b'{"prompt": "it"}')
            assert made.status == 200
            unknown = known[1:]
            refused = send(connection, "POST", "/v1/videos", VIDEO_HOST, unknown, b'{"prompt": "it"}')
            assert refused.status == 401
            other = send(connection, "GET", "/v1/models", VIDEO_HOST, (BEARER,))
            assert other.status == 403
    requests, raw, made_tasks = ends.count()
    assert (requests, raw, made_tasks) == (before[0], before[1], before[2] + len(PROXY_MODES))


def test_nothing_but_http_in_a_tunnel_to_a_video_host(folder: Folders, ends: FarEnds) -> None:
    before = len(ends.raw.received)
    with ManyModes(folder(), ends, callers=True, runway_hosts=["127.0.0.1"]) as proxy:
        for mode in PROXY_MODES:
            status, arrived = attacks.raw_tcp(proxy.at(mode), ends)
            assert (status, arrived) == (200, False), mode
    assert len(ends.raw.received) == before


@needs_nginx
def test_nginx_in_front(closed: ManyModes, folder: Folders, ends: FarEnds) -> None:
    """It makes every target a path, but passes Host on where it is told to."""
    before = ends.count()
    for mode in PROXY_MODES:
        lines = ("proxy_http_version 1.1;", "proxy_set_header Host $http_host;")
        with nginx(folder(), closed.at(mode)[1], *lines) as front:
            for name in ("absolute", "fallback", "fallback_post"):
                status, arrived = EVERY[name](("127.0.0.1", front.port), ends, ())
                assert (status, arrived) == (403, False), name
            assert not attacks.host_of_another(("127.0.0.1", front.port), ends)[1]
    assert ends.count() == before


def test_refused_forwards_are_in_the_log_once_a_minute(closed: ManyModes, ends: FarEnds) -> None:
    lines = []
    for _ in range(2):
        for attack in EVERY.values():
            attack(closed.at("regular"), ends, ())
        lines.append(len(re.findall(r"(?im)^.*refused.*127\.0\.0\.1.*$", closed.log)))
    # One for each kind of traffic, and none for the second time.
    assert 1 <= lines[0] <= len(EVERY)
    assert lines[1] == lines[0]
