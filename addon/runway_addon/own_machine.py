"""Whether a redirected connection was made on this machine: it may keep the machine's own address then.

A rule of the system's OUTPUT chain brings connections of this machine to a loopback address, and
leaves their source as it is. Neither shows alone that they are: a balancer or a container's network
on this machine comes from an own address too, and with `route_localnet` a redirect from another
machine can end at loopback. No packet from outside has both: the kernel drops those with an own source.
"""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

from runway_videos.openai.local_user import is_loopback


def made_here(peer: str, local_end: str) -> bool:
    """Whether a connection with these two ends (IP addresses) was made on this machine."""
    return is_loopback(local_end) and is_own(peer)


def is_own(address: str) -> bool:
    """Whether this machine has the IP address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    family = socket.AF_INET if found.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            if not _can_bind_any(found.version):
                probe.bind((str(found), 0))
                return not found.is_unspecified
            # Sends nothing, it selects the route: to an own address one goes out from that address itself.
            # Not to an interface's second one: that is not known then.
            probe.connect((str(found), 9))
            return ipaddress.ip_address(probe.getsockname()[0].partition("%")[0]) == found
    except OSError:
        return False


def _can_bind_any(version: int) -> bool:
    """Whether the system lets programs bind to addresses that it does not have, as for some balancers."""
    switch = Path(f"/proc/sys/net/ipv{version}/ip_nonlocal_bind")
    return switch.exists() and switch.read_text().strip() != "0"
