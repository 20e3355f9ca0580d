"""In front of a gateway of the operator's: its traffic goes to it and nowhere else, its keys untouched."""

from __future__ import annotations

import pytest

from end_to_end.access import attacks
from end_to_end.access.attacks import BASIC, assert_no_token
from end_to_end.access.conftest import Proxies
from end_to_end.access.modes import BEARER, TOKEN, FarEnds, ManyModes, tag
from wire import ask

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("callers", [True, False], ids=["callers", "no callers"])
def test_a_reverse_target_gets_its_traffic_and_no_other_host_does(
    proxies: Proxies, ends: FarEnds, callers: bool
) -> None:
    address = proxies(callers, False).at("reverse")
    theirs = ("Authorization", "Bearer sk-of-the-gateway")
    inside = f"127.0.0.1:{ends.internal.port}"
    own = f"127.0.0.1:{address[1]}"
    targets = [("/{}", own), (f"http://{inside}/{{}}", own)]
    # Without callers a Host that is not this machine's is somebody else's.
    targets += [("/{}", "api.openai.com"), ("/{}", inside)]
    for target, host in targets:
        word = tag()
        answer = ask(address, "GET", target.format(word), host, (theirs, ("X-Own", "kept")))
        assert answer.status == 200, (target, host)
        (asked,) = ends.reached(word)
        assert asked in ends.target.requests
        assert asked.headers["authorization"] == theirs[1]
        assert asked.headers["x-own"] == "kept"
        assert asked.headers["host"] == f"127.0.0.1:{ends.target.port}"


def test_a_reverse_target_sees_no_token_of_ours(closed: ManyModes, opened: ManyModes, ends: FarEnds) -> None:
    for proxy in (closed, opened):
        word = tag()
        headers = (BEARER, BASIC, ("api-key", TOKEN))
        assert ask(proxy.at("reverse"), "GET", f"/{word}", headers=headers).status == 200
        (asked,) = ends.reached(word)
        assert_no_token(asked.headers)


def test_no_tunnel_in_front_of_a_gateway(proxies: Proxies, ends: FarEnds) -> None:
    for callers in (True, False):
        address = proxies(callers, False).at("reverse")
        for attack in (attacks.connect, attacks.raw_tcp):
            status, arrived = attack(address, ends, ())
            assert not arrived
            assert status >= 400 or status == 0
