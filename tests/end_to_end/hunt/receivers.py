"""Receivers of webhooks and alerts that do not take what they get: each at an address with a secret."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from origins import PATIENCE_SECONDS, Exchange, Origin

#: Behind the address of each; what is not named so takes what it gets after it failed once.
WAYS = ("", "/fails", "/redirects", "/cuts", "/hangs")
#: Where the redirecting one sends whoever asks.
ELSEWHERE = "/elsewhere"


class Receivers:
    """At paths of an origin. What hangs goes on when `let_go` is called, and is cut."""

    def __init__(self, origin: Origin, *paths: str) -> None:
        self._origin = origin
        self._go_on = threading.Event()
        self._failed: set[str] = set()
        for path in paths:
            routes = (self._once_broken, self._fails, self._redirects, self._cuts, self._hangs)
            for way, route in zip(WAYS, routes, strict=True):
                origin.routes[path + way] = route

    def let_go(self) -> None:
        self._go_on.set()

    def _once_broken(self, exchange: Exchange) -> None:
        path = exchange.path.partition("?")[0]
        exchange.reply(200 if path in self._failed else 500, b"")
        self._failed.add(path)

    def _fails(self, exchange: Exchange) -> None:
        """Its answer repeats the address, as many pages of errors do."""
        exchange.reply(500, f"no {exchange.path}".encode(), "text/plain")

    def _redirects(self, exchange: Exchange) -> None:
        exchange.reply(307, b"", Location=self._origin.url + ELSEWHERE)

    def _cuts(self, exchange: Exchange) -> None:
        exchange.close_connection = True

    def _hangs(self, exchange: Exchange) -> None:
        self._go_on.wait(PATIENCE_SECONDS)
        exchange.close_connection = True


def addresses(url: str, address: str) -> Iterator[str]:
    """The addresses of all receivers of an address with a path and perhaps a query."""
    path, question_mark, query = address.partition("?")
    for way in WAYS:
        yield f"{url}{path}{way}{question_mark}{query}"
