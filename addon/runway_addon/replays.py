"""Calls that are sent once more from a recorded flow: mitmweb's replay, `replay.client`, mitmdump's `-C`.

A replayed create would be another video. It is refused, and its flow shows the first answer again,
unless `runway_replay` is set.
"""

from __future__ import annotations

from mitmproxy import http

from runway_videos.config.settings import Settings
from runway_videos.openai.routes import PAID, Route

COMMENT = "replay refused: it would be another video; see runway_replay"


def is_replayed(flow: http.HTTPFlow) -> bool:
    """Whether a flow's request was recorded, and comes from no client now."""
    return flow.is_replay == "request"


def put_first_answer(flow: http.HTTPFlow, route: Route | None, settings: Settings) -> bool:
    """Makes a replay that was refused undone: the flow is as it was recorded, but for a comment.

    False where it is none, or the flow has no answer from before: then it gets the refusal.
    """
    refused = is_replayed(flow) and route is not None and route.operation in PAID and not settings.replay
    if not refused:
        return False
    flow.revert()
    flow.comment = COMMENT
    return flow.response is not None
