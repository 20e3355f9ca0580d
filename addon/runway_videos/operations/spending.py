"""What callers may spend: checked where a create begins, and told by `GET /runway/usage`."""

from __future__ import annotations

import asyncio
import contextlib
import time

import msgspec

from runway_videos.budgets import refusals
from runway_videos.budgets.budgets import Budgets, Reservation
from runway_videos.budgets.refusals import AtConcurrencyLimit
from runway_videos.budgets.usage import DAY_SECONDS
from runway_videos.errors import ApiError
from runway_videos.keys.no_key import KEY_REFUSED
from runway_videos.logs import number_of
from runway_videos.openai.authentication import EVERYBODY
from runway_videos.openai.messages import Answer, Call
from runway_videos.prices import credits_text
from runway_videos.runtime import Runtime
from runway_videos.translate import Plan
from runway_videos.upstream.poll import Poller, fresh_status, is_new

#: Unfinished videos that are asked about at once, the oldest ones, before a create is refused for them.
MAX_LOOKS = 20


class Usage(msgspec.Struct, frozen=True):
    """The answer to `GET /runway/usage`: one caller's numbers of the day, and its limits (null: none).

    `caller` is null for the local user, `resets_at` in unix seconds. Creates under way are counted.
    """

    caller: str | None
    day: str
    resets_at: int
    videos: int
    credits: float
    unfinished: int
    videos_per_day: int | None
    credits_per_day: float | None
    concurrency: int | None
    models: tuple[str, ...] | None
    object: str = "runway.usage"


class AllUsage(msgspec.Struct, frozen=True):
    """The same of every caller, for the operator."""

    data: list[Usage]
    object: str = "list"


class Spending:
    """Reserves and tells. Outlives runtimes."""

    def __init__(self, budgets: Budgets, poller: Poller) -> None:
        self._budgets = budgets
        self._poller = poller

    async def reserve(self, runtime: Runtime, plan: Plan, caller: str) -> Reservation:
        """Counts a create that begins. Raises ApiError 403 or 429 where its caller may not."""
        limits, model = runtime.settings.limits_of(caller), plan.call.model
        if not limits.allows(plan.model, model):
            raise refusals.model_not_allowed(caller, plan.model, model, limits)
        credits = runtime.prices.expected(plan.call)
        try:
            return await self._budgets.reserve(caller, limits, credits)
        except AtConcurrencyLimit:
            # Some may have ended, and nobody has asked since.
            await self._look(runtime, caller)
            return await self._budgets.reserve(caller, limits, credits)

    async def usage(self, runtime: Runtime, call: Call) -> Answer:
        """A caller's own numbers, or, for who may read all, every caller's."""
        callers = runtime.settings.callers
        found: Usage | AllUsage
        if callers and call.caller == EVERYBODY:
            found = AllUsage([await self._usage_of(runtime, each.name) for each in callers])
        else:
            found = await self._usage_of(runtime, call.caller)
        return Answer(200, runtime.json_headers, msgspec.json.encode(found))

    async def rows(self, runtime: Runtime) -> list[str]:
        """`app-2: 3 videos, 190 of 5000 credits today, 1 of 3 unfinished`, of every caller."""
        names = [caller.name for caller in runtime.settings.callers] or [""]
        return [_row(await self._usage_of(runtime, name)) for name in names]

    async def _usage_of(self, runtime: Runtime, caller: str) -> Usage:
        limits, usage = runtime.settings.limits_of(caller), await self._budgets.usage(caller)
        begin = usage.day * DAY_SECONDS
        return Usage(
            caller=caller or None,
            day=time.strftime("%Y-%m-%d", time.gmtime(begin)),
            resets_at=begin + DAY_SECONDS,
            videos=usage.videos,
            credits=usage.credits,
            unfinished=usage.held(),
            videos_per_day=limits.videos_per_day,
            credits_per_day=limits.credits_per_day,
            concurrency=limits.concurrency,
            models=limits.models,
        )

    async def _look(self, runtime: Runtime, caller: str) -> None:
        """Asks about the caller's unfinished videos: polls share what is under way and what is known."""
        await self._budgets.end_abandoned(caller)
        usage = await self._budgets.usage(caller)
        made = [
            (task, each.video_id)
            for task, each in usage.unfinished.items()
            if each.video_id and not each.key_refused
        ]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(runtime.timeouts.limit_wait):
                await asyncio.gather(*(self._ask(runtime, caller, *each) for each in made[:MAX_LOOKS]))

    async def _ask(self, runtime: Runtime, caller: str, task: str, video_id: str) -> None:
        video = None
        try:
            video = runtime.video(video_id, caller)
            if fresh_status(runtime, video.record) is None:
                await asyncio.shield(self._poller.begin(runtime, video, retries=False))
        except ApiError as error:
            # It is gone, or its key is; a new one may not be known everywhere at Runway.
            if error.status == 404 and (video is None or not is_new(runtime, video)):
                await self._budgets.ended(caller, task, None)
            elif error.code == KEY_REFUSED:
                await self._budgets.key_refused(caller, task)
            return
        if video.record.ended:
            await self._budgets.ended(caller, task, video.record.credits)


def _row(usage: Usage) -> str:
    def of(most: float | None) -> str:
        return "" if most is None else f" of {credits_text(most)}"

    most = usage.videos_per_day
    videos = number_of(usage.videos, "video") if most is None else f"{usage.videos} of {most} videos"
    return (
        f"{usage.caller or 'the local user'}: {videos}, "
        f"{credits_text(usage.credits)}{of(usage.credits_per_day)} credits today, "
        f"{usage.unfinished}{of(usage.concurrency)} unfinished"
    )
