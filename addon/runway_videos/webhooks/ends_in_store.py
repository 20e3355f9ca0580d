"""The ends of videos for one webhook, in a shared store: each is delivered by one process.

Each process lists the videos that it polls, or whose ends it delivers; what is due of a video is a value
(`stored_ends.py`), which is changed by one process at a time. The lists of processes that have died are
taken over by those that live. What is written, and when:

1. a video is in its process's list before its create is answered;
2. who delivers an end has the video in its list before the end becomes due by its hand;
3. a video leaves a list when nothing of it is due by that process any more, or when it is in the list of
   the process that has taken it over.

So a process may die between any two of these and nothing is lost: at worst two processes poll a video, and
the value says which one delivers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from enum import Enum

from runway_videos.idempotency.key_locks import KeyLocks
from runway_videos.store.later_writes import LaterWrites
from runway_videos.store.owners import Owners
from runway_videos.store.shared_state import StoreUnavailableError
from runway_videos.webhooks.due_events import DueEvent
from runway_videos.webhooks.hook_state import HookState
from runway_videos.webhooks.keeping import Deliver, EventOf, Follow, ToldVideo
from runway_videos.webhooks.stored_ends import StoredEnds

# How long an answer waits for its video to be written, in seconds: two tries. More come after that.
_WRITTEN_SECONDS = 3.0


class _Found(Enum):
    """What is found of a video in a list: it runs, or something is due; or there is no room for it."""

    NOTHING, TAKEN, NO_ROOM = range(3)


class EndsInStore:
    """`deliver` and `follow` take what this process is to do; `event_of` makes the event of an end."""

    lasts = True

    def __init__(
        self,
        state: HookState,
        owners: Owners,
        deliver: Deliver,
        follow: Follow,
        event_of: EventOf,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._state = state
        self._owners = owners
        self._deliver = deliver
        self._follow = follow
        self._event_of = event_of
        self._sleep = sleep
        self._later = LaterWrites(sleep)
        self._turns = KeyLocks()
        self._listed: dict[str, ToldVideo] = {}  # what this process has put into its list, by task
        self._unwritten: dict[str, asyncio.Task[None]] = {}
        self._queued: set[tuple[str, str]] = set()  # task and type of what this process delivers
        self._is_known = False  # this process is one of those that have lists
        self._has_more = True  # there may be more in its list: of an earlier configuration, or without room

    def made(self, video: ToldVideo) -> None:
        write = self._unwritten[video.task] = self._begin(video.task, lambda: self._list(video))
        write.add_done_callback(lambda done: self._unwritten.pop(video.task, None))

    async def written(self, task: str) -> None:
        if (write := self._unwritten.get(task)) is not None:
            moment = asyncio.ensure_future(self._sleep(_WRITTEN_SECONDS))
            await asyncio.wait((write, moment), return_when=asyncio.FIRST_COMPLETED)
            moment.cancel()

    def ended(self, video: ToldVideo, type: str, since: float) -> None:
        async def end() -> None:
            await self._list(video)
            me = self._owners.name
            ends = await self._state.change(video.task, lambda ends: ends.with_end(type, since, me))
            await self._settle(video, ends)

        self._begin(video.task, end)

    async def is_due(self, event: DueEvent) -> bool:
        with contextlib.suppress(StoreUnavailableError):
            ends = await self._state.ends(event.task)
            # Where nothing is stored the store has lost it: in doubt it is told twice.
            if not ends.runs and not ends.is_due(event.type, self._owners.name):
                self._begin(event.task, lambda: self._look_again(event))
                return False
        return True

    def told(self, event: DueEvent) -> None:
        async def tell() -> None:
            await self._state.change(event.task, lambda ends: ends.with_told(event.type))
            await self._look_again(event)

        self._begin(event.task, tell)

    def deleted(self, video: ToldVideo) -> None:
        async def delete() -> None:
            await self._settle(video, await self._state.change(video.task, StoredEnds.with_deletion))

        self._begin(video.task, delete)

    async def is_deleted(self, task: str) -> bool:
        with contextlib.suppress(StoreUnavailableError):
            return (await self._state.ends(task)).is_deleted
        return False

    def drop(self, task: str) -> None:
        self._begin(task, lambda: self._unlist(task))

    async def look(self) -> int:
        me, names = self._owners.name, await self._state.processes()
        if self._is_known and me not in names:
            self._is_known = False  # the store has lost it, and all that this process had written
            for video in list(self._listed.values()):
                await self._put(video)
        if self._has_more and me in names:
            self._has_more = False
            await self._take_over(me)
        return sum([await self._take_over(dead) for dead in await self._owners.dead(names)])

    async def close(self) -> None:
        await self._later.close()

    def _begin(self, task: str, change: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """A change of what is kept of a video; this process's changes of one are made in turn."""

        async def in_turn() -> None:
            async with self._turns.hold(task):
                await change()

        return self._later.begin(in_turn)

    async def _look_again(self, event: DueEvent) -> None:
        """An event has left this process's queue."""
        self._queued.discard((event.task, event.type))
        if (video := self._listed.get(event.task)) is not None:
            await self._settle(video, await self._state.ends(event.task))

    async def _settle(self, video: ToldVideo, ends: StoredEnds) -> None:
        """Delivers what this process is to deliver; where that is nothing, its list loses the video."""
        if ends.owner != self._owners.name or not ends.due:
            await self._unlist(video.task)
            return
        for end in ends.due:
            place = (video.task, end.type)
            if place not in self._queued:
                if not self._deliver(self._event_of(video, end.type, end.since)):
                    self._has_more = True
                    return
                self._queued.add(place)

    async def _take_over(self, owner: str) -> int:
        """Makes the videos in another process's list this process's own, or looks at its own list again."""
        taken, is_mine = 0, owner == self._owners.name
        async for video in self._state.videos(owner):
            async with self._turns.hold(video.task):
                found = await self._take(video, owner)
                if found is _Found.NO_ROOM:
                    self._has_more = self._has_more or is_mine
                    return taken  # it stays where it is
                if not is_mine or (found is _Found.NOTHING and video.task not in self._listed):
                    await self._state.remove(owner, video)
            taken += found is _Found.TAKEN
        if not is_mine:
            await self._state.remove_process(owner)
        return taken

    async def _take(self, video: ToldVideo, owner: str) -> _Found:
        ends, me = await self._state.ends(video.task), self._owners.name
        if ends.runs:
            if not self._follow(video):
                return _Found.NO_ROOM
            await self._list(video)
            return _Found.TAKEN
        # It may be this process's own by now: taken over before, by a write whose answer was lost.
        if not ends.due or ends.owner not in (owner, me):
            return _Found.NOTHING
        await self._list(video)
        await self._settle(
            video, await self._state.change(video.task, lambda ends: ends.with_owner(me, owner))
        )
        return _Found.TAKEN

    async def _list(self, video: ToldVideo) -> None:
        if video.task not in self._listed:
            await self._put(video)
            self._listed[video.task] = video

    async def _put(self, video: ToldVideo) -> None:
        if not self._is_known:
            await self._state.add_process(self._owners.name)
            self._is_known = True
        await self._state.add(self._owners.name, video)

    async def _unlist(self, task: str) -> None:
        if (video := self._listed.get(task)) is not None:
            await self._state.remove(self._owners.name, video)
            self._listed.pop(task, None)
