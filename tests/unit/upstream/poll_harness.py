"""What Runway answers on bad days, and the refusals that come of it."""

from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.upstream.client import NotSentError, Reply, UnknownOutcomeError
from unit.fake_runway import ServiceHarness

DOWN = [Reply(503), NotSentError("ConnectError"), UnknownOutcomeError("ReadTimeout", timed_out=True)]


async def refused(harness: ServiceHarness, method: str, video_id: str, caller: str = "") -> ApiError:
    with pytest.raises(ApiError) as caught:
        await harness.ask(method, f"/{video_id}", caller=caller)
    return caught.value
