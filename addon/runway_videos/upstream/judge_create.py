"""What Runway's answer to a create means: for the key, for the client, and for sending it again.

*Runway's own* is a JSON object whose `error` is a text. Anything else may come from something
between this proxy and Runway (a gateway, a firewall), also after Runway has made the task.

=========  ==============================  ====================================================
status     body                            meaning
=========  ==============================  ====================================================
2xx        an id                           made
2xx        anything else                   unknown: a paid task may exist
400        Runway's sentence on credits    nothing made, another organisation's key can serve it
401        Runway's own                    nothing made, the key is not accepted
403        Runway's sentence on the model  nothing made, the model is not available to this key
429        Runway's daily limit            nothing made, the key is out for this model for long
429        Runway's own, anything else     nothing made, the queue is full: another key may have room
502, 503   Runway's own                    load shedding, refused before work: the same again, later;
                                           but unknown where it tells of a lost way to the work
other 4xx  Runway's own                    wrong everywhere: to the client, with Runway's reason
4xx        not Runway's own                to the client as an unexpected answer, never sent again:
                                           very likely nothing was made; no key is blamed
502, 503   not Runway's own                unknown: a paid task may exist
408, 409,  any                             unknown: a paid task may exist
500, 504,
all others
=========  ==============================  ====================================================

Sentences are compared whole: a text may quote what a client sent.
"""

from __future__ import annotations

import re

from runway_videos.errors import ApiError
from runway_videos.keys.cooldowns import KeyReport
from runway_videos.translate import client_param
from runway_videos.upstream.client import Reply
from runway_videos.upstream.create_outcomes import (
    CreateOutcome,
    OutcomeUnknown,
    RequestRefused,
    TaskMade,
    TryAgainLater,
    TryNextKey,
)

# Characters of a reason: it is kept, and shown to the client whose request it was.
_LONGEST_REASON = 500

# Runway's answers after which another key is tried: status, its sentence, what it tells of the key.
# The first that fits counts.
_ANOTHER_KEY: tuple[tuple[int, re.Pattern[str], KeyReport], ...] = (
    (400, re.compile(r"You do not have enough credits to run this task\."), KeyReport.NO_CREDITS),
    (401, re.compile(r".+"), KeyReport.UNAUTHORIZED),
    (403, re.compile(r"Model variant (.{1,100} )?is not available\.?"), KeyReport.MODEL_UNAVAILABLE),
    (429, re.compile(r"Your daily task limit has been reached\."), KeyReport.DAILY_LIMIT),
    (429, re.compile(r".+"), KeyReport.QUEUE_FULL),
)

# Refused before work is no word of these: whoever says so had sent the create on, and lost the answer.
_SENT_ON = re.compile(r"\b(gateway|upstream|proxy|time-?out|timed[ -]out|connection reset)\b", re.IGNORECASE)


def judge_create(reply: Reply) -> CreateOutcome:
    """What the answer to a create means."""
    status, body, reason = reply.status, reply.json() or {}, reason_of(reply)
    if 200 <= status < 300:
        return _made(body)
    for refused_with, sentence, report in _ANOTHER_KEY:
        if status == refused_with and sentence.fullmatch(reason) and not body.get("issues"):
            return TryNextKey(report, reason, reply.retry_after if status == 429 else None)
    if status in (502, 503) and reason and not _SENT_ON.search(reason):
        return TryAgainLater(reason, reply.retry_after)
    if not 400 <= status < 500 or status in (408, 409):
        return OutcomeUnknown(f"HTTP {status} {reason}".strip())
    if not reason:
        return RequestRefused(_unexpected_answer(status))
    # The key was taken, but a 401 or 403 does not show that.
    accepted = None if status in (401, 403) else KeyReport.KEY_ACCEPTED
    return RequestRefused(refusal(reply), accepted)


def judge_upload(reply: Reply) -> CreateOutcome:
    """What a refused place for an upload means: as for a create, but nothing can be unknown."""
    outcome = judge_create(reply)
    if isinstance(outcome, OutcomeUnknown | TaskMade):
        return TryAgainLater(reason_of(reply) or f"HTTP {reply.status}", reply.retry_after)
    if isinstance(outcome, RequestRefused):
        outcome.error.may_have_made = False
    return outcome


def _made(body: dict[str, object]) -> TaskMade | OutcomeUnknown:
    task = body.get("id")
    if not isinstance(task, str) or not task:
        return OutcomeUnknown("Runway's answer named no task")
    cost = body.get("estimatedCost")
    return TaskMade(task, _number_at(cost, "credits"))


def check_confirms(report: KeyReport, model: str, organization: Reply) -> bool:
    """Whether `GET /v1/organization`, asked with the same key, says what a create was refused for."""
    if report is KeyReport.UNAUTHORIZED:
        return organization.status == 401 and bool(reason_of(organization))
    body = organization.json() if organization.status == 200 else None
    if report is KeyReport.NO_CREDITS:
        balance = _number_at(body, "creditBalance")
        return balance is not None and balance <= 0
    if report is KeyReport.DAILY_LIMIT:
        most = _number_at(body, "tier", "models", model, "maxDailyGenerations")
        made = _number_at(body, "usage", "models", model, "dailyGenerations")
        return most is not None and made is not None and made >= most
    return False


def _number_at(body: object, *path: str) -> float | None:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, int | float) and not isinstance(body, bool) else None


def _unexpected_answer(status: int) -> ApiError:
    """For a 4xx that is not Runway's: its status is nobody's to read, a 401 least of all."""
    return ApiError(
        502,
        f"Something between this proxy and Runway answered this create with {status} in place of Runway; "
        "very likely nothing was made. It is not sent again by itself; the operator of the proxy must look.",
        code="runway_unexpected_answer",
        retry=False,
        detail=f"HTTP {status} without Runway's JSON error",
        may_have_made=True,
    )


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
    """Runway's own words for an error, one line, shortened; empty where it is not Runway's own."""
    body = reply.json()
    found = body.get("error") if body else None
    text = found if isinstance(found, str) else ""
    return " ".join(text.split())[:_LONGEST_REASON]
