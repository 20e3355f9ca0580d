"""What other traffic may pass: by way, token and tunnel."""

from __future__ import annotations

import base64
import contextlib

import pytest

from runway_videos.config.caller_options import Caller
from runway_videos.errors import ApiError
from runway_videos.openai.authentication import AccessPolicy, Way
from runway_videos.openai.local_user import Sender

CALLERS = (Caller("team-a", "tok-a"), Caller("team-b", "tok,b="), Caller("team-c", "tok-c"))
LOCAL = "127.0.0.1"
NEIGHBOUR = "192.168.1.20"


BEARER = {"authorization": "Bearer tok-a"}
AT_PROXY = {"proxy-authorization": "Bearer tok-a"}


@pytest.mark.parametrize("peer", [LOCAL, NEIGHBOUR])
@pytest.mark.parametrize(
    ("forward", "way", "headers", "tunnel", "status"),
    [
        # Nothing but video calls, for anybody; a reverse target's own traffic is the target's.
        *((False, way, BEARER | AT_PROXY, None, 403) for way in (Way.PROXY, Way.OWN, Way.ROUTED)),
        (False, Way.PROXY, AT_PROXY, True, 403),
        (False, Way.TARGET, {}, None, None),
        (True, Way.TARGET, {}, None, None),
        (True, Way.ROUTED, {}, None, None),
        (True, Way.OWN, {}, None, 401),
        (True, Way.OWN, AT_PROXY, None, 401),
        (True, Way.OWN, BEARER, None, None),
        (True, Way.PROXY, {}, None, 407),
        (True, Way.PROXY, BEARER, None, 407),
        (True, Way.PROXY, AT_PROXY, None, None),
        # In a tunnel: as its CONNECT was.
        (True, Way.PROXY, {}, True, None),
        (True, Way.PROXY, BEARER, False, 403),
        (True, Way.PROXY, AT_PROXY, False, None),
    ],
)
def test_other_traffic_with_callers(
    forward: bool, way: Way, headers: dict[str, str], tunnel: bool | None, status: int | None, peer: str
) -> None:
    policy, sender = AccessPolicy(CALLERS, forward), Sender(peer, headers, tunnel=tunnel)
    if status is None:
        policy.check_other(way, sender)
        return
    with pytest.raises(ApiError) as caught:
        policy.check_other(way, sender)
    assert caught.value.status == status
    assert "tok-" not in caught.value.message


@pytest.mark.parametrize("forward", [False, True])
@pytest.mark.parametrize("way", list(Way))
def test_other_traffic_without_callers_is_the_local_users(way: Way, forward: bool) -> None:
    policy = AccessPolicy((), forward)
    policy.check_other(way, Sender(LOCAL, {}))
    for sender in (
        Sender(NEIGHBOUR, {}),
        Sender(LOCAL, {"via": "1.1 lb"}),
        Sender(LOCAL, {}, http_1_0=True),
        Sender(LOCAL, {}, tunnel=False),
        Sender(LOCAL, {}, host="evil.example"),
    ):
        if forward and way is Way.ROUTED:
            policy.check_other(way, sender)
            continue
        with pytest.raises(ApiError) as caught:
            policy.check_other(way, sender)
        assert (caught.value.status, caught.value.code) == (403, "forwarding_disabled")
        assert "runway_callers" in caught.value.message


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("Bearer tok-a", True),
        ("bearer  tok-a ", True),
        ("Bearer\ttok-a", True),
        ("Basic \t" + base64.b64encode(b"app:tok-a").decode(), True),
        ("Basic " + base64.b64encode(b"app:tok-a").decode(), True),
        ("BASIC " + base64.b64encode(b":tok,b=").decode(), True),
        ("Basic " + base64.b64encode(b"tok-a:").decode(), False),
        ("Basic " + base64.b64encode(b"tok-a").decode(), False),
        ("Basic " + base64.b64encode(b"app:tok-a:").decode(), False),
        ("Basic " + base64.b64encode(b"app:\xff").decode(), False),
        ("Basic tok-a", False),
        ("Basic \udcff*", False),
        ("Bearer", False),
        ("Bearer tok-a, Bearer tok-a", False),
        ("tok-a", False),
        ("Digest tok-a", False),
        ("", False),
    ],
)
def test_a_token_at_the_proxy(value: str, known: bool) -> None:
    sender = Sender(LOCAL, {"proxy-authorization": value})
    policy = AccessPolicy(CALLERS, forward=True)
    assert policy.knows(sender) is known
    with contextlib.nullcontext() if known else pytest.raises(ApiError):
        policy.check_other(Way.PROXY, sender)


def test_who_is_known() -> None:
    assert AccessPolicy(CALLERS, forward=False).knows(Sender(NEIGHBOUR, BEARER))
    assert not AccessPolicy(CALLERS, forward=False).knows(Sender(LOCAL, {}))
    assert AccessPolicy((), forward=False).knows(Sender(LOCAL, {}))
    assert not AccessPolicy((), forward=False).knows(Sender(NEIGHBOUR, BEARER | AT_PROXY))
