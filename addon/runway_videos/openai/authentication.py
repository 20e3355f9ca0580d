"""Who may use the proxy, and for what.

With `runway_callers` a token decides. Without, only the local user is served, see `local_user`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from runway_videos.config.caller_options import Caller
from runway_videos.errors import ApiError
from runway_videos.openai.access_refusals import (
    no_forwarding,
    no_local_forwarding,
    no_proxy_token,
    unknown_caller,
)
from runway_videos.openai.local_user import Sender, why_not_local
from runway_videos.openai.routes import NUMBERS, PROBES, Operation

#: The owner's name where there are no callers.
LOCAL_USER = ""
#: Who reads the numbers of all callers.
EVERYBODY = ""
#: A body larger than this is not read from a client that is turned away.
LARGEST_UNINVITED_BODY = 1 << 20

_TOKEN_HEADERS = ("authorization", "api-key")
_PROXY_HEADER = "proxy-authorization"


class Way(Enum):
    """How other traffic, which is no video call, comes and where it wants to go."""

    PROXY = "traffic through the proxy"
    OWN = "calls to the proxy itself"
    ROUTED = "transparent traffic"
    TARGET = "calls to the reverse target"


class AccessPolicy:
    """Decides by token, or by who is the local user where no tokens are set."""

    def __init__(
        self,
        callers: Iterable[Caller],
        forward: bool,
        hosts: Iterable[str] = (),
        equal: Callable[[bytes, bytes], bool] = hmac.compare_digest,
        admin: str = "",
    ) -> None:
        """`hosts` are names by which the local user may speak to the proxy; `equal` compares digests
        in a time that does not tell how far they are alike. `admin` is the operator's token, if any."""
        self._callers = [(caller.name, _digest(caller.value)) for caller in callers]
        self._forward = forward
        self._equal = equal
        self._admin = _digest(admin) if admin else None
        self._hosts = frozenset(hosts)

    def caller(self, sender: Sender) -> str:
        """The caller's name. Raises ApiError 401 or 403."""
        if self._callers:
            for token in _tokens(sender.headers):
                if (name := self._name_of(token)) is not None:
                    return name
            raise self._unknown_caller(sender)
        why = why_not_local(sender, self._hosts)
        if why is None:
            return LOCAL_USER
        raise ApiError(
            403,
            f"Without runway_callers this proxy serves only the local user, and {why}. The "
            "operator must set runway_callers in mitm.conf, a name and a token for each caller.",
            code="callers_required",
        )

    def asker(self, sender: Sender, operation: Operation) -> str:
        """Who asks for an operation, by name. Raises ApiError for who may not."""
        if operation in PROBES:
            return EVERYBODY
        if operation is Operation.PROVIDERS:
            return self._operator(sender)
        return self.reader(sender) if operation in NUMBERS else self.caller(sender)

    def _operator(self, sender: Sender) -> str:
        """The operator, by the token alone: also from this machine. Raises ApiError 401."""
        if self._has_admin_token(sender):
            return LOCAL_USER
        raise ApiError(
            401,
            "Keys are changed with the operator's token (runway_admin), as 'Authorization: Bearer <token>'.",
            type="invalid_request_error",
            code="admin_required",
        )

    def _has_admin_token(self, sender: Sender) -> bool:
        admin = self._admin
        return admin is not None and any(
            self._equal(_digest(each), admin) for each in _tokens(sender.headers)
        )

    def _unknown_caller(self, sender: Sender) -> ApiError:
        if self._has_admin_token(sender):
            came = "the token that came is the operator's (runway_admin), who makes no videos"
        else:
            came = (
                "the token that came is none of theirs" if any(_tokens(sender.headers)) else "no token came"
            )
        return unknown_caller(came)

    def reader(self, sender: Sender) -> str:
        """Whose numbers the sender may read: a caller's, by name, or with `EVERYBODY` all of them.

        All are for the operator's token and for the local user. A balancer on this machine may be
        silent, so with callers an address of `hosts` is not the local user's. Raises ApiError 401 or 403.
        """
        tokens = _tokens(sender.headers)
        for token in tokens:
            if self._admin is not None and self._equal(_digest(token), self._admin):
                return EVERYBODY
            if (name := self._name_of(token)) is not None:
                return name
        if self._callers and tokens:
            raise self._unknown_caller(sender)
        why = why_not_local(sender, () if self._callers else self._hosts)
        if why is None:
            return EVERYBODY
        raise ApiError(
            401 if self._callers or self._admin is not None else 403,
            f"These numbers are for the local user, and {why}. From elsewhere they need the operator's "
            "token (runway_admin), or a caller's for its own, as 'Authorization: Bearer <token>'.",
            code="admin_required",
        )

    def name_of(self, sender: Sender) -> str:
        """The caller's name, "" where that is not known."""
        try:
            return self.caller(sender)
        except ApiError:
            return ""

    def knows(self, sender: Sender) -> bool:
        """Whether the sender is a caller, or the local user where there are no callers."""
        return self.may_call(sender) or self._knows_at_proxy(sender)

    def may_call(self, sender: Sender) -> bool:
        """Whether the sender's video calls are served."""
        try:
            self.caller(sender)
        except ApiError:
            return False
        return True

    def check_other(self, way: Way, sender: Sender) -> None:
        """Other traffic may pass. Raises ApiError 401, 403 or 407 where it may not."""
        if not self._callers:
            if way is Way.ROUTED and self._forward:
                return
            why = why_not_local(sender, self._hosts)
            if why is not None:
                raise no_local_forwarding(why)
        elif way is Way.TARGET:
            return
        elif not self._forward:
            raise no_forwarding()
        elif way is Way.OWN:
            self.caller(sender)
        elif way is Way.PROXY and not sender.tunnel and not self._knows_at_proxy(sender):
            raise no_proxy_token(tunnel=sender.tunnel is False)

    def may_pass_raw(self, way: Way, local: bool) -> bool:
        """Whether what is no HTTP may pass outside of a tunnel: it can show no token.

        `local`: it comes from this machine.
        """
        if way is Way.ROUTED and self._forward:
            return True
        return way is Way.TARGET if self._callers else local

    def _knows_at_proxy(self, sender: Sender) -> bool:
        token = _proxy_token(sender.headers.get(_PROXY_HEADER, ""))
        return bool(token) and self._name_of(token) is not None

    def _name_of(self, token: str) -> str | None:
        # Every caller is compared, whichever matches: the time tells nothing.
        digest = _digest(token)
        found = None
        for name, expected in self._callers:
            if self._equal(digest, expected):
                found = name
        return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _bare(value: str) -> str:
    scheme, rest = _scheme_of(value)
    return rest if scheme == "bearer" else value.strip()


def _scheme_of(value: str) -> tuple[str, str]:
    """The scheme of credentials, in lower case, and what follows it after any blanks."""
    scheme, *rest = value.split(maxsplit=1) or [""]
    return scheme.lower(), rest[0].strip() if rest else ""


def _tokens(headers: Mapping[str, str]) -> list[str]:
    return [_bare(headers[name]) for name in _TOKEN_HEADERS if name in headers]


def _proxy_token(value: str) -> str:
    """The token of a Proxy-Authorization: a bearer's, or the password of Basic; empty where there is none."""
    scheme, rest = _scheme_of(value)
    match scheme:
        case "bearer":
            return rest
        case "basic":
            try:
                return base64.b64decode(rest, validate=True).partition(b":")[2].decode()
            except (binascii.Error, ValueError):
                return ""
    return ""
