"""An addon that measures how long the event loop is blocked; loaded before the measured one.

`GET /bench/gap` tells the longest hold in seconds since it was last asked: `all`, and `after` the
last whole body of a POST had come, which leaves out what mitmproxy itself does to read it.
"""

from __future__ import annotations

import asyncio
import json
import time

from mitmproxy import http

_INTERVAL = 0.001


class Heartbeat:
    """The addon."""

    def __init__(self) -> None:
        self.all = 0.0
        self.after = 0.0
        self._before = 0.0
        self._since = 0.0
        self._task: asyncio.Task[None] | None = None

    def running(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            self._before = self._since = time.perf_counter()
            await asyncio.sleep(_INTERVAL)
            now = time.perf_counter()
            self.all = max(self.all, now - self._before - _INTERVAL)
            self.after = max(self.after, now - self._since - _INTERVAL)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if flow.request.path == "/bench/gap":
            # Answered here, so that it goes no further; the figures are put in last.
            flow.response = http.Response.make(200, b"", {"content-type": "application/json"})

    def response(self, flow: http.HTTPFlow) -> None:
        if flow.request.path == "/bench/gap" and flow.response:
            flow.response.text = json.dumps({"all": self.all, "after": self.after})
            self.all = self.after = 0.0

    def request(self, flow: http.HTTPFlow) -> None:
        if flow.request.method == "POST":
            self.after = 0.0
            self._since = time.perf_counter()


addons = [Heartbeat()]
