"""What a create is refused with because of other creates."""

from __future__ import annotations

from runway_videos.errors import ApiError

_INSIST = (
    "An equal create within a minute is not sent, for it may be an automatic retry; to make another"
    " video all the same, send it with a new Idempotency-Key."
)
# A process that ends listens for 10 s longer for clients that left. The stock clients try three times: the
# last of these comes after that, to who is there then.
_PARTING_SECONDS = 8


def key_reuse() -> ApiError:
    """The Idempotency-Key stands for another create."""
    return ApiError(
        409,
        "This Idempotency-Key was used with another request: send the same content again, or another key.",
        code="idempotency_key_reuse",
        retry=False,
    )


def shutting_down(listens: bool = False) -> ApiError:
    """No create begins any more. Nothing was made.

    `listens`: clients that left may still come back, so that the next try would meet this process again.
    """
    seconds = _PARTING_SECONDS if listens else None
    return ApiError(
        503, "The proxy is shutting down; try again.", code="shutting_down", retry=True, retry_after=seconds
    )


def too_many(running: bool) -> ApiError:
    """The caller has as many creates as it may have. Nothing was made."""
    what = (
        "Too many of your videos are being created at once: wait until some are, then try again."
        if running
        else "Too many of your creates are remembered, so that none is paid twice: try again later,"
        " or send fewer of them with an Idempotency-Key, which is remembered for a day."
    )
    return ApiError(429, what, code="too_many_creates", retry=True, retry_after=1 if running else 5)


def _outcome_unknown(message: str) -> ApiError:
    return ApiError(502, message, code="outcome_unknown", retry=False, may_have_made=True)


def process_ended() -> ApiError:
    """Runway has not answered, and this process ends."""
    return _outcome_unknown(
        "The proxy had to end before Runway answered this create: a paid task may exist, so it is not sent"
        " again. Look at Runway's dashboard before you create the video once more."
    )


def fault() -> ApiError:
    """A fault of the proxy: nobody knows how far the create came."""
    return _outcome_unknown("An equal create failed in the proxy: a paid task may exist.")


def process_died() -> ApiError:
    """The process that sent the create has died before Runway answered, or before it wrote the answer."""
    return _outcome_unknown(
        "The process that sent this create has died before its answer came: a paid task may exist, so it is"
        " not sent again. Look at Runway's dashboard before you create the video once more."
    )


def create_lost() -> ApiError:
    """The store has lost a create that another process had sent."""
    return _outcome_unknown(
        "The proxy's store has lost what it knew of this create: a paid task may exist, so it is not sent"
        " again. Look at Runway's dashboard before you create the video once more."
    )


def client_left() -> ApiError:
    """The client had left before its create could begin. Nothing was made; a retry makes its own."""
    return ApiError(
        503, "The client left before its create began: nothing was made.", code="client_left", retry=True
    )


def store_unavailable(detail: str) -> ApiError:
    """The shared store cannot keep what protects a payment. Nothing was made."""
    return ApiError(
        503,
        "The proxy's store cannot be reached, and without it a retry cannot be known: nothing was made."
        " Try again later.",
        code="store_unavailable",
        retry=True,
        retry_after=5,
        detail=detail,
    )


def repeated_unknown(error: Exception) -> ApiError:
    """An equal create ended with this error a moment ago, and a paid task may exist."""
    if not isinstance(error, ApiError):
        error = fault()
    return ApiError(error.status, f"{error.message} {_INSIST}", code=error.code, retry=False)
