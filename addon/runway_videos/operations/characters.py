"""Characters: Runway has nothing like them, but a gateway behind this proxy may."""

from __future__ import annotations

from runway_videos.openai.messages import Call, PassThrough
from runway_videos.openai.refusals import unsupported
from runway_videos.operations.create_plan import names_our_video
from runway_videos.runtime import Runtime


async def characters(runtime: Runtime, call: Call) -> PassThrough:
    """Passes the call on. ApiError 400 where it is about a video that was made here."""
    if call.method == "POST" and await names_our_video(call):
        raise unsupported()
    return PassThrough("", unsupported=True)
