"""Tells one receiver: at most one message a minute for each kind of alert, and nothing twice in an hour."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

import msgspec

from runway_videos.alerts.message import how_many_fit, message
from runway_videos.alerts.texts import Alert
from runway_videos.config.alert_options import AlertReceiver
from runway_videos.events import AlertFailed
from runway_videos.runtime import Runtime
from runway_videos.webhooks.delivery import Sends

#: Between two messages of one kind, in seconds.
APART_SECONDS = 60.0
#: Waits before a message is tried again, and between two lines about lost ones, in seconds.
RETRY_WAITS, LOST_LINE_SECONDS = (5.0, 30.0, 120.0), 600.0
#: Alerts of a kind that wait, the others are counted; subjects that are remembered.
MAX_WAITING, MAX_SUBJECTS = 50, 1000
HEADERS = {"content-type": "application/json"}


class _Told(msgspec.Struct):
    """When a subject was told, and how often it came again since."""

    at: float
    times: int = 0


class Receiver:
    """What waits for one receiver, and its messages under way. `current` gives the newest runtime."""

    def __init__(self, option: AlertReceiver, client: Sends, current: Callable[[], Runtime]) -> None:
        self.option = option
        self._client = client
        self._current = current
        self._told: dict[tuple[str, str], _Told] = {}
        self._waiting: dict[str, deque[Alert]] = {}
        self._more: Counter[str] = Counter()
        self._sending: Counter[str] = Counter()
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._pauses: set[asyncio.Future[None]] = set()
        self._hurries = False
        self._fails = False  # so did the last try
        self._lost, self._lost_line_at = 0, float("-inf")

    def add(self, alert: Alert) -> None:
        """Tells of it, now or with the next message of its kind."""
        option = self.option
        if alert.kind not in option.kinds:
            return
        if alert.credits is not None and alert.credits >= option.credits_below:
            self._told.pop((alert.kind, alert.subject), None)  # so that it is told when they fall again
            return
        if alert.subject and (times := self._come_again(alert)) is not None:
            if not times:
                return
            alert = msgspec.structs.replace(
                alert, fields=(*alert.fields, ("since last told", f"{times} times more"))
            )
        waiting = self._waiting.setdefault(alert.kind, deque())
        if len(waiting) < MAX_WAITING:
            waiting.append(alert)
        else:
            self._more[alert.kind] += 1
        if alert.kind not in self._telling:
            self._telling[alert.kind] = asyncio.create_task(self._tell(alert.kind))

    async def hurry(self) -> None:
        """Tells all that waits, once, and waits for that."""
        self._hurries = True
        for pause in self._pauses:
            pause.cancel()
        while self._telling:
            await asyncio.wait(self._telling.values())

    def end(self, why: str) -> None:
        """Tells nothing more. What that loses is a line in the log."""
        for task in (*self._telling.values(), *self._pauses):
            task.cancel()
        left = sum(map(len, self._waiting.values())) + self._more.total() + self._sending.total()
        self._waiting.clear()
        self._more.clear()
        self._sending.clear()
        if left or self._lost:
            self._emit_lost(why, left)

    def _come_again(self, alert: Alert) -> int | None:
        """How often what is told now came since it was last told; 0: it is not told now; None: it is new."""
        name, now = (alert.kind, alert.subject), self._current().clock()
        told = self._told.pop(name, None)
        if told is not None and now - told.at < alert.again:
            told.times += 1
            self._told[name] = told
            return 0
        self._told[name] = _Told(now)
        if len(self._told) > MAX_SUBJECTS:
            del self._told[next(iter(self._told))]
        return told.times or None if told else None

    async def _tell(self, kind: str) -> None:
        try:
            while waiting := self._waiting.get(kind):
                alerts = [waiting.popleft() for _ in range(how_many_fit(waiting))]
                await self._send(kind, alerts, self._more.pop(kind, 0))
                await self._pause(APART_SECONDS)
        finally:
            del self._telling[kind]

    async def _send(self, kind: str, alerts: list[Alert], more: int) -> None:
        self._sending[kind] = len(alerts) + more
        prefix = "SANDBOX: " if self._current().settings.sandbox else ""
        body = message(alerts, more, prefix)
        for wait in (*RETRY_WAITS, None):
            problem = await self._client.send(self.option.url, HEADERS, body)
            if not problem:
                self._worked()
                break
            if not self._fails and wait is not None:
                self._fails = True
                self._current().events.emit(AlertFailed(self.option.host, problem, 0))
            if wait is None or self._hurries:
                for alert in alerts:  # the next of these is worth a try
                    self._told.pop((alert.kind, alert.subject), None)
                self._lose(problem, len(alerts) + more)
                break
            await self._pause(wait)
        del self._sending[kind]

    def _worked(self) -> None:
        self._fails = False
        if self._lost:
            self._emit_lost("it takes them again", 0)

    def _lose(self, problem: str, alerts: int) -> None:
        self._lost += alerts
        if self._hurries or self._current().clock() - self._lost_line_at >= LOST_LINE_SECONDS:
            self._emit_lost(problem, 0)

    def _emit_lost(self, problem: str, alerts: int) -> None:
        lost, self._lost = self._lost + alerts, 0
        runtime = self._current()
        self._lost_line_at = runtime.clock()
        runtime.events.emit(AlertFailed(self.option.host, problem, lost))

    async def _pause(self, seconds: float) -> None:
        if self._hurries:
            return
        pause = asyncio.ensure_future(self._current().sleep(seconds))
        self._pauses.add(pause)
        pause.add_done_callback(self._pauses.discard)
        await asyncio.wait({pause})
