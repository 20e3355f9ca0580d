"""What a checker says of a history."""

from __future__ import annotations

from enum import Enum

import msgspec


class Wrong(Enum):
    """What went wrong."""

    TWICE = "paid twice"
    LOST = "lost"
    ANOTHERS = "another caller's"
    SHARED = "shared"
    BACK = "gone back"
    GONE = "shown as gone"
    FALSE_END = "false end"
    OVERSPENT = "overspent"
    ACCOUNT = "wrong account"
    UNTOLD = "not told"
    MISTOLD = "wrongly told"
    ENDED = "ended by itself"
    FAULT = "own fault"
    HUNG = "left waiting"


class Window(Enum):
    """When something is known to go wrong: `--known` takes these names."""

    NONE = "none"
    KILL = "kill"
    DRAIN = "drain"
    UNREACHED = "unreached"
    MOVED = "moved"
    DOUBT = "doubt"
    AWAY = "away"
    LATE = "late"


class Violation(msgspec.Struct, frozen=True):
    """`group` is empty where it is about a process or a caller."""

    wrong: Wrong
    group: str
    text: str
    window: Window = Window.NONE
