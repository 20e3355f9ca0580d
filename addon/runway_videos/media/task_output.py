"""A video made earlier, as an input: it stands in a body until the body is sent."""

from __future__ import annotations

import msgspec


class TaskOutput(msgspec.Struct, frozen=True):
    """The output of a task of the key named `key`. Its signed link is put in its place when the body
    is sent, and is nowhere else: a fresh link is still the same video."""

    key: str
    task: str

    def __repr__(self) -> str:
        return f"TaskOutput(task {self.task})"
