"""Commands for mitmproxy's and mitmweb's command line: `runway.keys`, `runway.weight team-a 2` and so on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from mitmproxy import command, exceptions, master, types

from runway_videos.config.conf_file import ConfigError
from runway_videos.errors import ApiError
from runway_videos.logs import escaped, log
from runway_videos.operations import operator_rows
from runway_videos.service import Service


class OperatorCommands:
    """The commands. They are for who runs the program: no token is asked for, and no secret is shown.

    None gives an empty list: mitmproxy's own viewer fails on one.

    `current` gives the service, None before the start.
    """

    def __init__(self, current: Callable[[], Service | None]) -> None:
        self._current = current
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self, program: master.Master) -> None:
        """Makes them known; they are in no chain of addons, which would cost each request."""
        program.commands.collect_commands(self)

    @command.command("runway.keys")
    def keys(self) -> Sequence[str]:
        """Runway keys: weight, creates in flight, credits, and why one takes no new videos."""
        return operator_rows.keys(self._service().runtime) or ["there is no Runway key"]

    @command.command("runway.keys.names")
    def names(self) -> Sequence[str]:
        """The names of the Runway keys."""
        return [key.name for key in self._service().runtime.pool.now()]

    @command.command("runway.videos")
    def videos(self) -> Sequence[str]:
        """The newest videos that this process knows of."""
        return operator_rows.videos(self._service().runtime) or ["no videos yet"]

    @command.command("runway.weight")
    @command.argument("name", type=types.Choice("runway.keys.names"))
    def weight(self, name: str, weight: str) -> Sequence[str]:
        """Gives a Runway key another weight, until the process ends; 0: no new videos."""
        service = self._service()
        try:
            number = float(weight)
        except ValueError:
            # It is not repeated: perhaps it is a key's value, by mistake.
            raise exceptions.CommandError("the weight must be a number, such as 2 or 0.5") from None
        try:
            service.providers.reweigh(service.runtime, name, number)
        except ConfigError as error:
            raise exceptions.CommandError(str(error)) from error
        return [f"{name} has the weight {number:g} until this process ends; for good, set it in mitm.conf"]

    @command.command("runway.usage")
    def usage(self) -> Sequence[str]:
        """What each caller has made today, of its limits. With a shared store it comes in the event log."""
        service = self._service()
        rows = service.spending.rows(service.runtime)
        return self._now_or_in_the_log(rows)

    def _now_or_in_the_log(self, rows: Coroutine[Any, Any, list[str]]) -> list[str]:
        """What needs no waiting is given at once: a command cannot wait."""
        task = asyncio.eager_task_factory(asyncio.get_running_loop(), rows)
        if task.done():
            return task.result()
        told = asyncio.create_task(self._tell(task))
        self._tasks.add(told)
        told.add_done_callback(self._tasks.discard)
        return ["the store is asked: the event log has the answer"]

    async def _tell(self, rows: asyncio.Future[list[str]]) -> None:
        try:
            for row in await rows:
                log.info("%s", row)
        except ApiError as error:  # a count is refused for nothing else
            log.warning("runway.usage: the store is away: %s", escaped(error.detail))

    def _service(self) -> Service:
        service = self._current()
        if service is None:
            raise exceptions.CommandError("the proxy has not started")
        return service
