"""Faults of one request to Runway, as data."""

from __future__ import annotations

from enum import Enum

import msgspec


class End(Enum):
    """How an exchange ends."""

    ANSWER = "a whole answer"
    CLOSE = "the connection is closed without an answer"
    RESET = "the connection is reset without an answer"
    HALF = "half of the answer, then the end of the connection"
    STALL = "half of the answer, then nothing"
    DRIP = "the answer comes byte by byte, and never ends"
    SILENCE = "nothing, for as long as the client waits"
    NOISE = "bytes that are no HTTP"


class Fault(msgspec.Struct, frozen=True):
    """What happens to one request; `Fault()` is a normal answer.

    `reads`: the body is read. `does`: Runway does what it is asked (makes the task, deletes it),
    whatever its answer then says. `holds`: it waits for `Account.release` before the end. `seconds`: it
    takes so long.
    `body` None: the answer that Runway gives to what it did.
    """

    end: End = End.ANSWER
    reads: bool = True
    does: bool = True
    holds: bool = False
    seconds: float = 0.0
    status: int = 200
    body: bytes | None = None
    retry_after: str = ""


def error(status: int, text: str, does: bool = False, **more: object) -> Fault:
    """A refusal in Runway's shape."""
    return Fault(does=does, status=status, body=msgspec.json.encode({"error": text, **more}))


def shed(status: int) -> Fault:
    """Load shedding: Runway's own refusal, before any work."""
    return error(status, "The service is overloaded.")


def bare(status: int, does: bool = False) -> Fault:
    """A status with a page of HTML, as of a gateway or firewall before Runway."""
    return Fault(does=does, status=status, body=b"<html><body>%d</body></html>" % status)


GOOD = Fault()
#: As by a server that ends before it has read the request.
RESET_BEFORE_BODY = Fault(End.RESET, reads=False, does=False)
RESET_AFTER_BODY = Fault(End.RESET, does=False)
RESET_AFTER_TASK = Fault(End.RESET)
CLOSE_AFTER_TASK = Fault(End.CLOSE)
HALF_AN_ANSWER = Fault(End.HALF)
SILENCE = Fault(End.SILENCE)
STALL = Fault(End.STALL)
DRIP = Fault(End.DRIP)
NOISE = Fault(End.NOISE)
HELD = Fault(holds=True)
SLOW = Fault(seconds=0.5)

WRONG_JSON = Fault(body=b'{"id": "5f0')
NO_JSON = Fault(body=b"<html><body>Welcome to the hotel's network</body></html>")
NO_ID = Fault(body=b'{"task": "made"}')
NUMBER_FOR_ID = Fault(body=b'{"id": 17}')
LONG_ID = Fault(body=b'{"id": "%s"}' % (b"long-" * 60))
NO_BODY_503 = Fault(status=503, body=b"")
OTHER_JSON_502 = Fault(status=502, body=b'{"error": {"message": "upstream failed"}}')
#: A gateway's words in Runway's shape.
FLAT_JSON_502 = error(502, "Bad Gateway", does=True)
REDIRECT = Fault(does=False, status=307, body=b"")

# Runway's own messages (see the docs' error table).
_ISSUES = [{"code": "too_big", "path": ["promptText"], "message": "Too big: expected at most 1000"}]
VALIDATION = error(400, "Validation of body failed", issues=_ISSUES, docUrl="https://docs.dev.runwayml.com")
CREDITS = error(400, "You do not have enough credits to run this task.")
UNAUTHORIZED = error(401, "Incorrect API key provided.")
FORBIDDEN = error(403, "Model variant gen4.5 is not available")
NOT_FOUND = error(404, "Not found")
DAILY = error(429, "Your daily task limit has been reached.")
TOO_MANY = error(429, "Too many requests.")
