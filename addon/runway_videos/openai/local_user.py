"""Who is the local user: a loopback address, with no sign of a balancer or a web page in between."""

from __future__ import annotations

import ipaddress
from collections.abc import Container, Mapping
from functools import lru_cache

import msgspec

from runway_videos.logs import escaped

# A request with one of these did not come straight from the local user: balancers, clouds and
# content networks add them, and browsers to what a web page asks for.
_SIGNS = frozenset(
    {"forwarded", "via", "origin", "cdn-loop", "client-ip", "proxy-client-ip", "wl-proxy-client-ip",
     "true-client-ip", "fastly-client-ip", "fly-client-ip", "do-connecting-ip", "x-real-ip", "x-client-ip",
     "x-cluster-client-ip", "x-remote-ip", "x-remote-addr", "x-originating-ip", "x-proxyuser-ip",
     "x-nf-client-connection-ip", "x-appengine-user-ip", "x-varnish"}
)  # fmt: skip
_SIGN_PREFIXES = (
    "x-forwarded", "x-original-", "x-envoy-", "x-azure-", "x-arr-", "cf-connecting-", "cf-ray",
    "cf-visitor", "cf-ipcountry",
)  # fmt: skip
# The address line, or a page that this proxy would have served itself.
_OWN_SITES = frozenset({"none", "same-origin"})


class Sender(msgspec.Struct, frozen=True):
    """What is known of who sent a request. Header names are in lower case.

    `peer` and `connected_to` are IP addresses. `host` is the Host by which the proxy was spoken to
    as to a server, None where the client chose it as a proxy. `tunnel` is None outside of a tunnel
    that a CONNECT opened; within one, whether that CONNECT was allowed other traffic. `redirected`:
    the system redirected a connection of this machine to the proxy, from whatever address of its own.
    """

    peer: str
    headers: Mapping[str, str]
    http_1_0: bool = False
    host: str | None = None
    connected_to: str = ""
    tunnel: bool | None = None
    redirected: bool = False


@lru_cache(maxsize=1024)
def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's own, IPv4 in IPv6 included."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def relayed_by(headers: Mapping[str, str]) -> str | None:
    """What shows that a request did not come straight from its user, None if nothing does."""
    for name in headers:
        if name in _SIGNS or name.startswith(_SIGN_PREFIXES):
            return escaped(name.title(), 40)
    site = headers.get("sec-fetch-site")
    if site is not None and site.strip().lower() not in _OWN_SITES:
        return "Sec-Fetch-Site of another site"
    return None


def why_not_local(sender: Sender, hosts: Container[str]) -> str | None:
    """Why a request is not the local user's, for the operator; None where it is.

    `hosts` are names by which the proxy may be spoken to, beside this machine's own.
    """
    sign = relayed_by(sender.headers)
    if sign is not None:
        return f"the request carries {sign}"
    if not (sender.redirected or is_loopback(sender.peer)):
        return "the request is not from this machine"
    if sender.tunnel is False:
        return "the request came through a tunnel that is not the local user's"
    if sender.http_1_0:
        return "the request came by HTTP/1.0, as balancers send it"
    if sender.host is None:
        return None
    name = _name_of(sender.host)
    # Without an address and without a name the two would be equal.
    if name and (name in ("localhost", sender.connected_to.lower()) or name in hosts or is_loopback(name)):
        return None
    return f"the request's Host {escaped(sender.host, 100) or '(none)'} is not this machine"


@lru_cache(maxsize=1024)
def _name_of(host: str) -> str:
    """The name or address in a Host header, without its port."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0]
