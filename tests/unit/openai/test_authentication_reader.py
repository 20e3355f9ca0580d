"""Who may read the proxy's numbers, and whose."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.openai.authentication import EVERYBODY, AccessPolicy
from runway_videos.openai.local_user import Sender
from unit.openai.test_authentication import CALLERS, LOCAL, NEIGHBOUR

ADMIN = "tok-of-the-operator"


def sender(peer: str = LOCAL, host: str = "localhost:8080", **headers: str) -> Sender:
    return Sender(peer, {name.replace("_", "-"): value for name, value in headers.items()}, host=host)


def reader(policy: AccessPolicy, who: Sender) -> str | int:
    """The name, or the status of the refusal."""
    try:
        return policy.reader(who)
    except ApiError as error:
        return error.status


def bearer(token: str, peer: str = NEIGHBOUR, **more: str) -> Sender:
    return sender(peer, authorization=f"Bearer {token}", **more)


WITH_CALLERS = AccessPolicy(CALLERS, forward=False, hosts=["videos.example"], admin=ADMIN)
NO_ADMIN = AccessPolicy(CALLERS, forward=False)
ALONE = AccessPolicy((), forward=False, hosts=["videos.example"])


@pytest.mark.parametrize(
    ("who", "came"),
    [
        (sender(), "no token came"),
        (bearer(""), "no token came"),
        (bearer("tok-x"), "the token that came is none of theirs"),
        (bearer(ADMIN), "the token that came is the operator's (runway_admin), who makes no videos"),
    ],
)
def test_who_is_no_caller_is_told_what_is_wrong_with_the_token(who: Sender, came: str) -> None:
    with pytest.raises(
        ApiError, match=r"^This proxy serves known callers only, and .*\. Send yours"
    ) as caught:
        WITH_CALLERS.caller(who)
    assert came in caught.value.message


@pytest.mark.parametrize(
    ("policy", "who", "found"),
    [
        (WITH_CALLERS, bearer(ADMIN), EVERYBODY),
        (WITH_CALLERS, bearer(ADMIN, x_forwarded_for="1.2.3.4"), EVERYBODY),
        (WITH_CALLERS, bearer("tok-a"), "team-a"),
        (WITH_CALLERS, bearer("tok-a", LOCAL), "team-a"),
        (WITH_CALLERS, bearer("tok-x", LOCAL), 401),
        (WITH_CALLERS, bearer("tok-x"), 401),
        (WITH_CALLERS, sender(), EVERYBODY),
        (WITH_CALLERS, sender(NEIGHBOUR), 401),
        (WITH_CALLERS, sender(x_forwarded_for="1.2.3.4"), 401),
        # A balancer on this machine that is silent, and passes the Host on.
        (WITH_CALLERS, sender(host="videos.example"), 401),
        (NO_ADMIN, bearer(""), 401),
        (NO_ADMIN, bearer("", LOCAL), 401),
        (ALONE, sender(), EVERYBODY),
        (ALONE, bearer("sk-of-openai", LOCAL), EVERYBODY),
        (ALONE, sender(host="videos.example"), EVERYBODY),
        (ALONE, sender(NEIGHBOUR), 403),
        (ALONE, bearer(""), 403),
        (ALONE, sender(via="1.1 balancer"), 403),
        (ALONE, sender(origin="https://page.example"), 403),
    ],
)
def test_whose_numbers_are_told(policy: AccessPolicy, who: Sender, found: str | int) -> None:
    assert reader(policy, who) == found
