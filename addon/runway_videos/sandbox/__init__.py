"""A sandbox: Runway's API over real HTTP on loopback, for trying things out and for tests.

Nothing is paid and nothing leaves the machine. It checks requests as Runway does, by code of its
own, and its tasks follow a clock that is a parameter. Standalone: `python -m runway_videos.sandbox`.

Words in a prompt control its task:

    [fail]           it ends FAILED with the code INTERNAL.BAD_OUTPUT.CODE01
    [fail:CODE]      it ends FAILED with that code, such as SAFETY.INPUT.TEXT; `none`: without a code
    [cancel]         it ends CANCELLED
    [slow]           it takes ten times as long
    [throttle]       it is THROTTLED first, for as long as it then takes (where no limit is set)
    [shed]           no task is made: Runway's own 503, as under load
    [lost]           the task is made, but a gateway's page with 502 comes in place of its answer
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from runway_videos.sandbox.organisations import Organisation
from runway_videos.sandbox.request_log import RecordedRequest
from runway_videos.sandbox.server import MAX_JSON_BYTES, application
from runway_videos.sandbox.state import DEFAULT_KEYS, SandboxState
from runway_videos.sandbox.tasks import Clock, Task

__all__ = ["DEFAULT_KEYS", "Organisation", "RecordedRequest", "Sandbox", "Task"]


class Sandbox(SandboxState):
    """Runway's API on 127.0.0.1, in the event loop that runs when it is started.

    `keys` maps a key's value to the name of its organisation (default: the key `sandbox`).
    `seconds` is how long a task takes, `concurrency` how many tasks an organisation may run at once
    per model (None: no limit), `video_bytes` how long a video is (None: the real file; more is
    padded so that it still plays), `url_seconds` how long an output URL is good. `clock` gives Unix
    seconds and is used for every time. `keep` is how many requests are recorded. `inspect` serves them at
    /_sandbox/requests.
    """

    def __init__(
        self,
        keys: Mapping[str, str] | None = None,
        *,
        seconds: float = 4.0,
        concurrency: int | None = None,
        video_bytes: int | None = None,
        url_seconds: float = 86_400.0,
        clock: Clock = time.time,
        keep: int = 1_000,
        port: int = 0,
        inspect: bool = False,
    ) -> None:
        super().__init__(
            keys,
            seconds=seconds,
            concurrency=concurrency,
            video_bytes=video_bytes,
            url_seconds=url_seconds,
            clock=clock,
            keep=keep,
        )
        self._port = port
        self._inspect = inspect
        self._server: HTTPServer | None = None

    async def start(self) -> str:
        """Listens on `port` (0: a free one); returns the base URL. OSError if taken."""
        sockets = bind_sockets(self._port, "127.0.0.1")
        app = application(self, self._inspect)
        self._server = HTTPServer(app, max_body_size=MAX_JSON_BYTES)
        self._server.add_sockets(sockets)
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        return self.url

    async def stop(self) -> None:
        """Stops listening and closes every connection, also of downloads."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            await server.close_all_connections()

    async def __aenter__(self) -> Sandbox:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
