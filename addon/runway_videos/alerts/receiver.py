"""Tells one receiver: at most one message a minute for each kind of alert, and nothing twice in an hour."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from runway_videos.alerts.message import message
from runway_videos.alerts.texts import Alert
from runway_videos.config.alert_options import AlertReceiver
from runway_videos.events import AlertFailed
from runway_videos.runtime import Runtime
from runway_videos.webhooks.delivery import Sends

#: Between two messages of one kind; how long one subject is not told again; both in seconds.
APART_SECONDS, AGAIN_SECONDS = 60.0, 3600.0
#: Waits before a message is tried again.
RETRY_WAITS = (5.0, 30.0)
#: Alerts in one message; subjects that are remembered.
MAX_IN_MESSAGE, MAX_SUBJECTS = 10, 1000
_HEADERS = {"content-type": "application/json"}


class Receiver:
    """What waits for one receiver, and its messages under way. `current` gives the newest runtime."""

    def __init__(self, option: AlertReceiver, client: Sends, current: Callable[[], Runtime]) -> None:
        self.option = option
        self._client = client
        self._current = current
        self._told: dict[tuple[str, str], float] = {}
        self._waiting: dict[str, list[Alert]] = {}
        self._more: dict[str, int] = {}
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._pauses: set[asyncio.Future[None]] = set()
        self._hurries = False

    def add(self, alert: Alert) -> None:
        """Tells of it, now or with the next message of its kind."""
        option = self.option
        too_many_credits = alert.credits is not None and alert.credits >= option.credits_below
        if alert.kind not in option.kinds or too_many_credits or self._is_told(alert):
            return
        waiting = self._waiting.setdefault(alert.kind, [])
        if len(waiting) < MAX_IN_MESSAGE:
            waiting.append(alert)
        else:
            self._more[alert.kind] = self._more.get(alert.kind, 0) + 1
        if alert.kind not in self._telling:
            self._telling[alert.kind] = asyncio.create_task(self._tell(alert.kind))

    async def hurry(self) -> None:
        """Tells all that waits, once, and waits for that."""
        self._hurries = True
        for pause in self._pauses:
            pause.cancel()
        while self._telling:
            await asyncio.wait(self._telling.values())

    def end(self) -> None:
        """Tells nothing more."""
        for task in (*self._telling.values(), *self._pauses):
            task.cancel()

    def _is_told(self, alert: Alert) -> bool:
        """Whether the same was told a short time ago; it counts as told from now on."""
        if not alert.subject:
            return False
        name, now = (alert.kind, alert.subject), self._current().now()
        if now - self._told.get(name, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return True
        self._told.pop(name, None)
        self._told[name] = now
        if len(self._told) > MAX_SUBJECTS:
            del self._told[next(iter(self._told))]
        return False

    async def _tell(self, kind: str) -> None:
        try:
            while waiting := self._waiting.pop(kind, None):
                await self._send(waiting, self._more.pop(kind, 0))
                await self._pause(APART_SECONDS)
        finally:
            del self._telling[kind]

    async def _send(self, alerts: list[Alert], more: int) -> None:
        runtime = self._current()
        body = message(alerts, more, "SANDBOX: " if runtime.settings.sandbox else "")
        for wait in (*RETRY_WAITS, None):
            problem = await self._client.send(self.option.url, _HEADERS, body)
            if not problem:
                return
            if wait is None or self._hurries:
                break
            await self._pause(wait)
        for alert in alerts:  # the next of these is worth a try
            self._told.pop((alert.kind, alert.subject), None)
        runtime.events.emit(AlertFailed(self.option.host, problem, len(alerts) + more))

    async def _pause(self, seconds: float) -> None:
        if self._hurries:
            return
        pause = asyncio.ensure_future(_sleep(self._current().sleep(seconds)))
        self._pauses.add(pause)
        pause.add_done_callback(self._pauses.discard)
        await asyncio.wait({pause})


async def _sleep(sleeping: Awaitable[None]) -> None:
    await sleeping
