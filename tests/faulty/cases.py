"""The faults of a create, a remix, an edit and an extension, case by case, and the expected results.

In every case the client is the real one and waits; it asks for one video, with its automatic
retries on. What comes of it is the same for all four, but where one key alone may make the
video: the one that made what it is of (`alone`). What happens when it leaves, or when the proxy is
killed, is in `departures`.
"""

from __future__ import annotations

import msgspec

from faulty import faults
from faulty.accounts import Operation
from faulty.faults import Fault, bare, shed
from faulty.table import Row

_LOST = "`502` outcome_unknown, not sent again"
_UNSEALABLE = "`502` unsealable_task, not sent again"
_UNEXPECTED = "`502` runway_unexpected_answer, not sent again"
_QUOTA = "`429` insufficient_quota, not sent again"
_KEY_REFUSED = "`503` runway_key_refused, not sent again"
_CLOSED = "`403` model_not_available, 1 try"
_DAILY = "`429` rate_limit_exceeded, 1 try"
_VIDEO = "the video"


class Case(msgspec.Struct, frozen=True):
    """`keys`: what each of the proxy's keys meets when it creates; `first`: the first one elsewhere.

    `alone`: tasks, videos and what the client sees, where the second key may not be asked.
    """

    what: str
    tasks: int
    videos: int
    sees: str
    keys: tuple[tuple[Fault, ...], ...]
    first: dict[Operation, tuple[Fault, ...]] = {}
    alone: tuple[int, int, str] | None = None

    @property
    def uploads(self) -> bool:
        """Whether the call carries a file that has to be uploaded."""
        return not {Operation.SLOT, Operation.STORE}.isdisjoint(self.first)

    @property
    def row(self) -> Row:
        """The line that must come of it."""
        return Row(self.what, 1, self.tasks, self.videos, self.sees)

    @property
    def row_alone(self) -> Row:
        """The line that must come of it where one key alone may make the video."""
        return Row(self.what, 1, *(self.alone or (self.tasks, self.videos, self.sees)))


def _one(what: str, tasks: int, videos: int, sees: str, *script: Fault) -> Case:
    return Case(what, tasks, videos, sees, (script,))


def _two(
    what: str, sees: str, *first: Fault, tasks: int = 1, videos: int = 1, alone: str | None = None
) -> Case:
    """`alone`: what the client sees where the first key alone may make the video, which it does not."""
    refused = None if alone is None else (0, 0, alone)
    return Case(what, tasks, videos, sees, (first, ()), alone=refused)


def _of_source(what: str, tasks: int, sees: str, *status: Fault) -> Case:
    return Case(f"source: {what}", tasks, tasks, sees, ((),), {Operation.STATUS: status})


def _file(
    what: str,
    tasks: int,
    videos: int,
    sees: str,
    alone: tuple[int, int, str] | None = None,
    **first: tuple[Fault, ...],
) -> Case:
    elsewhere = {Operation[name.upper()]: script for name, script in first.items()}
    creates = elsewhere.pop(Operation.CREATE, ())
    # A create that is refused may go on to a second key, and needs a place there.
    keys = (creates, ()) if creates else ((),)
    return Case(what, tasks, videos, sees, keys, elsewhere or {Operation.SLOT: ()}, alone)


LOST = (
    _one("reset before the body is read", 0, 0, _LOST, faults.RESET_BEFORE_BODY),
    _one("reset after the body, before the task is made", 0, 0, _LOST, faults.RESET_AFTER_BODY),
    _one("task made, then reset", 1, 0, _LOST, faults.RESET_AFTER_TASK),
    _one("task made, connection closed without an answer", 1, 0, _LOST, faults.CLOSE_AFTER_TASK),
    _one("task made, half an answer", 1, 0, _LOST, faults.HALF_AN_ANSWER),
    _one("task made, no answer", 1, 0, "`504` outcome_unknown, not sent again", faults.SILENCE),
    _one("task made, an answer without an end", 1, 0, "`504` outcome_unknown, not sent again", faults.DRIP),
    _one("task made, an answer that is no HTTP", 1, 0, _LOST, faults.NOISE),
    _one("task made, broken JSON", 1, 0, _LOST, faults.WRONG_JSON),
    _one("task made, `200` with a page of HTML", 1, 0, _LOST, faults.NO_JSON),
    _one("task made, JSON without an id", 1, 0, _LOST, faults.NO_ID),
    _one("task made, a number for an id", 1, 0, _LOST, faults.NUMBER_FOR_ID),
    _one("task made, an id that fits in no video id", 1, 0, _UNSEALABLE, faults.LONG_ID),
    _one("task made, `500`", 1, 0, _LOST, bare(500, does=True)),
    _one("nothing made, `500`", 0, 0, _LOST, bare(500)),
    _one("task made, `504`", 1, 0, _LOST, bare(504, does=True)),
    _one("task made, `502` with a page of HTML", 1, 0, _LOST, bare(502, does=True)),
    _one("task made, `503` with a page of HTML", 1, 0, _LOST, bare(503, does=True)),
    _one("task made, `503` without a body", 1, 0, _LOST, faults.NO_BODY_503),
    _one("task made, `502` with JSON of another shape", 1, 0, _LOST, faults.OTHER_JSON_502),
    _one("task made, `502` with a gateway's words as Runway's JSON", 1, 0, _LOST, faults.FLAT_JSON_502),
    _one("nothing made, `502` with a page of HTML", 0, 0, _LOST, bare(502)),
    _one(
        "Runway's own `503`, then a task and a page with `502`", 1, 0, _LOST, shed(503), bare(502, does=True)
    ),
    _one("a redirect", 0, 0, _LOST, faults.REDIRECT),
    _two("two keys: task made, `500` at the first", _LOST, bare(500, does=True), tasks=1, videos=0),
    _two(
        "two keys: task made, `502` with a page at the first", _LOST, bare(502, does=True), tasks=1, videos=0
    ),
    _two("two keys: task made, reset at the first", _LOST, faults.RESET_AFTER_TASK, tasks=1, videos=0),
)

REFUSED = (
    _one("`400`, the body is wrong", 0, 0, "`400` invalid_value, 1 try", faults.VALIDATION),
    _one("`404`", 0, 0, "`404` runway_refused, 1 try", faults.NOT_FOUND),
    _one("`400`, no credits", 0, 0, _QUOTA, faults.CREDITS),
    _two("`400`, no credits, with a second key", _VIDEO, faults.CREDITS, alone=_QUOTA),
    _one("`401`", 0, 0, _KEY_REFUSED, faults.UNAUTHORIZED),
    _two("`401`, with a second key", _VIDEO, faults.UNAUTHORIZED, alone=_KEY_REFUSED),
    _one("`403`", 0, 0, _CLOSED, faults.FORBIDDEN),
    _two("`403`, with a second key", _VIDEO, faults.FORBIDDEN, alone=_CLOSED),
    _one("`429`, daily limit", 0, 0, _DAILY, faults.DAILY),
    _two("`429`, daily limit, with a second key", _VIDEO, faults.DAILY, alone=_DAILY),
    _one("`429`, too many, once", 1, 1, "the video, on try 2", faults.TOO_MANY),
    msgspec.structs.replace(
        _two("`429`, too many, with a second key", _VIDEO, faults.TOO_MANY),
        alone=(1, 1, "the video, on try 2"),
    ),
    _one("Runway's own `502` twice, then well", 1, 1, _VIDEO, shed(502), shed(502)),
    _one("Runway's own `503` twice, then well", 1, 1, _VIDEO, shed(503), shed(503)),
    _one("Runway's own `503` without an end", 0, 0, "`503` runway_overloaded, 3 tries", *[shed(503)] * 99),
    _one("`400` with a page of HTML", 0, 0, _UNEXPECTED, bare(400)),
    _one("`401` with a page of HTML", 0, 0, _UNEXPECTED, bare(401)),
    _one("`429` with a page of HTML", 0, 0, _UNEXPECTED, bare(429)),
    _two("`403` with a page of HTML, with a second key", _UNEXPECTED, bare(403), tasks=0, videos=0),
    _one("task made, `403` with a page of HTML", 1, 0, _UNEXPECTED, bare(403, does=True)),
    _one("a slow answer", 1, 1, _VIDEO, faults.HELD),
)

UPLOADS = (
    _file("upload: no place, `503`, once", 1, 1, _VIDEO, slot=(bare(503),)),
    _file("upload: no place, reset, once", 1, 1, _VIDEO, slot=(faults.RESET_AFTER_BODY,)),
    _file("upload: place in broken JSON, once", 1, 1, _VIDEO, slot=(faults.WRONG_JSON,)),
    _file("upload: storage refuses, once", 1, 1, _VIDEO, store=(bare(403),)),
    _file("upload: storage resets, once", 1, 1, _VIDEO, store=(faults.RESET_BEFORE_BODY,)),
    _file("upload: storage's answer without an end", 1, 1, "the video, on try 2", store=(faults.DRIP,)),
    _file("upload: storage refuses always", 0, 0, "`502` upload_failed, 3 tries", store=(bare(403),) * 99),
    _file(
        "uploaded, then no credits, with a second key", 1, 1, _VIDEO, (0, 0, _QUOTA), create=(faults.CREDITS,)
    ),
    _file("uploaded, task made, then reset", 1, 0, _LOST, create=(faults.RESET_AFTER_TASK,)),
)

# Of a video made earlier: its link is asked for first, and nothing is paid by that.
SOURCES = (
    _of_source("its status a page with `502`, once", 1, _VIDEO, bare(502)),
    _of_source("no answer about it, once", 1, _VIDEO, faults.SILENCE),
    _of_source("half an answer about it, once", 1, _VIDEO, faults.HALF_AN_ANSWER),
    _of_source(
        "no whole answer about it, ever",
        0,
        "`503` runway_unavailable, 3 tries",
        *[faults.HALF_AN_ANSWER] * 99,
    ),
    _of_source("its key refused when asked about it", 0, _KEY_REFUSED, faults.UNAUTHORIZED),
    _of_source("Runway does not have it any more", 0, "`400` video_gone, 1 try", *[faults.NOT_FOUND] * 99),
)

ALL = (*LOST, *REFUSED, *UPLOADS)

# Cases whose tests need a Runway or a client of their own.
UNREACHABLE = Row("connection refused", 1, 0, 0, "`503` runway_unavailable, 3 tries")
BACK = Row("connection refused, then well", 1, 1, 1, "the video, on try 2")
TWINS = Row("two equal calls, on purpose", 2, 2, 2, "both videos")
FAULT = Row("a fault of this proxy itself, after the task was made", 1, 1, 0, "`500`, not sent again")

ROWS = (*(case.row for case in ALL), UNREACHABLE, BACK, TWINS, FAULT)
#: Lines that are others where one key alone may make the video, and those that only then are.
ROWS_ALONE = (*(case.row_alone for case in ALL if case.alone), *(case.row for case in SOURCES))
