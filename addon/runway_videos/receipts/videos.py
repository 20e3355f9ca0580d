"""The videos of an account, put together from its lines."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from runway_videos.observe.audit import AuditLine

UNFINISHED = "not ended"
# What comes of a create that was sent, in lines of the same request.
_ANSWERS = frozenset({"created", "refused", "unknown"})


class PaidVideo(msgspec.Struct):
    """One video. `credits` are final where `final` says so, else as they were estimated."""

    day: str
    caller: str
    key: str
    model: str
    credits: float = 0.0
    final: bool = False
    outcome: str = UNFINISHED


class Account(msgspec.Struct):
    """Videos by task; creates whose outcome is unknown, or that no line says more of than that they were
    sent; lines that could not be read, or are of a sandbox.
    """

    videos: dict[tuple[str, str], PaidVideo]
    unknown: list[AuditLine]
    unreadable: int = 0
    sandbox: int = 0


def files_of(path: Path) -> list[Path]:
    """An account's files, rotated ones too, the oldest first."""
    rotated = [each for each in path.parent.glob(f"{glob.escape(path.name)}.*") if each.is_file()]
    return [*sorted(rotated), path]


def lines_of(files: Iterable[Path]) -> Iterator[bytes]:
    """All lines. Raises OSError."""
    for path in files:
        with path.open("rb") as file:
            yield from file


def read(lines: Iterable[bytes]) -> Account:
    """The account. Ends may stand before their creates: of several files, or of several processes."""
    account, ends = Account({}, []), {}
    sent: dict[str, list[AuditLine]] = {}
    answered: Counter[str] = Counter()
    for text in lines:
        if not text.strip():
            continue
        try:
            line = msgspec.json.decode(text, type=AuditLine)
        except (msgspec.DecodeError, UnicodeDecodeError):
            account.unreadable += 1
            continue
        if line.sandbox:
            account.sandbox += 1
            continue
        if line.event == "sending":
            sent.setdefault(line.request_id, []).append(line)
        answered[line.request_id] += line.event in _ANSWERS
        if line.event == "created":
            video = PaidVideo(
                line.time[:10],
                line.caller,
                line.key,
                line.runway_model or line.model,
                line.credits_estimated or 0.0,
            )
            account.videos[line.key, line.task] = video
        elif line.event == "ended":
            ends[line.key, line.task] = line
        elif line.event == "unknown":
            account.unknown.append(line)
    for request_id, tries in sent.items():
        # Another key is tried when the one before has refused: what is open is the last.
        account.unknown += tries[answered[request_id] :]
    for task, line in ends.items():
        if (ended := account.videos.get(task)) is None:
            continue  # made elsewhere, where another account has it
        ended.outcome = line.outcome
        if line.credits is not None:
            ended.credits, ended.final = line.credits, True
    return account
