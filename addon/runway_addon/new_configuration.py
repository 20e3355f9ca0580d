"""A changed mitm.conf, or a changed file with a secret, taken over while the proxy runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from runway_addon.options import AddonOptions
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.file_watch import FileWatch
from runway_videos.config.settings import ID_SECRET_VARIABLE, Settings
from runway_videos.config.start_lines import log_news
from runway_videos.config.store_option import StoreOption
from runway_videos.logs import log

#: Seconds between two looks at the files. A change is taken over at the second look that sees it.
LOOK_SECONDS = 0.5

_STORE_WAITS = "runway_store: what it names is another now; that takes effect when the proxy is started again"

# Of the settings, those that no option sets.
_NO_OPTIONS = frozenset({"conf", "files", "warnings", "left_out"})
# And one that a variable sets.
_VARIABLES = {"id_secrets": ID_SECRET_VARIABLE}


class NewConfiguration:
    """Watches the files. One of a process: it outlives a reload of the script, and knows the newest addon."""

    def __init__(
        self, options: AddonOptions, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._options = options
        self._sleep = sleep
        self._watch = FileWatch()
        self._settings: Settings | None = None
        self._take: Callable[[Settings], None] | None = None
        self._in_force: Callable[[], Settings] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._reading: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()
        self._next_store: StoreOption | None = None  # the one of the next start, where that is another

    def use(
        self, settings: Settings, take: Callable[[Settings], None], in_force: Callable[[], Settings]
    ) -> None:
        """These were taken. `take` takes others, and raises ConfigError where it cannot.

        `in_force` gives what is in force: those that were taken, with keys over them that were changed
        in memory.
        """
        self._settings, self._take, self._in_force = settings, take, in_force
        self._watch.use(_files(settings))

    def start(self) -> None:
        """Begins to look, where that has not begun yet."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())

    def stop(self) -> None:
        """Looks no more."""
        if self._looking is not None:
            self._looking.cancel()

    def read_now(self) -> None:
        """Reads the files whether or not they look changed (SIGHUP)."""
        task = asyncio.get_running_loop().create_task(self.read("SIGHUP: "))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def read(self, why: str = "") -> None:
        """Reads the files and puts in force what they say; a mistake leaves all as it was. Logs which."""
        async with self._lock:
            if self._settings is None or self._take is None or self._in_force is None:
                return
            before, shown_before = self._settings, self._in_force()
            self._watch.reading()
            try:
                file = await asyncio.to_thread(self._options.read_file)
                settings = self._options.settings_with(file)
                _check_complete(before, settings)
                next_store = settings.store if settings.store != before.store else None
                settings = msgspec.structs.replace(settings, store=before.store)
                if settings != before:
                    self._take(settings)
                held = self._options.adopt(file)
                if next_store not in (None, self._next_store):
                    held.append(_STORE_WAITS)  # its entry is the same, and what it names is another
                self._next_store = next_store
            except ConfigError as error:
                # Also those that are only missing: they may be written next.
                self._watch.use([*_files(before), *error.files])
                log.error("%s%s; what was in force stays so", why, error)
                return
            changed = _changes(before, settings)
            log.info("%sconfiguration: %s", why, f"new {', '.join(changed)}" if changed else "as it was")
            log_news(shown_before, self._in_force())
            for line in held:
                log.warning("%s", line)

    async def _look(self) -> None:
        while True:
            await self._sleep(LOOK_SECONDS)
            if self._watch.changed():
                await self.read()


def _files(settings: Settings) -> list[str]:
    return [path for path in (settings.conf, *settings.files) if path]


def _check_complete(before: Settings, settings: Settings) -> None:
    """Raises ConfigError for what is right at a start, but may be a file that was cut off.

    A key whose secret is not there is left out, and without callers the local user is served.
    """
    if before.callers and not settings.callers:
        raise ConfigError(
            f"{settings.conf or 'the command line'}: runway_callers: no caller is left, and without any the "
            "local user would be served; where that is meant, start the proxy again"
        )
    names = {key.name for key in settings.keys}
    for key in before.keys:
        if key.name not in names and (missing := settings.left_out.get(key.name)):
            raise ConfigError(f"runway_keys: {key.name}: {missing}")


def _changes(before: Settings, settings: Settings) -> list[str]:
    """The options that have another value now."""
    names = (name for name in Settings.__struct_fields__ if name not in _NO_OPTIONS)
    changed = (name for name in names if getattr(before, name) != getattr(settings, name))
    return [_VARIABLES.get(name, f"runway_{name}") for name in changed]
