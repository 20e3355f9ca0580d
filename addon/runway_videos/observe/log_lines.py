"""Events that are counted, and have no line in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from runway_videos import events
from runway_videos.events import Event


def _none(event: Event) -> tuple[int, str]:
    return logging.DEBUG, ""


# By event: the level and the text of its line ("": no line).
LINES: Mapping[type[Event], Callable[[Any], tuple[int, str]]] = {
    events.RunwayAnswered: _none,
    events.RetryJoined: _none,
}
