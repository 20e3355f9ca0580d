"""Where a secret is found: in a variable of the environment, in a file, or written out."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from runway_videos.logs import escaped

ENVIRONMENT, FILE = "env.", "file."
#: Bytes of a file that is read for a secret.
LARGEST_FILE = 64 << 10

# Shorter than Runway's keys are.
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")


class Found(msgspec.Struct, frozen=True):
    """A secret without the blanks and line ends around it; None: `missing` says why there is none.

    `file`: the path that was read, also where nothing is there, "" for a secret that is in no file.
    """

    secret: str | None
    missing: str = ""
    file: str = ""

    def __repr__(self) -> str:
        return f"Found({self.missing or '***'!r}, {self.file!r})"


def is_reference(value: str) -> bool:
    """Whether a value names where its secret is: `env.NAME` or `file.PATH`."""
    return value.startswith((ENVIRONMENT, FILE))


def find(value: str, environ: Mapping[str, str]) -> Found:
    """The secret of `env.NAME`, `file.PATH`, or the text itself."""
    if value.startswith(ENVIRONMENT):
        name = value.removeprefix(ENVIRONMENT)
        found = environ.get(name, "").strip()
        return Found(found or None, "" if found else f"the environment variable {_shown(name)} is not set")
    if value.startswith(FILE):
        path = value.removeprefix(FILE)
        try:
            found = _read(Path(path)).strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it holds no text"
            return Found(None, f"the file {_shown(path)} cannot be read: {reason}", path)
        return Found(found or None, "" if found else f"the file {_shown(path)} is empty", path)
    return Found(value.strip() or None)


def _shown(name: str) -> str:
    """The name of a variable or the path of a file, unless the secret itself may stand in its place."""
    is_path = name.startswith(("/", "./", "../", "~/"))
    return escaped(name) if is_path or _NAME.fullmatch(name) else "that is named there"


def _read(path: Path) -> str:
    # To open a pipe would wait for its other end.
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(0, "it is no file")
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise OSError(0, "it is too large")
    return content.decode()
