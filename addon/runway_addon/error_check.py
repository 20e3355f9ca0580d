"""mitmproxy ends a start in which an error is logged, whatever it says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from mitmproxy import ctx

_LOOK_SECONDS = 0.01


async def checked(sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Waits until that is over: an error from then on ends nothing, such as that a store is away."""
    check = ctx.master.addons.get("errorcheck")
    while check is not None and check.logger in logging.getLogger().handlers:
        await sleep(_LOOK_SECONDS)
