"""Tells the service manager that the proxy serves, or ends: systemd's `Type=notify`.

It is one datagram to the socket that `NOTIFY_SOCKET` names. Without that variable nothing is sent.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from runway_videos.logs import log

VARIABLE = "NOTIFY_SOCKET"
# For a socket whose queue is full.
_SECONDS = 1.0
READY, STOPPING = b"READY=1", b"STOPPING=1"


class ServiceManager:
    """Who started this process, by the variables that it was started with."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get(VARIABLE, "")

    def tell(self, state: bytes) -> None:
        """Sends a state, within a second. Never raises: what is not told is a line in the log."""
        if not self._address:
            return
        # A name that no file has begins with NUL; in a variable that is written as @.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(_SECONDS)
                sender.sendto(state, address)
        except (OSError, AttributeError, ValueError) as error:
            log.warning("%s: cannot tell %s: %s", VARIABLE, state.decode(), error)
