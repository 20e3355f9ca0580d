"""The sink that counts events for `/runway/metrics`. It knows nothing of Prometheus.

Labels are bounded: names of the configuration, models of the catalog (else `other`), and words of
this program. A client's text is never one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from runway_videos import catalog, events
from runway_videos.events import Event, VideoFacts
from runway_videos.observe.counts import OTHER, Counts, Histogram
from runway_videos.observe.unfinished_by_hour import UnfinishedByHour
from runway_videos.openai.routes import PAID

#: Seconds of a call to Runway.
CALL_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
#: Seconds from a video's creation to its end.
VIDEO_BOUNDS = (15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 3600.0)


class Metrics:
    """Counts. `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._models = frozenset(catalog.load().models())
        self._unfinished = UnfinishedByHour(clock)
        self.creates = Counts()  # caller, key, model, outcome
        self.ends = Counts()  # caller, key, model, status
        self.credits = Counts()  # caller, key, model, kind
        self.refused = Counts()  # caller, operation, reason
        self.unknown = Counts()  # caller, key
        self.retries = Counts()  # caller
        self.polls = 0
        self.calls = Histogram(CALL_BOUNDS)  # call, status
        self.completions = Histogram(VIDEO_BOUNDS)  # model
        self._handlers: Mapping[type[Event], Callable[[Any], None]] = {
            events.VideoSubmitted: self._submitted,
            events.OutcomeUnknown: self._unknown,
            events.CreateGivenUp: self._given_up,
            events.CreateAbandoned: self._given_up,
            events.VideoEnded: self._ended,
            events.VideoDeleted: self._deleted,
            events.CallRefused: self._refused,
            events.ConnectionCut: self._cut,
            events.OtherTrafficRefused: self._other_refused,
            events.RunwayAnswered: self._answered,
            events.RetryJoined: self._joined,
        }

    def __call__(self, event: Event) -> None:
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def unfinished(self) -> Counter[str]:
        """How many videos that were made here have not ended, as far as is known, by caller."""
        return self._unfinished.by_caller()

    def model_of(self, model: str) -> str:
        """A model as a label."""
        return model if model in self._models else OTHER

    def _submitted(self, event: events.VideoSubmitted) -> None:
        whose = (event.video.caller, event.key, self._model(event.video))
        self.creates.add(*whose, "made")
        if event.credits is not None:
            self.credits.add(*whose, "estimated", amount=event.credits)
        self._unfinished.add(event.task, event.video.caller)

    def _unknown(self, event: events.OutcomeUnknown) -> None:
        self.creates.add(event.video.caller, event.key, self._model(event.video), "unknown")
        self.unknown.add(event.video.caller, event.key)

    def _given_up(self, event: events.CreateGivenUp | events.CreateAbandoned) -> None:
        self.creates.add(event.video.caller, "", self._model(event.video), "unknown")
        self.unknown.add(event.video.caller, "")

    def _ended(self, event: events.VideoEnded) -> None:
        self._unfinished.remove(event.task)
        if not event.made_here:
            return  # who made it counts it, or every process would
        model, state = self._model(event.video), event.state
        whose = (event.video.caller, event.key, model)
        self.ends.add(*whose, "deleted" if event.deleted else state.status)
        if state.credits is not None:
            self.credits.add(*whose, "final", amount=state.credits)
        if state.status == "completed":
            self.completions.add(max(event.seconds, 0), model)

    def _deleted(self, event: events.VideoDeleted) -> None:
        self._unfinished.remove(event.task)

    def _refused(self, event: events.CallRefused) -> None:
        error, operation = event.error, event.route.operation
        reason = error.code or str(error.status)
        self.refused.add(event.caller, operation.value, reason)
        # One whose outcome is unknown has an event of its own.
        if operation in PAID and not error.may_have_made and reason != "outcome_unknown":
            self.creates.add(event.caller, "", "", "refused")

    def _cut(self, event: events.ConnectionCut) -> None:
        self.refused.add("", "cut", event.error.code or str(event.error.status))

    def _other_refused(self, event: events.OtherTrafficRefused) -> None:
        self.refused.add("", "other traffic", event.error.code or str(event.error.status))

    def _answered(self, event: events.RunwayAnswered) -> None:
        self.polls += event.call == "get_task"
        self.calls.add(event.seconds, event.call, f"{event.status // 100}xx" if event.status else "none")

    def _joined(self, event: events.RetryJoined) -> None:
        self.retries.add(event.caller)

    def _model(self, video: VideoFacts) -> str:
        return self.model_of(video.runway_model)
