"""Shutdown: creates in flight finish first, each of them may be a paid video.

| step   | at most | what happens                                                                |
|--------|---------|-----------------------------------------------------------------------------|
| drain  | 20 s    | creates in flight go on; new ones are refused with a 503                     |
| answer | 1 s     | who still waits is told that the outcome is unknown, and not to try again    |
| linger | 10 s    | while a client that left without its outcome may come back for it            |
| events | 5 s     | webhooks are told what they have not been told yet                           |
| part   | 2 s     | while a client has connected and asked nothing yet, or waits for an answer   |

The listening sockets close at once, so that a balancer sends new connections elsewhere. They open
again for as long as a client that has left may come back: the process that is started next knows
nothing of its create, and would pay for a second one. Whatever else arrives then is served as
always, but for new creates. Where nothing is in flight and nobody is owed anything, the process
ends at once. To part takes care: a balancer may have sent a create on a connection that came in the
last moment, and where that is cut without an answer, nobody knows its outcome.

A second signal leaves out the rest of the drain and the linger: who waits is answered all the same,
or its client would send again. A third ends it whatever there is. Signals within a second are one:
`timeout` sends its own twice, Ctrl-C reaches parent and child.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TextIO

from mitmproxy import ctx

from runway_addon.listening import Listener
from runway_addon.service_manager import STOPPING, ServiceManager
from runway_videos.logs import log, number_of

#: How long creates in flight may take to finish when the process is told to end.
DRAIN_SECONDS = 20.0
#: How long clients that left may take to come back after that.
LINGER_SECONDS = 10.0
# For those who wait to be answered when the drain is over.
_ANSWER_SECONDS = 1.0
# For webhooks to take what is due, each at one more try.
_EVENTS_SECONDS = 5.0
# Signals that follow each other faster are one.
_SAME_SIGNAL_SECONDS = 1.0
_PARTING_SECONDS = 2.0
# For the last answers to leave: mitmproxy cuts connections when it ends. Counted in looks, not in time,
# for a busy process sees who has connected, and writes what it has to say, only between them.
_LAST_LOOKS = 10
_LOOK_SECONDS = 0.02
_CHECK_SECONDS = 0.05


class Drained(Protocol):
    """What is asked of the service."""

    @property
    def creates_in_flight(self) -> int: ...
    async def drain(self, seconds: float) -> int: ...
    async def flush_events(self, seconds: float) -> None: ...
    def clients_owed(self) -> int: ...
    def clients_waiting(self) -> int: ...


class Listens(Protocol):
    """What is asked of the listening sockets."""

    async def set_open(self, is_open: bool) -> None: ...


class Calls(Protocol):
    """What is asked of the calls that are under way."""

    def unanswered(self) -> int: ...


class Shutdown:
    """One end of the process. `begun` is called when it begins, `end` ends it; times are in seconds."""

    def __init__(
        self,
        service: Drained,
        listener: Listens,
        calls: Calls,
        end: Callable[[], None],
        drain_seconds: float,
        linger_seconds: float,
        begun: Callable[[], None] = lambda: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._listener = listener
        self._calls = calls
        self._end = end
        self._drain_seconds = drain_seconds
        self._linger_seconds = linger_seconds
        self._begun = begun
        self._sleep = sleep
        self._clock = clock
        self._told_at = 0.0
        self._hurries = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """A signal has come. The second one ends the waiting, the third one the process at once."""
        now = self._clock()
        if self._task is None:
            self._told_at = now
            self._begun()
            self._task = asyncio.get_running_loop().create_task(self.run())
        elif now - self._told_at < _SAME_SIGNAL_SECONDS:
            return
        elif self._hurries:
            log.warning("ending now; creates that were in flight may be paid and lost")
            self._end()
        else:
            log.warning("told to end again: waiting for nothing any more")
            self._told_at = now
            self._hurries = True

    async def run(self) -> None:
        """The steps of the module's table."""
        running = self._service.creates_in_flight
        if running:
            have = "has" if running == 1 else "have"
            creates = number_of(running, "create")
            log.warning("ending: %s in flight %s %.0f s to finish", creates, have, self._drain_seconds)
        else:
            log.info("ending: no create is in flight")
        # Also where none is in flight: one that comes now must not begin.
        drain = asyncio.get_running_loop().create_task(self._service.drain(self._drain_seconds))
        await self._while(lambda: not (drain.done() or self._hurries))
        if drain.done():
            left = drain.result()
        else:
            drain.cancel()
            left = await self._service.drain(0)
        if left:
            log.error("%s did not finish: tasks that nobody knows of may exist", number_of(left, "create"))
        await self._while(lambda: self._service.clients_waiting() > 0, _ANSWER_SECONDS)
        if (owed := self._service.clients_owed()) and not self._hurries:
            log.warning(
                "ending: %s left without an outcome; waiting up to %.0f s for retries",
                number_of(owed, "client"),
                self._linger_seconds,
            )
            await self._while(
                lambda: (
                    not self._hurries and self._service.clients_owed() + self._service.clients_waiting() > 0
                ),
                self._linger_seconds,
            )
        seconds = 0.0 if self._hurries else _EVENTS_SECONDS
        flush = asyncio.get_running_loop().create_task(self._service.flush_events(seconds))
        await self._while(lambda: not (flush.done() or self._hurries))
        await self._part()
        flush.cancel()
        self._end()

    async def _part(self) -> None:
        """Answers whoever is there, and takes nobody new."""
        await self._listener.set_open(False)
        waited, quiet = 0.0, 0
        while quiet < _LAST_LOOKS and waited < _PARTING_SECONDS:
            await self._sleep(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
            quiet = 0 if self._calls.unanswered() else quiet + 1

    async def _while(self, goes_on: Callable[[], bool], seconds: float = float("inf")) -> None:
        """Waits while `goes_on` is true, and listens for as long as a client may come back."""
        waited = 0.0
        while goes_on() and waited < seconds:
            await self._listener.set_open(self._service.clients_owed() > 0)
            await self._sleep(_CHECK_SECONDS)
            waited += _CHECK_SECONDS


def drain_on_signals(
    service: Drained, calls: Calls, hang_up: Callable[[], None], manager: ServiceManager
) -> None:
    """Makes SIGTERM, and SIGINT where no user interface asks, wait for creates in flight.

    `manager` is told when that begins. SIGHUP ends nothing: it calls `hang_up`. But a user interface ends
    with its terminal, which it would ask for keys as fast as it can.
    """
    shutdown = Shutdown(
        *(service, Listener(), calls, ctx.master.shutdown, DRAIN_SECONDS, LINGER_SECONDS),
        begun=lambda: manager.tell(STOPPING),
    )
    loop = asyncio.get_running_loop()

    def end_with_terminal() -> None:
        if _has_hung_up(sys.stdin):
            loop.remove_reader(sys.stdin)
            shutdown.begin()
        else:
            hang_up()

    has_interface = hasattr(ctx.master, "prompt_for_exit")
    handlers = {"SIGTERM": shutdown.begin, "SIGHUP": end_with_terminal if has_interface else hang_up}
    if not has_interface:
        handlers["SIGINT"] = shutdown.begin
    for name, handler in handlers.items():
        # Not every system has every signal.
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            if (number := getattr(signal, name, None)) is not None:
                loop.add_signal_handler(number, handler)


def _has_hung_up(terminal: TextIO) -> bool:
    """Whether a terminal has gone."""
    poll = select.poll()
    poll.register(terminal, 0)  # what has gone is told unasked
    return bool(poll.poll(0))
