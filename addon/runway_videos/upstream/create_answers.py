"""What Runway's answer to a create means: for the key, for the client, and for sending it again.

A table over status and text, from what is known of Runway's errors:

=========  ==========================  =======================================================
status     text                        meaning
=========  ==========================  =======================================================
2xx        an id                       made
2xx        anything else               unknown: a paid task may exist
400        "not enough credits"        nothing made, another organisation's key can serve it
400, 4xx   anything else               wrong everywhere: to the client, with Runway's reason
401                                    nothing made, the key is refused
403                                    nothing made, the model is closed to this key
429        "daily"                     nothing made, this key is out for this model for long
429        anything else               nothing made, another key may have room now
502, 503                               load shedding, refused before work: the same again, later
500, 504   and all others              unknown: a paid task may exist
=========  ==========================  =======================================================
"""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from runway_videos.errors import ApiError
from runway_videos.keys.pool import Outcome
from runway_videos.translate import client_param
from runway_videos.upstream.client import Reply

_CREDITS = re.compile(r"\bcredits?\b", re.IGNORECASE)
_DAILY = re.compile(r"\bdaily\b", re.IGNORECASE)
# A reason is shown to clients and kept: no novel.
_LONGEST_REASON = 500


class Kind(Enum):
    """What to do next."""

    MADE = "made"
    NEXT_KEY = "next key"
    LATER = "later"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Verdict(msgspec.Struct, frozen=True):
    """What an answer means. `outcome` is for the key pool, `task` and `credits` for MADE."""

    kind: Kind
    outcome: Outcome | None = None
    reason: str = ""
    task: str = ""
    credits: float | None = None
    error: ApiError | None = None
    timed_out: bool = False


# Answers after which another key is tried, whatever their text.
_NEXT_KEY = {401: Outcome.REFUSED, 403: Outcome.MODEL_CLOSED}


def judge_create(reply: Reply) -> Verdict:
    """The verdict on the answer to a create."""
    status, body = reply.status, reply.json() or {}
    reason = reason_of(reply)
    if 200 <= status < 300:
        return _made(body)
    if status == 400 and _CREDITS.search(reason) and not body.get("issues"):
        return Verdict(Kind.NEXT_KEY, Outcome.NO_CREDITS, reason)
    if status in _NEXT_KEY:
        return Verdict(Kind.NEXT_KEY, _NEXT_KEY[status], reason)
    if status == 429:
        outcome = Outcome.DAILY_LIMIT if _DAILY.search(reason) else Outcome.THROTTLED
        return Verdict(Kind.NEXT_KEY, outcome, reason)
    if status in (502, 503):
        return Verdict(Kind.LATER, reason=reason or f"HTTP {status}")
    if 400 <= status < 500 and status not in (408, 409):
        return Verdict(Kind.REFUSED, Outcome.ANSWERED, reason, error=refusal(reply))
    return Verdict(Kind.UNKNOWN, reason=f"HTTP {status} {reason}".strip())


def judge_upload(reply: Reply) -> Verdict:
    """The verdict on a refused place for an upload: as for a create, but nothing can be unknown."""
    verdict = judge_create(reply)
    if verdict.kind in (Kind.UNKNOWN, Kind.MADE):
        return Verdict(Kind.LATER, reason=verdict.reason or f"HTTP {reply.status}")
    return verdict


def _made(body: dict[str, object]) -> Verdict:
    task = body.get("id")
    if not isinstance(task, str) or not task:
        return Verdict(Kind.UNKNOWN, reason="Runway's answer named no task")
    cost = body.get("estimatedCost")
    found = cost.get("credits") if isinstance(cost, dict) else None
    number = found if isinstance(found, int | float) and not isinstance(found, bool) else None
    return Verdict(Kind.MADE, Outcome.MADE, task=task, credits=number)


def refusal(reply: Reply) -> ApiError:
    """Runway's own refusal of a request's content, in the client's words: status and reason kept."""
    body = reply.json() or {}
    issues = body.get("issues")
    first_param = None
    lines = []
    for issue in issues if isinstance(issues, list) else []:
        if not isinstance(issue, dict):
            continue
        param = _param_of(issue)
        first_param = first_param or param or None
        text = str(issue.get("message") or issue.get("code") or "not accepted")
        lines.append(f"{param}: {text}" if param else text)
    reason = reason_of(reply) or f"HTTP {reply.status}"
    if lines:
        reason = f"{reason}: {'; '.join(lines[:8])}"
    status = reply.status if 400 <= reply.status < 500 else 502
    return ApiError(
        status,
        f"Runway refused the request: {reason[:2000]}",
        param=first_param,
        code="invalid_value" if first_param else "runway_refused",
        retry=False if status in (408, 409) else None,
    )


def _param_of(issue: dict[str, object]) -> str:
    """The client's parameter that an issue is about; of an unknown field the path is its parent's."""
    path, keys = issue.get("path"), issue.get("keys")
    parts = [part for part in path if isinstance(part, str | int)] if isinstance(path, list) else []
    if isinstance(keys, list) and keys and isinstance(keys[0], str):
        parts.append(keys[0])
    return client_param(parts) if parts else ""


def reason_of(reply: Reply) -> str:
    """Runway's own words for an error, one line, shortened; empty where there are none."""
    body = reply.json()
    found = body.get("error") if body else None
    text = found if isinstance(found, str) else ""
    return " ".join(text.split())[:_LONGEST_REASON]
