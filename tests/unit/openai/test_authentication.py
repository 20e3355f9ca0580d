"""Who is served: by token, or only the local user. And what other traffic may pass."""

from __future__ import annotations

import contextlib
import hmac
from inspect import signature

import pytest

from runway_videos.config.caller_options import Caller
from runway_videos.errors import ApiError
from runway_videos.openai import access_refusals
from runway_videos.openai.authentication import LOCAL_USER, AccessPolicy
from runway_videos.openai.local_user import Sender

CALLERS = (Caller("team-a", "tok-a"), Caller("team-b", "tok,b="), Caller("team-c", "tok-c"))
LOCAL = "127.0.0.1"
NEIGHBOUR = "192.168.1.20"


# By token


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"authorization": "Bearer tok-a"}, "team-a"),
        ({"authorization": "bearer tok-a"}, "team-a"),
        ({"authorization": "BEARER   tok-a  "}, "team-a"),
        ({"authorization": "Bearer tok,b="}, "team-b"),
        ({"authorization": "tok-c"}, "team-c"),
        ({"api-key": "tok-c"}, "team-c"),
        ({"api-key": " tok-c "}, "team-c"),
        ({"api-key": "Bearer tok-c"}, "team-c"),
        ({"authorization": "Bearer sk-of-openai", "api-key": "tok-b, no", "x": "y"}, None),
        ({"authorization": "Bearer sk-of-openai", "api-key": "tok-a"}, "team-a"),
        ({"authorization": "Bearer tok-a", "api-key": "tok-c"}, "team-a"),
        ({}, None),
        ({"authorization": ""}, None),
        ({"authorization": "Bearer"}, None),
        ({"authorization": "Bearer "}, None),
        ({"authorization": "Bearer tok"}, None),
        ({"authorization": "Bearer tok-a2"}, None),
        ({"authorization": "Bearer TOK-A"}, None),
        ({"authorization": "Bearer\ttok-a"}, "team-a"),
        ({"authorization": " Bearer \t tok-a\t"}, "team-a"),
        ({"authorization": "Basic tok-a"}, None),
        ({"authorization": "Bearer Bearer tok-a"}, None),
        ({"authorization": "Bearer tok-a, Bearer tok-a"}, None),
        ({"authorization": "Bearer tok-a, Bearer tok-c"}, None),
        ({"authorization": "Bearer tök"}, None),
        ({"authorization": "Bearer \udcff\udc00"}, None),
        ({"authorization": "Bearer " + "x" * 100_000}, None),
        ({"x-api-key": "tok-a"}, None),
        ({"cookie": "tok-a"}, None),
    ],
)
@pytest.mark.parametrize("peer", [LOCAL, NEIGHBOUR, ""])
def test_with_callers_the_token_alone_decides(peer: str, headers: dict[str, str], name: str | None) -> None:
    # A balancer's headers mean nothing then: that is what callers are for.
    headers = headers | {"x-forwarded-for": "1.2.3.4", "via": "1.1 lb"}
    policy = AccessPolicy(CALLERS, forward=False)
    if name is not None:
        assert policy.caller(Sender(peer, headers)) == name
        return
    with pytest.raises(ApiError) as caught:
        policy.caller(Sender(peer, headers))
    error = caught.value
    assert (error.status, error.type, error.code) == (401, "invalid_request_error", "invalid_api_key")
    assert "Authorization: Bearer <token>" in error.message
    for secret in ("tok", "sk-of"):
        assert secret not in error.message.replace("token", "")


def test_every_token_is_compared_in_constant_time() -> None:
    compared: list[tuple[int, int]] = []

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return hmac.compare_digest(one, other)

    assert signature(AccessPolicy).parameters["equal"].default is hmac.compare_digest
    policy = AccessPolicy(CALLERS, forward=False, equal=spy)
    for token in ("tok-a", "tok-c", "no", "a much longer token than any"):
        compared.clear()
        with contextlib.suppress(ApiError):
            policy.caller(Sender(LOCAL, {"authorization": f"Bearer {token}"}))
        # All of them, whichever matches, and of one length: digests.
        assert compared == [(32, 32)] * len(CALLERS)


def test_a_gate_holds_no_token() -> None:
    policy = AccessPolicy(CALLERS, forward=False)
    assert "tok-a" not in repr(vars(policy))


# By address


def test_without_callers_the_local_user_is_served_with_any_token() -> None:
    policy = AccessPolicy((), forward=False)
    for headers in ({}, {"authorization": "Bearer sk-anything"}, {"host": "api.openai.com"}):
        assert policy.caller(Sender(LOCAL, headers)) == LOCAL_USER
    assert policy.caller(Sender("::1", {"sec-fetch-site": "same-origin"})) == LOCAL_USER
    assert policy.caller(Sender("::1", {"sec-fetch-site": "none"})) == LOCAL_USER


@pytest.mark.parametrize("peer", [NEIGHBOUR, "::ffff:192.168.1.20", "", "172.17.0.1"])
@pytest.mark.parametrize("forward", [False, True])
def test_without_callers_nobody_else_is_and_the_operator_learns_why(peer: str, forward: bool) -> None:
    with pytest.raises(ApiError) as caught:
        AccessPolicy((), forward).caller(Sender(peer, {"authorization": "Bearer tok-a"}))
    error = caught.value
    assert (error.status, error.code) == (403, "callers_required")
    assert "the request is not from this machine" in error.message
    assert "must set runway_callers in mitm.conf" in error.message


# Other traffic


def test_the_refusals_of_other_traffic() -> None:
    error = access_refusals.no_forwarding()
    assert (error.status, error.code) == (403, "forwarding_disabled")
    assert "runway_forward: true" in error.message
