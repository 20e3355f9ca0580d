"""One mitmdump that listens in three modes at once, and all that its traffic can arrive at."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

from asking import free_ports, web
from far_ends import RawServer, next_proxy, web_socket
from origins import Asked, Origin
from running import ADDON, Proxy
from sandbox_server import SandboxServer
from wire import Address

TOKEN = "token-of-app-1"
CALLERS = json.dumps({"name": "app-1", "value": TOKEN})
BEARER = ("Authorization", f"Bearer {TOKEN}")
#: A host of runway_hosts beside the usual one.
VIDEO_HOST = "videos.internal"

MODES = ("regular", "upstream", "reverse")
#: Where a client chooses where its traffic goes.
PROXY_MODES = ("regular", "upstream")


class FarEnds:
    """Servers of the operator's network, and a Runway; each remembers what reached it."""

    def __init__(self, sandbox_server: SandboxServer) -> None:
        self.sandbox_server = sandbox_server
        self.internal = Origin()
        self.target = Origin()
        self.fallback = Origin()
        self.next_proxy = next_proxy()
        self.raw = RawServer()
        self._all = (self.internal, self.target, self.fallback, self.next_proxy)
        for origin in self._all:
            origin.routes["/socket"] = web_socket

    def __enter__(self) -> FarEnds:
        return self

    def __exit__(self, *_: object) -> None:
        self.raw.__exit__()
        for origin in self._all:
            origin.close()

    @property
    def requests(self) -> list[Asked]:
        """All that reached any of them."""
        return [asked for origin in self._all for asked in origin.requests]

    def mark(self) -> tuple[int, ...]:
        """A moment, for `since`."""
        return tuple(len(origin.requests) for origin in self._all)

    def since(self, mark: tuple[int, ...]) -> list[Asked]:
        """All that reached any of them after that moment."""
        pairs = zip(self._all, mark, strict=True)
        return [asked for origin, before in pairs for asked in origin.requests[before:]]

    def reached(self, tag: str) -> list[Asked]:
        """The requests that have this in their target."""
        return [asked for asked in self.requests if tag in asked.path]

    def count(self) -> tuple[int, int, int]:
        """How many requests and raw connections arrived, and how many tasks were made."""
        return len(self.requests), len(self.raw.received), self.sandbox_server.made()


def tag() -> str:
    """A word that no other request has."""
    return uuid.uuid4().hex


class ManyModes(Proxy):
    """Regular, upstream and reverse mode in one process, on 127.0.0.1 and on this machine's other address."""

    def __init__(
        self,
        folder: Path,
        ends: FarEnds,
        callers: bool = False,
        forward: bool = False,
        other: str | None = None,
        addon: Path = ADDON,
        **options: Any,
    ) -> None:
        """`other`, where there is one, is an address that is not loopback."""
        self.callers, self.forward = callers, forward
        targets = {
            "regular": "regular",
            "upstream": f"upstream:{ends.next_proxy.url}",
            "reverse": f"reverse:{ends.target.url}",
        }
        hosts = ["127.0.0.1"] + ([other] if other else [])
        places = [(mode, host) for host in hosts for mode in MODES]
        ports = free_ports(len(places), other or "127.0.0.1")
        self._addresses: dict[tuple[str, str], Address] = {
            (mode, "here" if host == "127.0.0.1" else "other"): (host, port)
            for (mode, host), port in zip(places, ports, strict=True)
        }
        arguments = [
            part
            for (mode, _), (host, port) in self._addresses.items()
            for part in ("--mode", f"{targets[mode]}@{host}:{port}")
        ]
        every: dict[str, Any] = {
            **ends.sandbox_server.options(),
            "runway_hosts": ["api.openai.com", VIDEO_HOST],
            "runway_fallback": ends.fallback.url,
            "runway_forward": forward,
            **({"runway_callers": CALLERS} if callers else {}),
            **options,
        }
        super().__init__(folder, *arguments, listen=(), addon=addon, **every)

    def ready(self) -> ManyModes:
        for host, port in self._addresses.values():
            self.wait_for(re.escape(f"http://{host}:{port}"))
        return self

    def __enter__(self) -> ManyModes:
        return self.ready()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)

    def at(self, mode: str, where: str = "here") -> Address:
        """Where it listens; `other` is the address that is not loopback."""
        return self._addresses[mode, where]

    def create(self, mode: str = "regular", **headers: str) -> int:
        """The status of a create of the local user, or of the caller where there are callers."""
        host, port = self.at(mode)
        known = dict([BEARER]) if self.callers else {}
        with web(f"http://{host}:{port}", headers=known | headers) as client:
            return client.post("/v1/videos", json={"prompt": "a create"}).status_code
