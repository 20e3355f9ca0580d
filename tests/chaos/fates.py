"""What becomes of a create or of a question at the stand-in for Runway, as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum

import msgspec


class End(Enum):
    """How an exchange ends."""

    ANSWER = "a whole answer"
    CLOSE = "closed without an answer"
    RESET = "reset without an answer"
    HALF = "half an answer"
    SILENCE = "no answer for long, then a reset"


class Blow(Enum):
    """What is done to the process whose create is about to be answered, or to what it stands on."""

    HALT = "SIGSTOP over the answer"
    KILL_BEFORE = "kill -9 before the answer"
    KILL_AFTER = "kill -9 right after the answer"
    TERM = "SIGTERM before the answer, and a restart"
    HUP = "SIGHUP before the answer"
    HALT_LONG = "SIGSTOP for longer than its lease"
    OUT = "taken out of the balancer, and put back"
    CONF = "reconfigured"
    STORE_RESTART = "the store is killed, and started again"
    STORE_PAUSE = "the store stands still"
    STORE_CUT = "its connections to the store are reset, new ones too"
    STORE_DEAF = "the store's answers to it are lost"
    STORE_LATE = "what it sent to the store comes late"


class Fate(msgspec.Struct, frozen=True):
    """One create's. `made`: the task is made, whatever the answer says; `body` None: Runway's own."""

    name: str = "well"
    made: bool = True
    end: End = End.ANSWER
    status: int = 200
    body: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = {}
    slow: float = 0.0
    blow: Blow | None = None


class Poll(Enum):
    """One question's."""

    WELL = "well"
    NOT_FOUND = "404"
    OTHER = "an answer about another task"
    ERROR = "500"
    GATEWAY = "502 in HTML"
    BUSY = "503"
    RESET = "a reset"
    SLOW = "late"
    BACK = "RUNNING after it had succeeded"
    LOWER = "less progress than before"


WELL = Fate()
_DOCS = "https://docs.dev.runwayml.com"


def _says(name: str, status: int, text: str, **more: object) -> Fate:
    body = json.dumps({"error": text, **more}).encode()
    return Fate(name, made=False, status=status, body=body)


def _page(name: str, status: int, made: bool, body: bytes | None = None, **headers: str) -> Fate:
    page = b"<html><body><h1>%d</h1></body></html>" % status if body is None else body
    return Fate(name, made, status=status, body=page, content_type="text/html", headers=headers)


_ISSUES = [{"code": "too_big", "path": ["promptText"], "message": "Too big: expected at most 1000"}]

#: Runway's own refusals, in its own words: nothing is made.
REFUSALS = (
    _says("400 validation", 400, "Validation of body failed", issues=_ISSUES, docUrl=_DOCS),
    _says("400 credits", 400, "You do not have enough credits to run this task.", docUrl=_DOCS),
    _says("401", 401, "Incorrect API key provided."),
    _says("403", 403, "Model variant is not available"),
    _says("429 daily", 429, "Your daily task limit has been reached."),
    _says("429 too many", 429, "Too many requests."),
    _says("502 of Runway", 502, "Bad gateway: the service is overloaded."),
    _says("503 of Runway", 503, "The service is overloaded, try again later."),
)
#: Of whoever stands before Runway: the task may be made or not.
GATEWAYS = (
    *(
        _page(f"{status} {word}, {'task made' if made else 'nothing made'}", status, made, body)
        for status in (502, 503, 504)
        for word, body in (("HTML", None), ("empty", b""))
        for made in (True, False)
    ),
    _page("500 HTML, task made", 500, True),
    _page("500 HTML, nothing made", 500, False),
    _page("307", 307, False, b"", location="/v1/elsewhere"),
    Fate("503 JSON of another shape, task made", status=503, body=b'{"message": "upstream timed out"}'),
)
#: The answer is lost.
LOST = (
    Fate("reset, nothing made", made=False, end=End.RESET),
    Fate("reset, task made", end=End.RESET),
    Fate("closed, task made", end=End.CLOSE),
    Fate("half an answer, task made", end=End.HALF),
    Fate("silence, task made", end=End.SILENCE),
    Fate("silence, nothing made", made=False, end=End.SILENCE),
)
SLOW = (Fate("late by 0.3 s", slow=0.3), Fate("late by 0.8 s", slow=0.8))


def blown(blow: Blow) -> Fate:
    """A create that goes well while its process does not."""
    return Fate(blow.value, blow=blow, slow=0.05)
