"""Creates: sent, made, refused by a key, of unknown outcome."""

from __future__ import annotations

from runway_videos.events.base import Event, VideoFacts
from runway_videos.keys.cooldowns import KeyReport


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


class CreateNotMade(Event, frozen=True):
    """A create was sent with a key, and nothing was made: `CreateSending` holds no longer."""

    video: VideoFacts
    key: str


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


class RetryJoined(Event, frozen=True):
    """A client's retry gets the outcome of the create that its first attempt began: nothing is sent."""

    caller: str


class KeyPassedOver(Event, frozen=True):
    """A key could not take a create, and the next one is asked. `reason` is Runway's own text."""

    key: str
    model: str
    reason: str
    report: KeyReport | None = None


class PriceDiffers(Event, frozen=True):
    """Runway's price of a model is not the one that was known. Both in credits a second.

    `resolution` such as 720p; "" where the create did not tell.
    """

    model: str
    resolution: str
    expected: float
    actual: float


class UploadFailed(Event, frozen=True):
    """Runway's storage did not take a file."""

    key: str
    reason: str


class FieldsIgnored(Event, frozen=True):
    """Fields of a create that Runway does not have were ignored."""

    names: tuple[str, ...]
