"""What attempts at creates that processes share are answered with."""

from __future__ import annotations

import asyncio

from runway_videos.errors import ApiError
from runway_videos.idempotency.shared_attempt import Attempt


async def answer(attempt: Attempt[str]) -> str:
    """The video, or the code of the refusal; it is delivered."""
    try:
        found = await attempt.outcome()
    except ApiError as error:
        found = error.code or ""
    attempt.answered(delivered=True)
    return found


async def written() -> None:
    """Until all that can go on has, and all that must be written is."""
    for _ in range(100):
        await asyncio.sleep(0)
