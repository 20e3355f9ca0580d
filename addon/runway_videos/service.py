"""The service: which operation serves a call, and what lasts through all configurations.

Read `operations/creates.py` from top to bottom to see what happens to a create.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from runway_videos import events
from runway_videos.budgets.budgets import Budgets
from runway_videos.budgets.keeping import KeepsUsage
from runway_videos.budgets.usage_in_store import kept_usage
from runway_videos.catalog import price_list
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import SANDBOX_KEY, Settings
from runway_videos.config.store_option import StoreOption
from runway_videos.events import Events, Sink
from runway_videos.idempotency.interface import KeepsCreates
from runway_videos.keys.balances import Balances
from runway_videos.keys.earlier_values import earlier_values
from runway_videos.keys.pool import KeyPool
from runway_videos.keys.shared_cooldowns import shared_cooldowns
from runway_videos.log_sink import LogSink
from runway_videos.notices import Notices
from runway_videos.observe.observer import Observer
from runway_videos.openai.messages import Answer, Call, Download, PassThrough
from runway_videos.openai.routes import Operation
from runway_videos.operations import models
from runway_videos.operations.characters import characters
from runway_videos.operations.creates import Created, PaidOperations
from runway_videos.operations.kept_creates import kept_creates
from runway_videos.operations.list_videos import VideoLister
from runway_videos.operations.providers import Providers
from runway_videos.operations.spending import Spending
from runway_videos.operations.statuses import Statuses, refuse
from runway_videos.previews.maker import PictureMaker
from runway_videos.prices import Prices
from runway_videos.runtime import CachedStatus, Runtime, reconfigured, sealer_of, size_of
from runway_videos.store.open_state import open_state
from runway_videos.store.owners import owners_of
from runway_videos.store.shared_state import SharedState
from runway_videos.store.stored_videos import shared_videos
from runway_videos.store.video_records import VideoRecords
from runway_videos.store.watched_state import watched
from runway_videos.upstream.client import RunwayClient
from runway_videos.upstream.content import Content, link_failed
from runway_videos.upstream.held_polls import HeldPolls
from runway_videos.upstream.poll import Poller
from runway_videos.upstream.timed_client import TimedClient
from runway_videos.upstream.timeouts import Timeouts
from runway_videos.webhooks.client import WebhookClient
from runway_videos.webhooks.kept_ends import kept_ends
from runway_videos.webhooks.signing import signers_of
from runway_videos.webhooks.sink import Connections

type _Connect = Callable[[str, str | None, Timeouts], RunwayClient]
type _Serve = Callable[[Runtime, Call], Awaitable[Answer | Download | PassThrough]]


class Service:
    """Serves calls. `start` before the first, `close` after the last.

    `connect` makes the client for a base URL, a proxy and time-outs, `connect_webhooks` the one for
    webhooks; `sink` is told of all events. Times as `Runtime` has them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connect: _Connect = RunwayClient,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        timeouts: Timeouts | None = None,
        creates: KeepsCreates[Created] | None = None,
        pictures: PictureMaker | None = None,
        usage: KeepsUsage | None = None,
        connect_webhooks: Callable[[], Connections] = WebhookClient,
        sink: Sink = lambda event: None,
        open_store: Callable[[StoreOption], SharedState | None] = open_state,
    ) -> None:
        timeouts = timeouts or Timeouts()
        self._stop_sandbox: Callable[[], Awaitable[None]] | None = None
        self._started = self._ending = False
        self._earlier: Mapping[str, tuple[str, ...]] = {}  # values of keys that were rotated
        # What lasts through all configurations stands here, beside the runtime.
        self._poller = Poller()
        self.observer = Observer(settings, self._poller, lambda: self.runtime, self._why_closed)
        state = open_store(settings.store)
        self._state = watched(state, lambda why: self.runtime.events.emit(events.StoreAway(why)), clock, now)
        self._owners = owners_of(self._state, clock, lambda: sinks.emit(events.StoreLostData()), sleep)
        sums = usage or kept_usage(self._state, lambda name: self.runtime.settings.limits_of(name).counts)
        self._budgets = Budgets(sums, now, owners=self._owners, emit=lambda event: sinks.emit(event))
        keep = kept_ends(self._state, self._owners, settings.store, sleep)
        self._notices = Notices(self._poller, lambda: self.runtime, connect_webhooks, keep)
        sinks = Events(
            [LogSink(settings.sandbox), sink, *self._notices.sinks, self._budgets, *self.observer.sinks]
        )
        self._connect: _Connect = lambda *where: TimedClient(connect(*where), sinks.emit, clock)
        self._cooldowns = shared_cooldowns(self._state, lambda one: self.runtime.pool.learn(one), clock)
        # Not `or`: one that holds nothing yet has no length.
        self._creates = kept_creates(self._state, self._owners, sinks, clock) if creates is None else creates
        self._held_polls = HeldPolls(self._poller, clock, sleep)
        statuses = Statuses(self._poller, self._held_polls)
        self.spending = Spending(self._budgets, self._poller)
        paid = PaidOperations(self._creates, self._poller, self.spending, self._notices.webhooks.written)
        self._pictures = pictures or PictureMaker(clock)
        videos: VideoRecords[CachedStatus] = VideoRecords(clock, size_of)
        self.runtime = Runtime(
            settings=settings,
            pool=KeyPool(settings.keys, clock, self._cooldowns.tell),
            sealer=sealer_of(settings),
            client=self._connect(settings.base_url, settings.proxy, timeouts),
            videos=videos,
            events=sinks,
            balances=Balances(clock),
            prices=Prices(price_list.load(), sinks.emit),
            shared=shared_videos(self._state, videos, settings.store),
            clock=clock,
            now=now,
            sleep=sleep,
            jitter=jitter,
            timeouts=timeouts,
        )
        self._notices.use(settings, signers_of(settings.webhooks))
        self.providers = Providers(settings, self._apply)
        self._operations: dict[Operation, _Serve] = {
            Operation.CREATE: paid.make,
            Operation.REMIX: paid.make,
            Operation.EDIT: paid.make,
            Operation.EXTEND: paid.make,
            Operation.STATUS: statuses.status,
            Operation.CONTENT: Content(self._poller, self._pictures).content,
            Operation.DELETE: statuses.delete,
            Operation.LIST: VideoLister(self._poller).list_videos,
            Operation.MODELS: models.models,
            Operation.USAGE: self.spending.usage,
            Operation.PROVIDERS: self.providers.serve,
            Operation.UNSUPPORTED: characters,
            Operation.WRONG_METHOD: refuse,
            **self.observer.operations,
        }

    async def handle(self, call: Call) -> Answer | Download | PassThrough:
        """Answers a call, under the configuration that it finds. Raises ApiError."""
        return await self._operations[call.route.operation](self.runtime, call)

    async def start(self) -> None:
        """Starts the sandbox where it is asked for."""
        self._started = True
        if self._state is not None:
            self._notices.webhooks.start()
            for warning in await self._state.warnings_if_here():
                self.runtime.events.emit(events.StoreMayLose(warning))
        self._creates.start()
        self._cooldowns.start()
        if self.runtime.settings.sandbox and self._stop_sandbox is None:
            # Imported only here: nobody else pays for it.
            from runway_videos.sandbox import Sandbox

            sandbox = Sandbox({SANDBOX_KEY.value: "sandbox"})
            url = await sandbox.start()
            self._stop_sandbox = sandbox.stop
            await self.runtime.client.close()
            client = self._connect(url, None, self.runtime.timeouts)
            self.runtime = msgspec.structs.replace(self.runtime, client=client)
        await self.observer.start()

    def link_failed(self, download: Download, problem: str) -> None:
        """A video's link did not give it, when its bytes were asked for."""
        link_failed(self.runtime, download, problem)

    def _why_closed(self) -> str:
        """Why the process takes no creates, whatever its keys; "" where it does."""
        if self._ending:
            return "the proxy is ending"
        return "the store is away" if self._state is not None and self._state.is_away else ""

    @property
    def creates_in_flight(self) -> int:
        """Creates that have no outcome yet."""
        return self._creates.running

    async def drain(self, seconds: float) -> int:
        """Takes no more creates and waits for those in flight. Who still waits after that is told
        that the outcome is unknown; gives how many creates that were. Held polls are answered at once."""
        self._ending = True
        self._held_polls.close()
        given_up = await self._creates.drain(seconds)
        for identity in given_up:
            self.runtime.events.emit(events.CreateGivenUp(identity.about, request_id=identity.request_id))
        return len(given_up)

    async def flush_events(self, seconds: float) -> None:
        """Delivers what webhooks and alerts have not told yet, within the time; nothing is sent after it."""
        await self._notices.flush(seconds)

    def clients_owed(self) -> int:
        """Clients that left a moment ago without their create's outcome, and may come back."""
        return self._creates.owed()

    def clients_waiting(self) -> int:
        """Clients that are there and have no answer to their create yet."""
        return self._creates.answering()

    async def close(self) -> None:
        """Closes connections, the store and the sandbox."""
        self.observer.stop()
        await self._notices.close()
        await self._pictures.close()
        await self.runtime.client.close()
        for part in (self._creates, self._cooldowns, self._budgets, self.runtime.shared):
            await part.close()
        if self._state is not None and self._owners is not None:
            await self._owners.close()
            await self._state.close()
        if self._stop_sandbox is not None:
            await self._stop_sandbox()

    def reconfigure(self, settings: Settings) -> None:
        """Takes new settings; videos, creates, polls under way, budgets and cooldowns are kept.

        Raises ConfigError, and then nothing has changed.
        """
        self._apply(self.providers.over(settings))
        self.providers.configure(settings, self.runtime.events)

    def _apply(self, settings: Settings) -> None:
        """Puts settings in force, posted keys among them. Raises ConfigError."""
        before = self.runtime.settings
        if self._started and settings.sandbox != before.sandbox:
            # A real key must never go to the sandbox, nor its header on a paid video.
            raise ConfigError("runway_sandbox: takes effect at the start; end the proxy and start it again")
        signers = signers_of(settings.webhooks)
        earlier = earlier_values(self._earlier, before.keys, settings.keys)
        connect = None if self._stop_sandbox else self._connect
        runtime = reconfigured(self.runtime, settings, earlier, connect)
        self.observer.use(settings)
        self.runtime = runtime
        self._earlier = earlier
        self._notices.use(settings, signers)
