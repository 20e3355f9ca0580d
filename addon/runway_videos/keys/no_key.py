"""What a client is told when no Runway key can take its create.

The text is fixed for each cause. Runway's own words, kept from another caller's create, are in the
log alone; only what answered this very create is told to its caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

import msgspec

from runway_videos.errors import ApiError
from runway_videos.keys.cooldowns import KeyReport

#: How the reason begins where no connection came about.
UNREACHED = "Runway cannot be reached"
_LONGEST_MODEL = 64

#: The code where Runway does not take a key: of a create, and of a call about a video that it made.
KEY_REFUSED = "runway_key_refused"


class _NoKeyRefusal(msgspec.Struct, frozen=True):
    """What is said when this is the best that can be said of any key."""

    status: int
    code: str
    message: str
    label: str = ""  # before Runway's own text
    retry: bool | None = None
    param: str | None = None


# None is a key that this create did not reach.
# The first cause that any key has decides, so the order is: what passes soonest by itself, then
# what passes within a day, then what somebody has to pay for, repair, or ask for otherwise.
_NO_KEY_REFUSALS: dict[KeyReport | None, _NoKeyRefusal] = {
    None: _NoKeyRefusal(503, "runway_unavailable", "Runway could not take this video now; try again."),
    KeyReport.QUEUE_FULL: _NoKeyRefusal(
        429, "rate_limit_exceeded", "Runway takes no more of this model now.", "No room"
    ),
    KeyReport.DAILY_LIMIT: _NoKeyRefusal(
        429,
        "rate_limit_exceeded",
        "Every Runway key that may make this video is at its daily limit or out of service.",
        "Daily limit",
    ),
    KeyReport.NO_CREDITS: _NoKeyRefusal(
        429,
        "insufficient_quota",
        "No Runway key that may make this video has credits left.",
        "Credits",
        retry=False,
    ),
    KeyReport.UNAUTHORIZED: _NoKeyRefusal(
        503,
        KEY_REFUSED,
        "Runway refuses this proxy's API key; its operator has to look at runway_keys or RUNWAY_API_KEY.",
        "Key refused",
        retry=False,
    ),
    KeyReport.MODEL_UNAVAILABLE: _NoKeyRefusal(
        403,
        "model_not_available",
        "The model {model} is not available to any Runway key of this proxy.",
        "Model not available",
        param="model",
    ),
}
_PASSES_BY_ITSELF = (KeyReport.DAILY_LIMIT, KeyReport.NO_CREDITS, KeyReport.QUEUE_FULL)
_NO_KEY = (
    "No Runway key is configured. Set RUNWAY_API_KEY, or runway_keys in mitm.conf;"
    " runway_sandbox=true tries everything without a key."
)
_NO_WEIGHT = (
    "All Runway keys have weight 0: they serve the videos they made and take no new ones."
    " Give one in runway_keys a weight above 0."
)
_NO_PATTERN = "The model {model} is open to no Runway key of this proxy (`models` of each in runway_keys)."


_CLOSED = (
    "Only the Runway key that made the source video can make another of it, and that key {why}."
    " To use another key, download the video and upload it to /v1/videos/edits."
)


class KeyState(msgspec.Struct, frozen=True):
    """Why a key does not take a create, for how many seconds more, and Runway's words.

    `own`: they answered this very create.
    """

    name: str
    cause: KeyReport | None
    seconds: float
    reason: str
    own: bool = False

    def for_log(self) -> str:
        if self.cause is None:
            return f"{self.name}: not reached"
        return f"{self.name}: {self.cause.value}, {self.seconds:.0f} s more ({self.reason})"


def no_key_error(model: str, states: Sequence[KeyState]) -> ApiError:
    """The error for a create that none of these keys takes. Without `states` no pattern fits the model.

    Where keys differ, the one that a caller can hope for soonest decides.
    """
    escaped = _escaped(model)
    if not states:
        text = _NO_PATTERN.format(model=escaped)
        return ApiError(403, text, code="model_not_available", param="model")
    causes = [state.cause for state in states]
    refusal = next(_NO_KEY_REFUSALS[cause] for cause in _NO_KEY_REFUSALS if cause in causes)
    limited = refusal.status == 429 and refusal.retry is None
    waits = [state.seconds for state in states if state.cause in _PASSES_BY_ITSELF]
    unreached = next((state.reason for state in states if state.reason.startswith(UNREACHED)), "")
    message = refusal.message.format(model=escaped)
    if unreached and not refusal.label:
        message = f"{unreached}; try again."
    return ApiError(
        refusal.status,
        message + _own_reasons(states),
        code=refusal.code,
        type="insufficient_quota" if refusal.code == "insufficient_quota" else None,
        param=refusal.param,
        retry=refusal.retry,
        retry_after=max(ceil(min(waits)), 1) if limited else None,
        detail="; ".join(state.for_log() for state in states),
    )


def no_creating_key_error(any_keys: bool) -> ApiError:
    """The error where no key is configured, or none with a weight."""
    text = _NO_WEIGHT if any_keys else _NO_KEY
    return ApiError(503, text, code="no_runway_key", retry=False)


def closed_key_error(model: str, takes_new: bool) -> ApiError:
    """The error where the key that made the source takes no creates, or none of this model."""
    why = f"is not for the model {_escaped(model)}" if takes_new else "takes no new videos (weight 0)"
    return ApiError(403, _CLOSED.format(why=why), code="source_key_closed")


def _escaped(model: str) -> str:
    return repr(" ".join(model.split())[:_LONGEST_MODEL])


def _own_reasons(states: Iterable[KeyState]) -> str:
    found = [
        f"{_NO_KEY_REFUSALS[state.cause].label}: {state.reason}"
        for state in states
        if state.own and state.cause and state.reason
    ]
    return f" Runway's reasons: {'; '.join(dict.fromkeys(found))}" if found else ""
