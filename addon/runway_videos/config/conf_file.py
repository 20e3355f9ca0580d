"""Reads mitm.conf: YAML with mitmproxy's option names and the addon's own, in one mapping."""

from __future__ import annotations

import contextlib
import difflib
import io
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from runway_videos.config import file_permissions
from runway_videos.logs import escaped, may_be_shown

#: The file's name where no `runway_conf` names one.
FILE_NAME = "mitm.conf"

# Both are settled before the file is read.
_NO_PLACE = {
    "scripts": "name scripts on the command line: mitmdump -s addon/runway.py",
    "confdir": "name it on the command line: --set confdir=PATH",
    "runway_conf": "it names this file; set it on the command line: --set runway_conf=PATH",
}


class ConfigError(Exception):
    """A mistake in the configuration: one line that names the place, the entry and what is allowed.

    `files`: those with secrets that had been looked for.
    """

    files: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """One entry of the file: its plain value and the line it stands on, counted from 1."""

    value: object
    line: int


class ConfFile(msgspec.Struct, frozen=True):
    """What a file says; `path` is None where there is no file. `mode`: who may read it, as `stat` has it."""

    path: Path | None
    entries: Mapping[str, Entry]
    mode: int = 0

    def where(self, name: str) -> str:
        """Where an entry stands, for messages: `mitm.conf line 3: listen_port`."""
        return f"{self.path} line {self.entries[name].line}: {name}"

    def differs(self, other: ConfFile, name: str) -> bool:
        """Whether the other says something else of an option, or only one of them says anything."""
        here, there = self.entries.get(name), other.entries.get(name)
        return here.value != there.value if here and there else here is not there


#: Where there is no file.
NO_FILE = ConfFile(None, {})


def find(named: str | None, folders: Iterable[Path]) -> Path | None:
    """The file to read: the named one, else that of the first of the folders that has one.

    Raises ConfigError where the named one is not there.
    """
    if named:
        path = Path(named)
        with contextlib.suppress(RuntimeError):  # ~somebody without a home
            path = path.expanduser()
        if not path.is_file():
            raise ConfigError(f"runway_conf: there is no file {escaped(str(path))}")
        return path
    for folder in folders:
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    return None


def read(path: Path | None, known: Collection[str]) -> ConfFile:
    """Reads the file; `known` are the option names that may stand in it. Raises ConfigError."""
    if path is None:
        return ConfFile(None, {})
    try:
        with path.open(encoding="utf-8-sig") as file:
            status = os.fstat(file.fileno())
            if problem := file_permissions.refusal(status):
                raise ConfigError(f"{path}: {problem}")
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: cannot be read: {reason}") from error
    document = _parse(path, text)
    if document is None:
        return ConfFile(path, {}, status.st_mode)
    if not isinstance(document, CommentedMap):
        raise ConfigError(f"{path}: must be a mapping of options, one `name: value` a line")
    entries: dict[str, Entry] = {}
    for name, value in document.items():
        # A name that came in by a merge (`<<`) has no place of its own: that of the whole.
        line = int(document.lc.data.get(name, [document.lc.line])[0]) + 1
        _check_name(path, line, name, known)
        entries[name] = Entry(_plain(value), line)
    return ConfFile(path, entries, status.st_mode)


def _parse(path: Path, text: str) -> object:
    yaml = YAML(typ="rt", pure=True)
    try:
        # Before it is loaded: a few hundred bytes of aliases of aliases are gigabytes.
        for event in yaml.parse(io.StringIO(text)):
            if getattr(event, "anchor", None):
                raise ConfigError(
                    f"{path} line {event.start_mark.line + 1}: anchors (&) and aliases (*) of YAML are not "
                    "taken; write the value out, or in quotes"
                )
        return yaml.load(io.StringIO(text))
    except MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"{path}{line}: {_problem(error)}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: is nested too deeply") from error
    except IndexError as error:  # ruamel's own, of a number without a digit
        raise ConfigError(f"{path}: `-_` and `+_` are no numbers; write them in quotes") from error
    except (YAMLError, ValueError) as error:
        raise ConfigError(f"{path}: {_one_line(error)}") from error


def _problem(error: MarkedYAMLError) -> str:
    if isinstance(error, DuplicateKeyError):
        # Its own text goes on with both values, and a value may be a secret.
        text = str(error.problem).partition(" with value ")[0]
        name = text.partition('"')[2].rstrip('"')
        return f"{text if may_be_shown(name) else 'found a name twice'}; each may stand once"
    begun, found = error.context_mark, error.problem_mark
    if begun and found and begun.line < found.line:
        # Where a bracket was not closed is above the line where that is seen.
        return f"{_one_line(error.context)} (begun in line {begun.line + 1}): {_one_line(error.problem)}"
    return _one_line(": ".join(filter(None, (error.context, error.problem)))) or "not YAML"


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _check_name(path: Path, line: int, name: object, known: Collection[str]) -> None:
    if not isinstance(name, str):
        raise ConfigError(f"{path} line {line}: {escaped(repr(name))} is no option name")
    if name in _NO_PLACE:
        raise ConfigError(f"{path} line {line}: {name} has no place here; {_NO_PLACE[name]}")
    if name not in known:
        raise ConfigError(f"{path} line {line}: {no_option(name, known)}")


def no_option(name: str, known: Collection[str]) -> str:
    """That there is no option of that name, and which one was meant."""
    ours = f"runway_{name}"
    close = [ours] if ours in known else difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else "see `mitmdump --options`"
    return f"there is no option {escaped(name) if may_be_shown(name) else 'of that name'}; {hint}"


def _plain(value: object) -> object:
    """A round-trip YAML value as plain dicts, lists and scalars."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, ScalarBoolean):  # one with an anchor
        return bool(value)
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None if value is None else str(value)
