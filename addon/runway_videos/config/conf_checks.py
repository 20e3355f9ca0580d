"""Whether mitm.conf may be trusted: whose file it is, who can write and read it, how large it becomes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    NodeEvent,
)

#: Values that the file may have when its aliases are filled in.
MOST_VALUES = 10_000
_SECRET_OPTIONS = ("runway_keys", "runway_callers")


def owner_problem(found: os.stat_result) -> str | None:
    """Why a file may have been written by somebody else; None where it cannot.

    Others are all but the user that the process runs as and root. Where there are no users, none are.
    """
    if not hasattr(os, "geteuid"):
        return None
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid not in (0, os.geteuid()):
        return f"belongs to user {found.st_uid}, who could send keys elsewhere; it must be yours or root's"
    # A group of the user's own is what many systems make for each user, with a umask of 002.
    if mode & stat.S_IWOTH or (mode & stat.S_IWGRP and found.st_gid not in (0, os.getegid())):
        return f"can be written by others (mode {mode:04o}), who could send keys elsewhere: chmod go-w"
    return None


def secrets_warning(found: os.stat_result, entries: Mapping[str, object]) -> str | None:
    """A warning where the file holds secrets and others can read it."""
    mode = stat.S_IMODE(found.st_mode)
    if not hasattr(os, "geteuid") or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return None
    for option in _SECRET_OPTIONS:
        items = entries.get(option)
        for item in items if isinstance(items, list) else ():
            value = item.get("value") if isinstance(item, dict) else None
            if isinstance(value, str) and not value.startswith("env."):
                return f"holds secrets and can be read by others (mode {mode:04o}): chmod 600"
    return None


def alias_problem(text: str) -> tuple[int, str] | None:
    """The line (from 1) of an alias that cannot be filled in, and why: aliases of aliases double a file.

    Raises ruamel.yaml's YAMLError for what is no YAML.
    """
    sizes: dict[str, int | None] = {}
    open_nodes: list[tuple[str | None, int]] = [(None, 0)]
    for event in _events(text):
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            size = sizes.get(event.anchor, 0)
            if size is None:
                return line, f"the alias *{event.anchor} stands inside of what it names"
        elif isinstance(event, CollectionStartEvent):
            if event.anchor:
                sizes[event.anchor] = None
            open_nodes.append((event.anchor, 0))
            continue
        elif isinstance(event, CollectionEndEvent):
            anchor, inner = open_nodes.pop()
            size = inner + 1
            if anchor:
                sizes[anchor] = size
        elif isinstance(event, NodeEvent):
            size = 1
            if event.anchor:
                sizes[event.anchor] = 1
        else:
            continue
        anchor, before = open_nodes[-1]
        open_nodes[-1] = (anchor, before + size)
        if before + size > MOST_VALUES:
            return line, f"more than {MOST_VALUES} values, aliases filled in"
    return None


def _events(text: str) -> Iterable[NodeEvent]:
    events: Iterable[NodeEvent] = YAML(typ="rt", pure=True).parse(text)
    return events
