"""Typed events: what happened. A sink is a function of an event; the log is one.

An event holds facts; `log_sink` words them. A client's text in it is not escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from runway_videos.errors import ApiError
from runway_videos.keys.balances import Balance
from runway_videos.openai.routes import Route
from runway_videos.request_context import current_request
from runway_videos.translate.task_status import TaskState


class VideoFacts(msgspec.Struct, frozen=True):
    """A video in an event. `model` is as the client wrote it, `runway_model` and `mode` are Runway's.

    `runway_model` and `mode` are "" if another process created the video; `caller` "" is the local
    user. `sent`: fields of the Runway body that say more than `seconds` and `size` do.
    `asked_size`: the size that the client named, where another is made. `made_from`: an operation
    and the task of the video that it is of.
    """

    model: str
    seconds: str
    size: str
    caller: str
    runway_model: str = ""
    mode: str = ""
    sent: tuple[tuple[str, str], ...] = ()
    asked_size: str = ""
    made_from: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an operator may want to know. `request_id`: in the course of which request, if any."""

    request_id: str = ""


class CreateSending(Event, frozen=True):
    """A create is about to be sent to Runway: from here on a paid task may exist.

    `credits` that it is expected to cost; None: not known.
    """

    video: VideoFacts
    key: str
    credits: float | None = None


class CreateBody(Event, frozen=True):
    """The body of a create as it is sent; large files in it are `Media`."""

    body: dict[str, object]


class VideoSubmitted(Event, frozen=True):
    """Runway made a task. `credits` as Runway estimates them, else as they were expected; `seconds`
    since the create began."""

    video: VideoFacts
    key: str
    task: str
    credits: float | None
    seconds: float
    video_id: str = ""
    prompt: str = ""


class OutcomeUnknown(Event, frozen=True):
    """A create was sent and its answer lost: a paid task may exist whose id is unknown."""

    video: VideoFacts
    key: str
    reason: str


class CreateGivenUp(Event, frozen=True):
    """The process ends before Runway answered a create: a paid task may exist."""

    video: VideoFacts


class CreateAbandoned(Event, frozen=True):
    """A process of the shared store has died after it had sent a create: a paid task may exist."""

    video: VideoFacts


class StoreAway(Event, frozen=True):
    """The shared store cannot be reached; `problem` None: it is back."""

    problem: str | None


class StoreMayLose(Event, frozen=True):
    """A setting of the shared store's engine could lose what it holds; `problem` says which."""

    problem: str


class StoreLostData(Event, frozen=True):
    """The shared store has lost what it held."""


class KeyPassedOver(Event, frozen=True):
    """A key could not take a create, and the next one is asked. `reason` is Runway's own text."""

    key: str
    model: str
    reason: str


class PriceDiffers(Event, frozen=True):
    """Runway's price of a model is not the one that was known. Both in credits a second.

    `resolution` such as 720p; "" where the create did not tell.
    """

    model: str
    resolution: str
    expected: float
    actual: float


class RunwayAnswered(Event, frozen=True):
    """A call to Runway is over, after `seconds`. `call` is the client's method; `status` 0: no answer."""

    call: str
    seconds: float
    status: int


class AuditFailed(Event, frozen=True):
    """The account of what is made could not be written; `problem` None: it is written again."""

    problem: str | None


class RetryJoined(Event, frozen=True):
    """A client's retry gets the outcome of the create that its first attempt began: nothing is sent."""

    caller: str


class BalanceKnown(Event, frozen=True):
    """Runway has said what a key's organisation has left. `first`: of this key, in this process."""

    key: str
    balance: Balance
    first: bool


class BalanceUnknown(Event, frozen=True):
    """Runway did not say what a key's organisation has left. Nothing else follows from it."""

    key: str
    problem: str


class UploadFailed(Event, frozen=True):
    """Runway's storage did not take a file."""

    key: str
    reason: str


class FieldsIgnored(Event, frozen=True):
    """Fields of a create that Runway does not have were ignored."""

    names: tuple[str, ...]


class VideoEnded(Event, frozen=True):
    """This process first saw that a video has ended. `seconds` since its creation.

    `made_here`: this process created it. Where it did not, the end is told by other processes too:
    who adds up costs counts creates, or ends with `made_here`. `deleted`: its client deleted it.
    """

    video: VideoFacts
    key: str
    task: str
    state: TaskState
    seconds: int
    video_id: str = ""
    made_here: bool = True
    deleted: bool = False


class VideoDeleted(Event, frozen=True):
    """A video was cancelled or deleted."""

    video: VideoFacts
    key: str
    task: str
    video_id: str = ""


class WebhookDelivered(Event, frozen=True):
    """A webhook at `host` took an event about a video."""

    host: str
    type: str
    video_id: str


class WebhookFailed(Event, frozen=True):
    """A webhook did not take an event; it is sent again after `seconds`. `tries` so far."""

    host: str
    video_id: str
    problem: str
    tries: int
    seconds: float


class WebhookLost(Event, frozen=True):
    """An event about a video is not sent, or its end not waited for. `host` "": to none of the webhooks."""

    host: str
    video_id: str
    reason: str


class WebhooksEnded(Event, frozen=True):
    """The process ends with events that are not delivered, or with videos that have not ended."""

    events: int
    videos: int


class PollStale(Event, frozen=True):
    """Runway could not be polled, and the cached status was returned."""

    task: str
    problem: str


class TaskContradicted(Event, frozen=True):
    """Runway's answer about a task contradicts an earlier one, or is about another task."""

    task: str
    problem: str


class ContentFailed(Event, frozen=True):
    """Runway's file store does not serve a video. `worked_before`: it did within the last minute."""

    task: str
    problem: str
    worked_before: bool


class PreviewFailed(Event, frozen=True):
    """Pictures of a finished video, by their names, cannot be made."""

    task: str
    names: tuple[str, ...]
    problem: str


class KeysChanged(Event, frozen=True):
    """The operator changed keys while the proxy runs: names of those that came, and that were taken away."""

    posted: tuple[str, ...]
    taken: tuple[str, ...]


class CallRefused(Event, frozen=True):
    """A video call was refused or failed. `caller` is "" where nobody knows, `peer` is an IP address."""

    error: ApiError
    route: Route
    caller: str = ""
    peer: str = ""


class ConnectionCut(Event, frozen=True):
    """A call was refused before its body was read: its connection was closed."""

    error: ApiError
    method: str
    path: str
    peer: str


class OtherTrafficRefused(Event, frozen=True):
    """What is no video call may not pass, or nothing came back from `runway_fallback`. `what` names it."""

    error: ApiError
    what: str
    peer: str


class TlsToPlainPort(Event, frozen=True):
    """A client spoke TLS to the proxy's own address, and does not trust what came."""

    peer: str
    address: str


type Sink = Callable[[Event], None]


class Events:
    """Gives each event to all sinks, in their order, with the id of the request that is served."""

    def __init__(self, sinks: Iterable[Sink]) -> None:
        self._sinks = tuple(sinks)

    def emit(self, event: Event) -> None:
        if not event.request_id and (request_id := current_request()):
            event = msgspec.structs.replace(event, request_id=request_id)
        for sink in self._sinks:
            sink(event)
