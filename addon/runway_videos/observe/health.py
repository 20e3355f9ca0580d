"""Whether the process lives, and whether it can take a create: for balancers and orchestrators."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from runway_videos import catalog
from runway_videos.errors import PRIVATE_HEADERS
from runway_videos.observe.loop_lag import LoopLag
from runway_videos.openai.messages import Answer, Call
from runway_videos.runtime import Runtime

#: A process whose loop is later than this serves nobody.
MAX_LAG_SECONDS = 1.0
_HEADERS = {"content-type": "application/json", **PRIVATE_HEADERS}


class Health:
    """Answers both. `closed`: why the process takes no creates, whatever its keys; "" where it does."""

    def __init__(self, lag: LoopLag, closed: Callable[[], str]) -> None:
        self._lag = lag
        self._closed = closed

    async def health(self, runtime: Runtime, call: Call) -> Answer:
        """200 while the event loop keeps up, else 503."""
        seconds = self._lag.seconds()
        reason = f"the event loop is {seconds:.1f} s late" if seconds >= MAX_LAG_SECONDS else ""
        return _answer("ok", reason)

    async def ready(self, runtime: Runtime, call: Call) -> Answer:
        """200 while a create can be taken, else 503 with the reason."""
        return _answer("ready", self.why_not_ready(runtime))

    def why_not_ready(self, runtime: Runtime) -> str:
        """Why no create can be taken, "" where one can."""
        return self._closed() or runtime.pool.why_not_ready(catalog.load().models())


def _answer(good: str, reason: str) -> Answer:
    if not reason:
        return Answer(200, dict(_HEADERS), msgspec.json.encode({"status": good}))
    body = msgspec.json.encode({"status": f"not {good}", "reason": reason})
    return Answer(503, dict(_HEADERS), body)
