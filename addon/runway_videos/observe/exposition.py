"""`/runway/metrics`: what was counted, in the form that Prometheus reads.

`FAMILIES` names every metric. A caller gets those that have the label `caller`, and of them its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from runway_videos.errors import ApiError, render
from runway_videos.observe.counts import Counts, DownloadCounts, Histogram
from runway_videos.observe.health import Health
from runway_videos.observe.loop_lag import LoopLag
from runway_videos.observe.metrics import Metrics
from runway_videos.openai.authentication import EVERYBODY
from runway_videos.openai.messages import Answer, Call
from runway_videos.runtime import Runtime
from runway_videos.upstream.poll import Poller

if TYPE_CHECKING:
    from prometheus_client import Metric

#: How to get what `/runway/metrics` needs.
INSTALL = "pip install 'prometheus-client>=0.21,<1'"


class Family(msgspec.Struct, frozen=True):
    """One metric: `kind` is counter, gauge or histogram."""

    kind: str
    help: str
    labels: tuple[str, ...] = ()


_WHOSE = ("caller", "key", "model")
#: By name; Prometheus adds `_total` to counters, and `_bucket`, `_sum`, `_count` to histograms.
FAMILIES: Mapping[str, Family] = {
    "runway_creates": Family("counter", "Creates: made, refused, unknown.", (*_WHOSE, "outcome")),
    "runway_videos_ended": Family(
        "counter", "Videos made here that ended: completed, failed, deleted.", (*_WHOSE, "status")
    ),
    "runway_credits": Family(
        "counter", "Credits: estimated when a video is made, final when it has ended.", (*_WHOSE, "kind")
    ),
    "runway_refused_requests": Family(
        "counter", "Requests refused or failed, by the error's code.", ("caller", "operation", "reason")
    ),
    "runway_outcomes_unknown": Family(
        "counter", "Creates whose answer was lost: a paid task may exist.", ("caller", "key")
    ),
    "runway_retries_joined": Family("counter", "Retries that got their first attempt's video.", ("caller",)),
    "runway_unfinished_videos": Family(
        "gauge", "Videos made here that have not ended, as far as anybody has asked.", ("caller",)
    ),
    "runway_upstream_seconds": Family(
        "histogram", "Seconds of a call to Runway; status none: no answer.", ("call", "status")
    ),
    "runway_completion_seconds": Family(
        "histogram", "Seconds from a video's creation until its completion was seen.", ("model",)
    ),
    "runway_key_weight": Family("gauge", "A key's weight.", ("key",)),
    "runway_key_in_flight": Family("gauge", "Creates that are out with a key.", ("key",)),
    "runway_key_cooldown_seconds": Family(
        "gauge", "Seconds that a cooldown goes on; model all: the whole key's.", ("key", "model", "reason")
    ),
    "runway_key_balance_credits": Family("gauge", "Credits that a key's organisation has.", ("key",)),
    "runway_key_daily_generations": Family(
        "gauge", "Videos of a key's organisation within a day.", ("key", "model")
    ),
    "runway_key_daily_limit": Family("gauge", "How many it may make within a day.", ("key", "model")),
    "runway_upstream_polls": Family("counter", "Calls to Runway for a task's status."),
    "runway_saved_polls": Family("counter", "Status calls that were answered without one."),
    "runway_downloads": Family("counter", "Downloads of videos that began to stream."),
    "runway_downloads_in_flight": Family("gauge", "Downloads of videos that stream now."),
    "runway_download_bytes": Family("counter", "Bytes of videos streamed to clients."),
    "runway_event_loop_lag_seconds": Family("gauge", "How late the event loop is."),
    "runway_ready": Family("gauge", "Whether a create can be taken, as /runway/readyz says."),
}

#: Callers times keys that have a zero where nothing was counted yet.
MOST_ZEROS = 500

type _Sample = tuple[tuple[str, ...], float]


class Exposition:
    """Reads what others count. Outlives runtimes."""

    def __init__(
        self, metrics: Metrics, poller: Poller, lag: LoopLag, health: Health, downloads: DownloadCounts
    ) -> None:
        self._metrics = metrics
        self._poller = poller
        self._lag = lag
        self._health = health
        self._downloads = downloads

    async def answer(self, runtime: Runtime, call: Call) -> Answer:
        """The answer to a scrape: all numbers, or those of the caller that asks."""
        try:
            from prometheus_client import CollectorRegistry, ProcessCollector
            from prometheus_client.exposition import choose_encoder
        except ImportError:
            return Answer(*render(_not_installed()))
        ready = not self._health.why_not_ready(runtime)
        registry = CollectorRegistry()
        registry.register(_Collector(lambda: self.families(runtime, call.caller, ready)))
        if call.caller == EVERYBODY:
            ProcessCollector(registry=registry)
        encode, content_type = choose_encoder(call.headers.get("accept", ""))
        return Answer(200, runtime.content_headers | {"content-type": content_type}, encode(registry))

    def families(self, runtime: Runtime, caller: str, ready: bool) -> list[Metric]:
        """All metrics, or of those with a caller what is this caller's."""
        samples = self._samples(runtime, ready)
        histograms = {
            "runway_upstream_seconds": self._metrics.calls,
            "runway_completion_seconds": self._metrics.completions,
        }
        found = []
        for name, family in FAMILIES.items():
            if caller == EVERYBODY:
                found.append(_metric(name, family, samples.get(name, ()), histograms.get(name)))
            elif "caller" in family.labels:
                at = family.labels.index("caller")
                own = [each for each in samples[name] if each[0][at] == caller]
                found.append(_metric(name, family, own, None))
        return found

    def _samples(self, runtime: Runtime, ready: bool) -> Mapping[str, Iterable[_Sample]]:
        metrics, downloads = self._metrics, self._downloads
        counts: dict[str, Counts] = {
            "runway_creates": metrics.creates,
            "runway_videos_ended": metrics.ends,
            "runway_credits": metrics.credits,
            "runway_refused_requests": metrics.refused,
            "runway_outcomes_unknown": metrics.unknown,
            "runway_retries_joined": metrics.retries,
        }
        numbers: dict[str, float] = {
            "runway_upstream_polls": metrics.polls,
            "runway_saved_polls": self._poller.saved,
            "runway_downloads": downloads.begun,
            "runway_downloads_in_flight": downloads.begun - downloads.ended,
            "runway_download_bytes": downloads.size,
            "runway_event_loop_lag_seconds": self._lag.seconds(),
            "runway_ready": float(ready),
        }
        keys = runtime.pool.now()
        balances = {key.name: found for key in keys if (found := runtime.balances.of(key.name))}
        daily = [
            ((name, model), use)
            for name, balance in balances.items()
            for model, use in balance.daily.items()
            if metrics.model_of(model) == model
        ]
        return {
            **{name: found.items() for name, found in counts.items()},
            "runway_outcomes_unknown": _from_zero(runtime, metrics.unknown),
            **{name: [((), number)] for name, number in numbers.items()},
            "runway_unfinished_videos": [((who,), n) for who, n in metrics.unfinished().items()],
            "runway_key_weight": [((key.name,), key.weight) for key in keys],
            "runway_key_in_flight": [((key.name,), key.in_flight) for key in keys],
            "runway_key_balance_credits": [((name,), each.credits) for name, each in balances.items()],
            "runway_key_daily_generations": [(labels, use.made) for labels, use in daily],
            "runway_key_daily_limit": [(labels, use.limit) for labels, use in daily],
            "runway_key_cooldown_seconds": [
                ((key.name, metrics.model_of(model) if model else "all", cause.value), seconds)
                for key in keys
                for model, cause, seconds in key.cooldowns
            ],
        }


def _from_zero(runtime: Runtime, counts: Counts) -> Iterable[_Sample]:
    """A count by callers and keys, with a zero for all that were never counted.

    Prometheus' `increase` does not see the first of a count that was not there before. Where there
    are very many callers and keys, it is left at that.
    """
    found = dict(counts.items())
    callers = [caller.name for caller in runtime.settings.callers] or [""]
    keys = [key.name for key in runtime.pool.now()]
    if len(callers) * len(keys) <= MOST_ZEROS:
        found = {(caller, key): 0.0 for caller in callers for key in keys} | found
    return found.items()


class _Collector:
    """What a registry asks for its metrics."""

    def __init__(self, families: Callable[[], list[Metric]]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families()


def _metric(name: str, family: Family, samples: Iterable[_Sample], histogram: Histogram | None) -> Metric:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    if histogram is not None:
        found = HistogramMetricFamily(name, family.help, labels=family.labels)
        for labels, buckets, total in histogram.items():
            found.add_metric(labels, buckets, total)
        return found
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(name, family.help, labels=family.labels)
    for labels, value in samples:
        metric.add_metric(labels, value)
    return metric


def _not_installed() -> ApiError:
    return ApiError(
        501,
        f"Metrics need a package that is not installed here: {INSTALL}, then start the proxy again.",
        code="metrics_not_installed",
        retry=False,
    )
