"""What an operator's commands show: keys, and videos, as texts of a line each."""

from __future__ import annotations

import time

from runway_videos.keys.key_now import KeyNow
from runway_videos.logs import number_of
from runway_videos.prices import credits_text
from runway_videos.runtime import Runtime

#: Videos that are shown: the newest.
MAX_VIDEOS = 50


def keys(runtime: Runtime) -> list[str]:
    """`team-a: weight 3, 2 creates in flight, 12400 credits` and its cooldowns."""
    return [_key(runtime, key) for key in runtime.pool.now()]


def videos(runtime: Runtime) -> list[str]:
    """The newest videos that this process knows of, of all callers."""
    callers = ("", *(caller.name for caller in runtime.settings.callers))
    found = [each for caller in callers for each in runtime.videos.of_caller(caller, MAX_VIDEOS)]
    found.sort(key=lambda record: record.reference.created, reverse=True)
    rows = []
    for record in found[:MAX_VIDEOS]:
        video = record.reference
        status = record.ended or ("in progress" if record.progress is not None else "queued")
        parts = (
            time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(video.created)),
            f"{video.model} {video.seconds} s {video.size}",
            status,
            "" if record.credits is None else f"{credits_text(record.credits)} credits",
            f"caller {record.caller}" if record.caller else "",
            f"key {video.key}",
            f"task {video.task}",
        )
        rows.append(", ".join(part for part in parts if part))
    return rows


def _key(runtime: Runtime, key: KeyNow) -> str:
    balance = runtime.balances.of(key.name)
    parts = [f"weight {key.weight:g}", f"{number_of(key.in_flight, 'create')} in flight"]
    parts += [f"{credits_text(balance.credits)} credits"] if balance else []
    parts += [
        f"takes no new videos{' of ' + model if model else ''} for {seconds:.0f} s: {cause.value}"
        for model, cause, seconds in key.cooldowns
    ]
    return f"{key.name}: {', '.join(parts)}"
