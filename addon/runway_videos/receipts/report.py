"""An account as text, and set against what Runway charged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from runway_videos.logs import escaped, number_of
from runway_videos.receipts.videos import Account, PaidVideo

_GROUPS = ("caller", "key", "model", "outcome")
_NOBODY = "(local user)"


def of(account: Account, day: str | None, keys: Iterable[str] = ()) -> Account:
    """What was created on a day (None: any), with some keys (none: all)."""
    names = frozenset(keys)
    return Account(
        {
            task: video
            for task, video in account.videos.items()
            if day in (None, video.day) and (not names or video.key in names)
        },
        [
            line
            for line in account.unknown
            # A create that the end of the process cut has no key.
            if day in (None, line.time[:10]) and (not names or line.key in ("", *names))
        ],
        account.unreadable,
        account.sandbox,
    )


def credits_of(account: Account) -> float:
    """The credits of all its videos."""
    return sum(video.credits for video in account.videos.values())


def lines(account: Account) -> Iterator[str]:
    """The report, line by line."""
    videos = list(account.videos.values())
    estimated = sum(not video.final for video in videos)
    note = f" ({estimated:,} without a final cost count as estimated)" if estimated else ""
    yield f"{len(videos):,} made, {credits_of(account):,.10g} credits{note}"
    for group in _GROUPS:
        yield f"by {group}:"
        yield from _sums(videos, group)
    if account.unknown:
        count = len(account.unknown)
        yield (
            f"{count} with an unknown outcome, or sent and not answered yet; each may be a paid task: look "
            "at Runway's dashboard"
        )
        for line in account.unknown:
            yield f"  {line.time} {escaped(line.request_id)} key {escaped(line.key) or 'unknown'}"
    if account.unreadable:
        yield f"left out, for they could not be read: {number_of(account.unreadable, 'line')}"
    if account.sandbox:
        yield f"left out, for they are of a sandbox: {number_of(account.sandbox, 'line')}"


def _sums(videos: Iterable[PaidVideo], group: str) -> Iterator[str]:
    sums: dict[str, tuple[int, float]] = {}
    for video in videos:
        name = str(getattr(video, group)) or _NOBODY
        count, credits = sums.get(name, (0, 0.0))
        sums[name] = (count + 1, credits + video.credits)
    for name, (count, credits) in sorted(sums.items(), key=lambda each: -each[1][1]):
        noun = "video " if count == 1 else "videos"
        yield f"  {escaped(name):<24} {count:>8,} {noun} {credits:>12,.10g} credits"


def against(account: Account, charged: Mapping[str, float]) -> tuple[str, float]:
    """The account set against what Runway charged, by model; and the credits that it does not explain."""
    ours = credits_of(account)
    unexplained = round(sum(charged.values()) - ours, 6)
    text = f"{len(account.videos):,} made, {ours:,.10g} credits, {unexplained:,.10g} unexplained"
    if unexplained:
        parts = [f"{escaped(model)} {credits:,.10g}" for model, credits in sorted(charged.items())]
        text += f" (Runway: {', '.join(parts) or 'nothing'})"
        if not all(video.final for video in account.videos.values()):
            text += "; videos that were deleted, or whose end was not seen, count as estimated"
    return text, unexplained
