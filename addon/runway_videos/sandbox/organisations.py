"""Organisations: the owners of keys, with their credits and limits."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping

import msgspec

from runway_videos.catalog import price_list

DAY = 86_400.0
DOC_URL = "https://docs.dev.runwayml.com/api"

# For what has no known price: plausible, not Runway's.
_OTHER_CREDITS = 12.0
_OTHER_SECONDS = 5.0
# Runway's own where a body names none.
_USUAL_RESOLUTION = "720p"


class Refused(Exception):
    """A refusal of the API: status and JSON body."""

    def __init__(self, status: int, error: str, **more: object) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **more}


class Organisation(msgspec.Struct):
    """An organisation. Tests set its fields, and requests are refused as by Runway.

    `credits` are what is left (1 = 0.01 USD), `daily` the most tasks per model in rolling 24
    hours, `concurrency` the most that run at once per model (further ones are THROTTLED), `closed`
    the models that it may not use; `disabled` refuses all its keys. `used`: credits by day and model.
    """

    name: str
    credits: float = 1_000_000
    daily: int | None = None
    concurrency: int | None = None
    closed: set[str] = msgspec.field(default_factory=set)
    disabled: bool = False
    made: dict[str, deque[float]] = msgspec.field(default_factory=dict)
    used: dict[tuple[str, str], float] = msgspec.field(default_factory=dict)

    def admit(self, model: str, price: float, now: float) -> None:
        """Books a task; raises Refused where Runway would make none."""
        made = self._recent(model, now)
        if model in self.closed:
            raise Refused(403, f"Model variant {model} is not available")
        if self.daily is not None and len(made) >= self.daily:
            # No Retry-After and no rate-limit headers: Runway sends none.
            raise Refused(429, "Your daily task limit has been reached.")
        if price > self.credits:
            message = "You do not have enough credits to run this task."
            raise Refused(400, message, docUrl=DOC_URL)
        self.charge(model, price, now)
        made.append(now)

    def charge(self, model: str, credits: float, now: float) -> None:
        """Books credits on the day; negative: gives them back."""
        self.credits -= credits
        at = (_day(now), model)
        self.used[at] = self.used.get(at, 0) + credits

    def usage(self, start: str, before: str) -> dict[str, object]:
        """The answer to POST /v1/organization/usage, for days from `start` until before `before`."""
        days: dict[str, list[dict[str, object]]] = {}
        for (day, model), credits in sorted(self.used.items()):
            if start <= day < before:
                days.setdefault(day, []).append({"model": model, "amount": round(credits)})
        models = sorted({model for (day, model) in self.used if start <= day < before})
        return {
            "results": [{"date": day, "usedCredits": used} for day, used in days.items()],
            "models": models,
        }

    def describe(self, models: Mapping[str, object], now: float) -> dict[str, object]:
        """The answer to GET /v1/organization; None is no limit."""
        limits = {
            "maxConcurrentGenerations": self.concurrency,
            "maxDailyGenerations": self.daily,
        }
        usage = {name: {"dailyGenerations": len(self._recent(name, now))} for name in self.made}
        return {
            "creditBalance": int(self.credits),
            "tier": {"maxMonthlyCreditSpend": 1_000_000, "models": dict.fromkeys(models, limits)},
            "usage": {"models": usage},
        }

    def _recent(self, model: str, now: float) -> deque[float]:
        made = self.made.setdefault(model, deque(maxlen=100_000))
        while made and made[0] <= now - DAY:
            made.popleft()
        return made


def _day(now: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(now))


def price(body: Mapping[str, object], given_seconds: float | None = None) -> int:
    """The estimate for a create body that has passed the check, in whole credits.

    `given_seconds`: of the video that is its input; a body without seconds makes as many.
    """
    prices, model = price_list.load(), str(body.get("model"))
    given = None if "duration" in body else given_seconds
    seconds = price_list.seconds_in(body) or given or _OTHER_SECONDS
    resolution = price_list.resolution_in(body) or _USUAL_RESOLUTION
    estimate = prices.estimate(model, resolution, seconds, str(body.get("outputFormat", "mp4")))
    return math.ceil(seconds * _OTHER_CREDITS if estimate is None else estimate)
