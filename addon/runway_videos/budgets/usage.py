"""What a caller has made on one day (UTC): pure steps from one state to the next.

A video is counted when its create begins, with what it is expected to cost. Each step after that
replaces the cost by one that is better known:

| step          | when                                | videos, credits                | unfinished |
|---------------|-------------------------------------|--------------------------------|------------|
| `reserved`    | a create begins                     | one more, the expected credits | one more   |
| `made`        | Runway has made the task            | what Runway estimates          | stays      |
| `lost`        | the outcome is unknown              | stay: it may have been made    | one fewer  |
| `not_made`    | nothing was made                    | one fewer                      | one fewer  |
| `ended`       | the video has ended                 | what it cost, if Runway says   | one fewer  |
| `key_refused` | Runway refuses the key that made it | stay                           | not held   |

A step about a video of an earlier day changes nothing of today's sums.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from runway_videos.budgets.unfinished import Unfinished, UnfinishedVideos

DAY_SECONDS = 86_400
#: Unfinished videos that are remembered of one caller; the oldest are forgotten first.
MAX_UNFINISHED = 2000


class CallerUsage(msgspec.Struct, frozen=True):
    """One caller's sums of `day` (days since 1970), and its unfinished videos of any day.

    `unfinished`: by the name of the create (`PROCESS-NUMBER`), then by task. `told`: the percents of limits
    that were told (`levels.py`).
    """

    day: int = 0
    videos: int = 0
    credits: float = 0.0
    unfinished: Mapping[str, Unfinished] = {}
    told: Mapping[str, int] = {}

    def on(self, now: float) -> CallerUsage:
        """The same at this time: a new day begins with nothing, a video of two days ago has ended.

        A step of the evening may come after midnight, and another process's clock may be slow: that is
        no new day.
        """
        day = int(now // DAY_SECONDS)
        if day in (self.day, self.day - 1):
            return self
        kept = {name: each for name, each in self.unfinished.items() if now - each.since < DAY_SECONDS}
        return CallerUsage(day, unfinished=kept)

    def reserved(self, create: str, credits: float, now: float) -> CallerUsage:
        """A create begins."""
        unfinished = self._unfinished().put(create, Unfinished(self.day, credits, now))
        if len(unfinished) > MAX_UNFINISHED:
            unfinished = unfinished.without(unfinished.oldest())
        return CallerUsage(self.day, self.videos + 1, self.credits + credits, unfinished, self.told)

    def made(self, create: str, task: str, video_id: str, credits: float | None) -> CallerUsage:
        """Runway has made the task; None: it does not say what it costs."""
        before = self.unfinished.get(create)
        if before is None:
            return self
        after = msgspec.structs.replace(
            before, credits=before.credits if credits is None else credits, video_id=video_id
        )
        return self._with(self._unfinished().without(create).put(task, after), before, after.credits)

    def lost(self, create: str) -> CallerUsage:
        """Nobody knows whether it was made."""
        return self.ended(create, None)

    def not_made(self, create: str) -> CallerUsage:
        """Nothing was made."""
        before = self.unfinished.get(create)
        if before is None:
            return self
        after = self.ended(create, 0.0)
        videos = after.videos - (before.day == self.day)
        return msgspec.structs.replace(after, videos=videos)

    def ended(self, task: str, credits: float | None) -> CallerUsage:
        """The video has ended; None: Runway does not say what it cost."""
        before = self.unfinished.get(task)
        if before is None:
            return self
        rest = self._unfinished().without(task)
        return self._with(rest, before, before.credits if credits is None else credits)

    def key_refused(self, task: str) -> CallerUsage:
        """Nobody can ask about the video: it holds nothing up any more. Its end, if it is seen, counts."""
        before = self.unfinished.get(task)
        if before is None:
            return self
        after = self._unfinished().put(task, msgspec.structs.replace(before, key_refused=True))
        return msgspec.structs.replace(self, unfinished=after)

    def held(self) -> int:
        """Unfinished videos that can be asked about: those that count against `concurrency`."""
        return sum(not each.key_refused for each in self.unfinished.values())

    def creators(self) -> set[str]:
        """The processes whose creates are under way."""
        return {_creator(name) for name, each in self.unfinished.items() if not each.video_id}

    def abandoned(self, dead: Collection[str], now: float) -> CallerUsage:
        """Creates of these processes are lost; a video that nobody could ask about for a day has ended."""
        usage = self
        for name, each in list(self.unfinished.items()):
            is_lost = not each.video_id and _creator(name) in dead
            if is_lost or now - each.since >= DAY_SECONDS:
                usage = usage.ended(name, None)
        return usage

    def _unfinished(self) -> UnfinishedVideos:
        found = self.unfinished
        return found if isinstance(found, UnfinishedVideos) else UnfinishedVideos(dict(found))

    def _with(self, unfinished: Mapping[str, Unfinished], before: Unfinished, credits: float) -> CallerUsage:
        changed = credits - before.credits if before.day == self.day else 0.0
        # Sums of many small differences end at 1e-13, not at 0.
        total = max(round(self.credits + changed, 6), 0.0)
        return CallerUsage(self.day, self.videos, total, unfinished, self.told)


def _creator(create: str) -> str:
    return create.rpartition("-")[0] or create
