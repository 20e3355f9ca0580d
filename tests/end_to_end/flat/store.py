"""A Runway whose file store is controlled by the test: when it sends, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from bench import pattern
from origins import Exchange, Origin

KEY = json.dumps({"name": "only", "value": "key_of_the_test_0123456789"})
#: What an output URL points at, and a second one that is given when the task is asked again.
FILE, FRESH = "/file", "/fresh"


def options(url: str) -> dict[str, Any]:
    """The options of a proxy that uses the server at this URL as Runway."""
    return {"runway_base_url": url, "runway_keys": [KEY], "flow_detail": 0}


class Store:
    """One task, which is done at once, and its file of `size` bytes, sent by `send`.

    `refused`: the status that the first output URL has, from its first byte on.
    """

    def __init__(
        self, size: int = 1, send: Callable[[Exchange], None] | None = None, refused: int | None = None
    ) -> None:
        self.size = size
        self.refused = refused
        self._send = send or self.all
        self._task = str(uuid4())
        self.origin = Origin()
        self.origin.routes = {
            "/v1/text_to_video": self._create,
            f"/v1/tasks/{self._task}": self._describe,
            FILE: self._file,
            FRESH: self._file,
        }

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.origin.close()

    def options(self) -> dict[str, Any]:
        """The options of a proxy that uses this as Runway."""
        return options(self.origin.url)

    def times(self, path: str) -> list[str]:
        """The ranges with which a file was asked for ("" for the whole), or one "" for each call."""
        return [asked.headers.get("range", "") for asked in self.origin.asked(path)]

    def all(self, exchange: Exchange) -> None:
        """Sends the whole file."""
        self.send(exchange, 0, self.size)

    def send(self, exchange: Exchange, start: int, stop: int) -> None:
        """Sends a part of it."""
        while start < stop:
            piece = pattern.piece(start, min(1 << 16, stop - start))
            exchange.wfile.write(piece)
            start += len(piece)

    def asked_for_task(self) -> int:
        """How often the proxy asked what became of the task."""
        return len(self.origin.asked("/v1/tasks/"))

    def _create(self, exchange: Exchange) -> None:
        exchange.reply(200, json.dumps({"id": self._task}).encode())

    def _describe(self, exchange: Exchange) -> None:
        first = self.refused is None or self.asked_for_task() == 1
        link = self.origin.url + (FILE if first else FRESH)
        exchange.reply(200, json.dumps({"id": self._task, "status": "SUCCEEDED", "output": [link]}).encode())

    def _file(self, exchange: Exchange) -> None:
        asked = exchange.asked
        if self.refused is not None and asked.path == FILE:
            exchange.reply(self.refused, b"<Error/>", "application/xml")
        elif asked.headers.get("range") == "bytes=0-0":
            exchange.reply(
                206, bytes(pattern.piece(0, 1)), "video/mp4", content_range=f"bytes 0-0/{self.size}"
            )
        else:
            exchange.begin(200, "video/mp4", content_length=str(self.size))
            self._send(exchange)
