"""Method and path to operation. Only what is ours has a route; the rest is other traffic."""

from __future__ import annotations

from enum import Enum
from posixpath import normpath
from urllib.parse import unquote

import msgspec

from runway_videos.store.video_ids import MARK

_PREFIXES = ("/v1/videos", "/openai/v1/videos")


class Operation(Enum):
    """What a call asks for."""

    CREATE = "create"
    STATUS = "status"
    CONTENT = "content"
    DELETE = "delete"
    UNSUPPORTED = "unsupported"
    WRONG_METHOD = "wrong method"
    NOT_OURS = "not ours"


class Route(msgspec.Struct, frozen=True):
    """A call under `/v1/videos`; `name` is the operation's name where it is not built."""

    operation: Operation
    video_id: str = ""
    name: str = ""


# What stands behind /v1/videos, by method. Words that are not ids come first.
_COLLECTION = {"POST": Operation.CREATE, "GET": Operation.UNSUPPORTED}
_WORDS = frozenset({"edits", "extensions", "characters"})
_VIDEO = {"GET": Operation.STATUS, "DELETE": Operation.DELETE}
_CONTENT = {"GET": Operation.CONTENT, "HEAD": Operation.CONTENT}
_REMIX = {"POST": Operation.UNSUPPORTED}


def find(method: str, path: str) -> Route | None:
    """The route of a call, None for a path that is not under `/v1/videos`.

    `path` may carry a query. Only a path that holds `/videos` costs more than one look.
    """
    if "/videos" not in path and "%" not in path:
        return None
    rest = _below_videos(path)
    if rest is None:
        return None
    parts = [part for part in rest.split("/") if part]
    if not parts:
        return Route(_COLLECTION.get(method, Operation.NOT_OURS), name="list")
    first = parts[0]
    if not first.startswith(MARK):
        if first in _WORDS:
            return Route(Operation.UNSUPPORTED, name=first)
        return Route(Operation.NOT_OURS, video_id=first)
    match parts[1:]:
        case []:
            table, name = _VIDEO, ""
        case ["content"]:
            table, name = _CONTENT, ""
        case ["remix"]:
            table, name = _REMIX, "remix"
        case _:
            return Route(Operation.WRONG_METHOD, first)
    return Route(table.get(method, Operation.WRONG_METHOD), first, name)


def _below_videos(path: str) -> str | None:
    """What stands behind `/v1/videos`, or None. Escapes, dots and double slashes hide nothing."""
    plain = path.partition("?")[0]
    if "%" in plain:
        plain = unquote(plain)
    if "//" in plain or "/." in plain:
        # normpath keeps two slashes at the beginning, as POSIX has it.
        plain = normpath("/" + plain.lstrip("/"))
    for prefix in _PREFIXES:
        if plain == prefix or plain.startswith(prefix + "/"):
            return plain[len(prefix) :]
    return None
