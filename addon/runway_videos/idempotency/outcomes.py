"""Outcomes of creates as bytes, for other processes: a video, or an error with all that a client is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from runway_videos.errors import ApiError

_FIELDS = ("status", "message", "code", "param", "type", "retry", "retry_after", "may_have_made")


class OutcomeCodec[T]:
    """Encodes what `made` is a type of, and errors. An error that is no ApiError is a fault of ours."""

    def __init__(self, made: type[T], fault: Callable[[], ApiError]) -> None:
        self._made = msgspec.json.Decoder(made)
        self._fault = fault

    def encode(self, outcome: T | Exception) -> bytes:
        """JSON. The operator's `detail` of an error stays in the process that it happened in."""
        if isinstance(outcome, Exception):
            error = outcome if isinstance(outcome, ApiError) else self._fault()
            return msgspec.json.encode({"error": {name: getattr(error, name) for name in _FIELDS}})
        return msgspec.json.encode({"made": outcome})

    def decode(self, outcome: bytes) -> T | ApiError:
        """What was encoded."""
        fields = msgspec.json.decode(outcome, type=dict[str, msgspec.Raw])
        if "made" in fields:
            return self._made.decode(fields["made"])
        error: dict[str, Any] = msgspec.json.decode(fields["error"])
        return ApiError(error.pop("status"), error.pop("message"), **error)
