"""What a create over its caller's limits is refused with; each says the numbers."""

from __future__ import annotations

from math import ceil

from runway_videos.budgets.usage import DAY_SECONDS, CallerUsage
from runway_videos.config.caller_options import Limits
from runway_videos.errors import ApiError
from runway_videos.logs import number_of
from runway_videos.prices import credits_text

#: A video takes at least so long, in seconds.
_SOON = 10


class AtConcurrencyLimit(ApiError):
    """As many of the caller's videos have not ended, as far as is known here, as it may have."""


class OverDay(ApiError):
    """One video more is over what the caller may make, or spend, in a day: over its `what`."""

    what = "videos"


class _OverCredits(OverDay):
    what = "credits"


def check(caller: str, limits: Limits, usage: CallerUsage, credits: float | None, now: float) -> None:
    """Raises ApiError 429 where one more video, of so many credits, is over a limit. None: not known."""
    tomorrow = ceil((usage.day + 1) * DAY_SECONDS - now)
    videos, spent, most = limits.videos_per_day, usage.credits, limits.credits_per_day
    if videos is not None and usage.videos >= videos:
        raise _over(
            OverDay,
            f"{caller} may make {number_of(videos, 'video')} a day and has made {usage.videos}; the day ends "
            "at 00:00 UTC.",
            tomorrow,
        )
    # Of a price that is not known, the last video may go over the limit.
    if most is not None and (spent + credits > most if credits is not None else spent >= most):
        about = f" and this video takes about {credits_text(credits)}" if credits is not None else ""
        raise _over(
            _OverCredits,
            f"{caller} may spend {credits_text(most)} credits a day, {credits_text(spent)} are spent{about}; "
            "the day ends at 00:00 UTC.",
            tomorrow,
        )
    at_once = limits.concurrency
    # Most have fewer in all.
    if at_once is not None and len(usage.unfinished) >= at_once and (held := usage.held()) >= at_once:
        raise AtConcurrencyLimit(
            429,
            f"{caller} may have {number_of(at_once, 'unfinished video')} at once and has "
            f"{held}: wait until one has ended.",
            code="insufficient_quota",
            type="insufficient_quota",
            retry=False,
            retry_after=_SOON,
        )


def model_not_allowed(caller: str, asked: str, model: str, limits: Limits) -> ApiError:
    """The caller's `models` have none of the two names."""
    behind = "" if asked.removeprefix("runway/") == model else f" (which is {model} here)"
    return ApiError(
        403,
        f"{caller} may not make videos with {asked}{behind}; it may with: {', '.join(limits.models or ())}.",
        param="model",
        code="model_not_allowed",
        retry=False,
    )


def _over(kind: type[OverDay], message: str, seconds: int) -> OverDay:
    quota = "insufficient_quota"
    return kind(429, message, code=quota, type=quota, retry=False, retry_after=seconds)
