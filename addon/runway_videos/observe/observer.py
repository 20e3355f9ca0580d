"""What operators see of one process: the sinks that are told of events, and the calls that read them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from runway_videos.events import Sink
from runway_videos.observe.counts import DownloadCounts
from runway_videos.observe.exposition import Exposition
from runway_videos.observe.health import Health
from runway_videos.observe.loop_lag import LoopLag
from runway_videos.observe.metrics import Metrics
from runway_videos.openai.messages import Answer, Call
from runway_videos.openai.routes import Operation
from runway_videos.runtime import Runtime
from runway_videos.upstream.poll import Poller

type _Serve = Callable[[Runtime, Call], Awaitable[Answer]]


class Observer:
    """Outlives runtimes. `closed`: why the process takes no creates, whatever its keys; "" where it does.

    `clock` gives seconds that never go back.
    """

    def __init__(
        self,
        poller: Poller,
        downloads: DownloadCounts,
        closed: Callable[[], Awaitable[str]],
        clock: Callable[[], float],
    ) -> None:
        self._lag = LoopLag()
        metrics, health = Metrics(clock), Health(self._lag, closed)
        exposition = Exposition(metrics, poller, self._lag, health, downloads)
        self.sinks: tuple[Sink, ...] = (metrics,)
        self.operations: Mapping[Operation, _Serve] = {
            Operation.HEALTH: health.health,
            Operation.READY: health.ready,
            Operation.METRICS: exposition.answer,
        }

    def start(self) -> None:
        """Begins to measure, in the running event loop."""
        self._lag.start()

    def stop(self) -> None:
        """Measures no more."""
        self._lag.stop()
