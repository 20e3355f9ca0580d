"""Who may use the proxy, and for what.

With `runway_callers` a token decides. Without, only the local user is served: a loopback address
with no sign of a balancer or a web page in between.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache

from runway_videos.config.settings import Caller
from runway_videos.errors import ApiError
from runway_videos.logs import escaped

#: The owner's name where there are no callers.
LOCAL_USER = ""
#: A body larger than this is not read from a client that is turned away.
LARGEST_UNINVITED_BODY = 1 << 20

# A request with one of these did not come straight from the local user.
_RELAYED = frozenset(
    {"forwarded", "via", "origin", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"}
)
_RELAYED_PREFIX = "x-forwarded"
_OTHER_SITES = frozenset({"cross-site", "same-site"})
_TOKEN_HEADERS = ("authorization", "api-key")


@lru_cache(maxsize=1024)
def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's own, IPv4 in IPv6 included."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


class Gate:
    """Decides by token, or by address where no tokens are set."""

    def __init__(self, callers: Iterable[Caller], forward: bool) -> None:
        self._callers = [(caller.name, _digest(caller.value)) for caller in callers]
        self._forward = forward

    def caller(self, peer: str, headers: Mapping[str, str]) -> str:
        """The caller's name; `headers` with lower-case names. Raises ApiError 401 or 403."""
        if self._callers:
            for token in _tokens(headers):
                if (name := self._name_of(token)) is not None:
                    return name
            raise ApiError(
                401,
                "This proxy serves known callers only. Send your token as "
                "'Authorization: Bearer <token>' (the OpenAI clients' api_key).",
                type="invalid_request_error",
                code="invalid_api_key",
            )
        sign = relayed_by(headers)
        if sign is None and is_loopback(peer):
            return LOCAL_USER
        why = f"the request carries {sign}" if sign else "the request is not from this machine"
        raise ApiError(
            403,
            f"Without runway_callers this proxy serves only the local user, and {why}. The "
            "operator must set runway_callers in mitm.conf, a name and a token for each caller.",
            code="callers_required",
        )

    def may_forward(self, peer: str) -> bool:
        """Whether a client may use the proxy for traffic that is no video call."""
        return self._forward or is_loopback(peer)

    def tokens_in(self, headers: Mapping[str, str]) -> list[str]:
        """The names of headers that carry a caller's token: these never go on."""
        return [
            name
            for name in _TOKEN_HEADERS
            if name in headers and any(self._name_of(_bare(each)) for each in _each(headers[name]))
        ]

    def _name_of(self, token: str) -> str | None:
        # Every caller is compared, whichever matches: the time tells nothing.
        digest = _digest(token)
        found = None
        for name, expected in self._callers:
            if hmac.compare_digest(digest, expected):
                found = name
        return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _bare(value: str) -> str:
    scheme, _, token = value.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else value.strip()


def _each(value: str) -> list[str]:
    """A header's value, and what it was joined from where the header came more than once."""
    return [value, *value.split(",")] if "," in value else [value]


def _tokens(headers: Mapping[str, str]) -> list[str]:
    return [_bare(headers[name]) for name in _TOKEN_HEADERS if name in headers]


def relayed_by(headers: Mapping[str, str]) -> str | None:
    """What shows that a request did not come straight from its user, None if nothing does."""
    for name in headers:
        if name in _RELAYED or name.startswith(_RELAYED_PREFIX):
            return escaped(name.title(), 40)
    if headers.get("sec-fetch-site", "").lower() in _OTHER_SITES:
        return "Sec-Fetch-Site of another site"
    return None


def no_forwarding() -> ApiError:
    """For other traffic of clients that are not on loopback: this is no open proxy."""
    return ApiError(
        403,
        "This proxy serves only /v1/videos to clients that are not on its own machine. The "
        "operator can open it for other traffic with runway_forward: true.",
        code="forwarding_disabled",
    )


def no_fallback(method: str, path: str) -> ApiError:
    """For other calls that are addressed to the proxy where none go on."""
    return ApiError(
        404,
        f"There is no {escaped(method, 20)} {escaped(path.partition('?')[0])} here: this proxy serves "
        "/v1/videos. "
        "The operator can name a service for other calls with runway_fallback.",
        code="unknown_url",
    )


def too_large(largest: int, size: int) -> ApiError:
    """For a body over `runway_max_body`."""
    return ApiError(
        413,
        f"The request is {size} bytes long, at most {largest} are read. Send a smaller file or a "
        "URL; the operator can raise runway_max_body.",
        code="request_too_large",
    )


def unknown_model(models: str) -> ApiError:
    """For a create of a model that is none of ours, addressed to the proxy."""
    return ApiError(
        404,
        f"This proxy does not serve that model. It serves {models}, and runway/<any model>.",
        param="model",
        code="model_not_found",
    )
