"""Typed events: what happened. A sink is a function of an event; the log is one.

An event holds facts; `log_sink` words them. A client's text in it is not escaped.
"""

from runway_videos.events.base import (
    Event,
    Events,
    Sink,
    VideoFacts,
)
from runway_videos.events.calls import (
    CallRefused,
    ConnectionCut,
    OtherTrafficRefused,
    TlsToPlainPort,
)
from runway_videos.events.creates import (
    CreateAbandoned,
    CreateBody,
    CreateGivenUp,
    CreateNotMade,
    CreateSending,
    FieldsIgnored,
    KeyPassedOver,
    OutcomeUnknown,
    PriceDiffers,
    RetryJoined,
    UploadFailed,
    VideoSubmitted,
)
from runway_videos.events.operator import (
    AuditFailed,
    BalanceKnown,
    BalanceUnknown,
    KeysChanged,
    RunwayAnswered,
    StoreAway,
    StoreLostData,
    StoreMayLose,
)
from runway_videos.events.videos import (
    ContentFailed,
    PollStale,
    PreviewFailed,
    TaskContradicted,
    VideoDeleted,
    VideoEnded,
    WebhookDelivered,
    WebhookFailed,
    WebhookLost,
    WebhooksEnded,
)

__all__ = [
    "AuditFailed",
    "BalanceKnown",
    "BalanceUnknown",
    "CallRefused",
    "ConnectionCut",
    "ContentFailed",
    "CreateAbandoned",
    "CreateBody",
    "CreateGivenUp",
    "CreateNotMade",
    "CreateSending",
    "Event",
    "Events",
    "FieldsIgnored",
    "KeyPassedOver",
    "KeysChanged",
    "OtherTrafficRefused",
    "OutcomeUnknown",
    "PollStale",
    "PreviewFailed",
    "PriceDiffers",
    "RetryJoined",
    "RunwayAnswered",
    "Sink",
    "StoreAway",
    "StoreLostData",
    "StoreMayLose",
    "TaskContradicted",
    "TlsToPlainPort",
    "UploadFailed",
    "VideoDeleted",
    "VideoEnded",
    "VideoFacts",
    "VideoSubmitted",
    "WebhookDelivered",
    "WebhookFailed",
    "WebhookLost",
    "WebhooksEnded",
]
