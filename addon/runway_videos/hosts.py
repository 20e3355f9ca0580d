"""Hosts as URLs name them: this machine, its network, or the internet. No name is looked up."""

from __future__ import annotations

import ipaddress
import re

_LOCAL = ("localhost", "local", "internal")
# The last label of what resolvers read as an IPv4 address: 127.1, 2130706433, 0x7f000001.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def is_loopback_host(host: str) -> bool:
    """Whether a host is this machine: `localhost`, 127.0.0.1, `[::1]`, IPv4 in IPv6 included."""
    name = _plain(host)
    address = _address(name)
    return name.rpartition(".")[2] == "localhost" if address is None else address.is_loopback


def is_internal_host(host: str) -> bool:
    """Whether a host is no name or address of the internet: loopback, private, link-local, local names."""
    name = _plain(host)
    address = _address(name)
    if address is not None:
        return not address.is_global
    label = name.rpartition(".")[2]
    return label in _LOCAL or _NUMBER.fullmatch(label) is not None or not name


def _plain(host: str) -> str:
    return host.lower().removeprefix("[").removesuffix("]").removesuffix(".")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
