"""What operators see of one process: the sinks that are told of events, and the calls that read them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from runway_videos.config.settings import Settings
from runway_videos.events import Sink
from runway_videos.observe.audit import Audit
from runway_videos.observe.balance_asker import BalanceAsker
from runway_videos.observe.counts import DownloadCounts
from runway_videos.observe.exposition import Exposition
from runway_videos.observe.health import Health
from runway_videos.observe.loop_lag import LoopLag
from runway_videos.observe.metrics import Metrics
from runway_videos.observe.repeats import Repeats
from runway_videos.openai.messages import Answer, Call
from runway_videos.openai.routes import Operation
from runway_videos.runtime import Runtime
from runway_videos.upstream.poll import Poller

type _Serve = Callable[[Runtime, Call], Awaitable[Answer]]


class Observer:
    """Outlives runtimes. `closed`: why the process takes no creates, whatever its keys; "" where it does.

    `current` gives the newest runtime.
    """

    def __init__(
        self,
        settings: Settings,
        poller: Poller,
        current: Callable[[], Runtime],
        closed: Callable[[], str],
    ) -> None:
        """Raises ConfigError."""
        self.downloads = DownloadCounts()
        self._lag = LoopLag()
        metrics, health = Metrics(lambda: current().clock()), Health(self._lag, closed)
        self._exposition = Exposition(metrics, poller, self._lag, health, self.downloads)
        self._audit = Audit(lambda event: current().events.emit(event), lambda: current().now())
        self._audit.use(settings)
        self._balances = BalanceAsker(current)
        repeats = Repeats(lambda event: current().events.emit(event), lambda: current().clock())
        self.sinks: tuple[Sink, ...] = (metrics, self._audit, self._balances, repeats)
        self.operations: Mapping[Operation, _Serve] = {
            Operation.HEALTH: health.health,
            Operation.READY: health.ready,
            Operation.METRICS: self._scrape,
        }

    async def _scrape(self, runtime: Runtime, call: Call) -> Answer:
        self._balances.ask_due()
        return await self._exposition.answer(runtime, call)

    def use(self, settings: Settings) -> None:
        """Takes new settings. Raises ConfigError, and then nothing has changed."""
        self._audit.use(settings)
        self._balances.use(settings)

    async def start(self) -> None:
        """Begins to measure, in the running event loop."""
        self._lag.start()
        await self._balances.start()

    def stop(self) -> None:
        """Measures no more."""
        self._lag.stop()
        self._balances.stop()
        self._audit.close()
