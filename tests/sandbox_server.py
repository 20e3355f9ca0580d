"""A sandbox in a thread of the test's process: a test sees what Runway received."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from runway_videos.sandbox import RecordedRequest, Sandbox
from unit.translate.rows import verdict

#: Value of the only key, unless a test names its own.
KEY = "key_of_the_test_0123456789"


class SandboxServer:
    """A sandbox that listens on loopback until it is closed."""

    def __init__(
        self, keys: Mapping[str, str] | None = None, *, seconds: float = 0.2, **options: Any
    ) -> None:
        """`keys` maps a key's value to its organisation; further options are the sandbox's own."""
        self.keys = dict({KEY: "only"} if keys is None else keys)
        # Tests compare the numbers of requests before and after: all are kept.
        self.sandbox = Sandbox(self.keys, seconds=seconds, **{"keep": 1_000_000, **options})
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self.sandbox.start(), self._loop).result(10)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.sandbox.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def __enter__(self) -> SandboxServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask[T](self, function: Callable[[Sandbox], T]) -> T:
        """The result of a function of the sandbox, called in the sandbox's own thread."""

        async def run() -> T:
            return function(self.sandbox)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def options(self) -> dict[str, Any]:
        """The options of a proxy that uses this as Runway and polls it every time."""
        keys = [json.dumps({"name": name, "value": value}) for value, name in self.keys.items()]
        return {"runway_base_url": self.url, "runway_keys": keys, "runway_poll_seconds": 0}

    def seen(self, method: str = "", path: str = "") -> list[RecordedRequest]:
        """The requests so far, of this method and with this in their path.

        What a proxy asks of its keys by itself is left out, unless `path` names it.
        """
        return [
            request
            for request in self.ask(lambda sandbox: list(sandbox.requests))
            if method in ("", request.method)
            and path in request.path
            and (request.path != "/v1/organization" or path == request.path)
        ]

    def creates(self, prompt: str = "") -> list[RecordedRequest]:
        """The creates so far with this prompt, refused ones too."""
        return [
            seen
            for seen in self.seen("POST", "_to_video")
            if prompt in ("", (seen.body or {}).get("promptText"))
        ]

    def made(self) -> int:
        """How many tasks were ever made."""
        return self.ask(lambda sandbox: sandbox.tasks.made)

    def task_call(self, prompt: str) -> tuple[str, dict[str, Any]]:
        """Mode and body of the only create with this prompt, after the SDK's own types passed it."""
        (seen,) = self.creates(prompt)
        assert seen.body is not None
        mode = seen.path.rpartition("/")[2]
        body: dict[str, Any] = verdict(mode, str(seen.body["model"])).validate_python(seen.body)
        return mode, body
