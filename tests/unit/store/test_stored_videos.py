"""Videos that processes share: nothing goes back, a deleted one stays so, lists are whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from runway_videos.openai.video import VideoError
from runway_videos.store.shared_videos import NOTHING
from runway_videos.store.stored_videos import SharedVideos
from runway_videos.store.video_records import VideoRecord, VideoRecords
from runway_videos.store.video_references import VideoReference, owner_hash
from runway_videos.store.watched_state import WatchedState
from unit.store.fake_state import FakeState

NOW = 1_700_000_000.0


def reference(number: int, created: int = int(NOW), caller: str = "app") -> VideoReference:
    return VideoReference("key", f"task-{number}", owner_hash(caller), "sora-2", "4", "720x1280", created)


class Process:
    """One process's videos in a state that others share."""

    def __init__(self, state: FakeState, *, prompts: bool = True) -> None:
        self.records: VideoRecords[bytes] = VideoRecords(lambda: 0.0)
        self.shared = SharedVideos(
            WatchedState(state, lambda problem: None), self.records, lambda: NOW, prompts=prompts, days=30
        )

    def record(self, number: int, **more: str) -> VideoRecord[bytes]:
        return self.records.remember(reference(number), "app", **more)

    async def create(self, number: int, created: int = int(NOW)) -> VideoRecord[bytes]:
        record = self.records.remember(
            reference(number, created), "app", runway_model="gen4.5", prompt=f"prompt {number}"
        )
        self.shared.created(record)
        await self.shared.close()
        return record

    async def page(self, limit: int, after: tuple[int, str] | None = None, up: bool = False) -> list[str]:
        found = await self.shared.page("app", limit, after, up)
        return [record.reference.task for record in found]


def shared(test: Callable[[Process, Process, FakeState], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        async def start() -> None:
            state = FakeState(lambda: NOW)
            await test(Process(state), Process(state), state)

        asyncio.run(start())

    run.__name__ = test.__name__
    return run


@shared
async def test_another_process_knows_what_the_id_has_no_room_for(
    one: Process, other: Process, state: FakeState
) -> None:
    await one.create(1)
    found = other.record(1)
    stored = (await other.shared.load(found)).video
    assert stored is not None
    assert (found.prompt, found.runway_model, found.made_here) == ("prompt 1", "gen4.5", False)
    assert stored.age(NOW) == NOW  # nobody has asked Runway


@shared
async def test_progress_and_ends_never_go_back(one: Process, other: Process, state: FakeState) -> None:
    mine, theirs = await one.create(1), other.record(1)
    mine.progress = 60
    await one.shared.asked(mine, None, await one.shared.load(mine))
    theirs.progress = 40
    await other.shared.asked(theirs, None, NOTHING)  # from before it knew
    assert theirs.progress == 60
    theirs.ended, theirs.completed_at, theirs.credits = "failed", 7, 12.0
    await other.shared.asked(theirs, VideoError("code", "why"), NOTHING)
    mine.progress = 70
    await one.shared.asked(mine, None, NOTHING)
    stored = (await one.shared.load(mine)).video
    assert stored is not None
    assert (mine.ended, mine.completed_at, mine.credits) == ("failed", 7, 12.0)
    assert (stored.progress, stored.error, stored.age(NOW + 9)) == (70, VideoError("code", "why"), 0.0)
    mine.ended = "completed"  # Runway has it after all: it is paid
    await one.shared.asked(mine, None, NOTHING)
    assert (await other.shared.load(theirs)).video is not None
    assert [theirs.ended] == ["completed"]


@shared
async def test_a_deleted_video_is_not_brought_back(one: Process, other: Process, state: FakeState) -> None:
    mine, theirs = await one.create(1), other.record(1)
    before = await other.shared.load(theirs)
    await one.shared.deleted(mine)
    theirs.progress = 50
    await other.shared.asked(theirs, None, before)
    await other.shared.asked(theirs, None, await other.shared.load(theirs))
    assert (await other.shared.load(theirs)).video is None
    assert await other.page(9) == []


@shared
async def test_one_process_asks_at_a_time(one: Process, other: Process, state: FakeState) -> None:
    mine, theirs = await one.create(1), other.record(1)
    turns = await asyncio.gather(one.shared.take_turn(mine, 5), other.shared.take_turn(theirs, 5))
    assert sorted(turns) == [False, True]
    assert await other.shared.take_turn(theirs, 0)  # every poll asks


@shared
async def test_a_list_is_walked_in_order_each_video_once(
    one: Process, other: Process, state: FakeState
) -> None:
    times = [int(NOW) - 5, int(NOW) - 5, int(NOW) - 3, int(NOW), int(NOW)]
    for number, created in enumerate(times):
        await (one, other)[number % 2].create(number, created)
    order = [f"task-{number}" for number in (4, 3, 2, 1, 0)]
    assert await one.page(9) == await other.page(9) == order
    assert await other.page(9, up=True) == order[::-1]
    assert await one.page(2, (int(NOW), "task-3")) == order[2:4]
    assert await one.page(9, (int(NOW) - 5, "task-1"), up=True) == order[2::-1]
    assert await one.page(0) == []
    prompts = {record.prompt for record in await one.shared.page("app", 9, None, False)}
    assert prompts == {f"prompt {number}" for number in range(5)}
    assert await one.shared.page("another", 9, None, False) == []


@shared
async def test_old_videos_leave_the_list(one: Process, other: Process, state: FakeState) -> None:
    await one.create(1, int(NOW) - 31 * 86_400)
    await one.create(2)
    assert await other.page(9) == ["task-2"]


@shared
async def test_without_its_store_a_process_goes_on_alone(
    one: Process, other: Process, state: FakeState
) -> None:
    await one.create(1)
    mine = other.record(2)
    state.is_away = True
    assert await other.shared.load(mine) == NOTHING
    assert await other.shared.take_turn(mine, 5)
    await other.shared.asked(mine, None, NOTHING)
    await other.shared.deleted(mine)
    assert await other.page(9) == ["task-2"]
    trips = state.trips
    assert await other.shared.load(mine) == NOTHING
    assert state.trips == trips  # a poll does not wait for a store that is known to be away


@pytest.mark.parametrize("prompts", [True, False])
def test_prompts_are_stored_where_that_is_wanted(prompts: bool) -> None:
    async def run() -> str | None:
        state = FakeState(lambda: NOW)
        await Process(state, prompts=prompts).create(1)
        other = Process(state)
        record = other.record(1)
        await other.shared.load(record)
        return record.prompt

    assert asyncio.run(run()) == ("prompt 1" if prompts else None)


def test_a_record_takes_less_than_a_kibibyte() -> None:
    """Without its prompt, which may be 32,000 characters."""

    async def run() -> int:
        state = FakeState(lambda: NOW)
        process = Process(state)
        record = await process.create(1)
        record.progress, record.ended, record.completed_at, record.credits = 100, "completed", int(NOW), 144.0
        await process.shared.asked(record, None, NOTHING)
        values = sum(len(key) + len(value) for key, (value, _) in state.values.items())
        return values + sum(len(key) + len(item) for key, items in state.lists.items() for item in items)

    assert asyncio.run(run()) < 500
