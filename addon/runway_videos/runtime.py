"""The runtime: what operations depend on, frozen, replaced as a whole by a new configuration."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property, lru_cache

import msgspec

from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import Settings
from runway_videos.errors import PRIVATE_HEADERS
from runway_videos.events import Events
from runway_videos.keys.balances import Balances
from runway_videos.keys.pool import Key, KeyPool
from runway_videos.openai.video import Status
from runway_videos.prices import Prices, credits_text
from runway_videos.store.shared_videos import SharesVideos
from runway_videos.store.video_ids import IdSealer, VideoReference, unknown_video
from runway_videos.store.video_records import VideoRecord, VideoRecords
from runway_videos.translate.model_names import bare_name
from runway_videos.upstream.client import RunwayClient
from runway_videos.upstream.timeouts import Timeouts

#: The header of answers about videos of the sandbox.
SANDBOX_HEADER = "x-runway-sandbox"
#: The header of what a video costs: estimated in the answer to its create, final once it has ended.
CREDITS_HEADER = "x-runway-credits"
#: What is made, where an alias chose it.
MODEL_HEADER, SIZE_HEADER = "x-runway-model", "x-runway-size"
_LEAST_POLL_MS = 1000


class CachedStatus(msgspec.Struct, frozen=True, gc=False):
    """The last status of a video, as JSON that is encoded once. `credits`: its final cost, as a header."""

    body: bytes
    status: Status
    progress: int
    error: str | None = None
    credits: str = ""


class RequestedVideo(msgspec.Struct, frozen=True):
    """The video that a call is about: its id as the client wrote it, and its record."""

    video_id: str
    record: VideoRecord[CachedStatus]

    @property
    def reference(self) -> VideoReference:
        return self.record.reference

    @property
    def task(self) -> str:
        return self.record.reference.task

    @property
    def made_headers(self) -> dict[str, str]:
        """What an alias chose, as far as this process knows."""
        record = self.record
        return _made_headers(record.reference.model, record.runway_model, record.runway_size)


class Runtime(msgspec.Struct, frozen=True, dict=True):
    """One configuration and what is built from it. A call keeps the runtime that it began with.

    `clock` is monotonic, `now` is unix time, `sleep` waits; all in seconds. `jitter` gives 0 to 1.
    `videos`, `events`, `prices`, `shared` and `balances` are the same in every runtime of a process.
    """

    settings: Settings
    pool: KeyPool
    sealer: IdSealer
    client: RunwayClient
    videos: VideoRecords[CachedStatus]
    events: Events
    prices: Prices
    shared: SharesVideos
    balances: Balances
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    timeouts: Timeouts = Timeouts()

    def video(self, video_id: str, caller: str) -> RequestedVideo:
        """The video of this caller. ApiError 404 for any other id."""
        reference = self.sealer.open(video_id)
        if not reference.owned_by(caller):
            raise unknown_video(video_id)
        record = self.videos.get(reference.task)
        return RequestedVideo(video_id, record or self.videos.remember(reference, caller))

    def key_of(self, video: RequestedVideo) -> Key:
        """The key that created the video."""
        key = self.pool.get(video.reference.key)
        assert key is not None  # the sealer opens only ids of keys in the pool
        return key

    @cached_property
    def video_headers(self) -> dict[str, str]:
        """Headers of JSON answers about a video: when to poll again, and the sandbox's header."""
        poll_after = str(max(_LEAST_POLL_MS, self.settings.poll_seconds * 1000))
        return self.json_headers | {"openai-poll-after-ms": poll_after}

    def created_headers(self, video: RequestedVideo, credits: float | None) -> dict[str, str]:
        """Headers of the answer to a create that costs about so much."""
        cost = {} if credits is None else {CREDITS_HEADER: credits_text(credits)}
        return self.video_headers | video.made_headers | cost

    def status_headers(self, video: RequestedVideo, cached: CachedStatus) -> dict[str, str]:
        """Headers of a video's status: what it cost where it has ended, else when to ask again."""
        headers = self.json_headers if cached.status in ("completed", "failed") else self.video_headers
        made = video.made_headers
        if not made and not cached.credits:
            return headers
        if not cached.credits:
            return headers | made
        return {**headers, **made, CREDITS_HEADER: cached.credits}

    @cached_property
    def json_headers(self) -> dict[str, str]:
        """Headers of JSON answers with nothing to poll in them."""
        return self.content_headers | {"content-type": "application/json"}

    @cached_property
    def content_headers(self) -> dict[str, str]:
        """Headers of every answer with a video's bytes or a link to them."""
        return self.sandbox_headers | PRIVATE_HEADERS

    @cached_property
    def sandbox_headers(self) -> dict[str, str]:
        """The header of answers of the sandbox; none without it."""
        return {SANDBOX_HEADER: "true"} if self.settings.sandbox else {}


@lru_cache(maxsize=1024)
def _made_headers(asked: str, model: str, size: str) -> dict[str, str]:
    if model in ("", bare_name(asked)):
        return {}
    return {MODEL_HEADER: model, **({SIZE_HEADER: size} if size else {})}


def sealer_of(settings: Settings, earlier: Mapping[str, Sequence[str]] = {}) -> IdSealer:
    """The sealer for the configured keys; `earlier`: values that they had before, by name.

    Raises ConfigError for names that cannot be told apart.
    """
    values = {key.name: key.value for key in settings.keys}
    try:
        return IdSealer(values, settings.id_secrets, earlier=earlier)
    except ValueError as error:
        raise ConfigError(f"runway_keys: {error}") from error


def reconfigured(
    runtime: Runtime,
    settings: Settings,
    earlier: Mapping[str, Sequence[str]],
    connect: Callable[[str, str | None, Timeouts], RunwayClient] | None,
) -> Runtime:
    """The same with other settings; `earlier` as for `sealer_of`, `connect` None keeps the client.

    Raises ConfigError.
    """
    before = runtime.settings
    if settings.store != before.store:
        raise ConfigError("runway_store: takes effect at the start; end the proxy and start it again")
    sealer = sealer_of(settings, earlier)
    pool, client = runtime.pool, runtime.client
    if settings.keys != before.keys:
        pool = KeyPool(settings.keys, runtime.clock, before=pool)
    if connect is not None and (settings.base_url, settings.proxy) != (before.base_url, before.proxy):
        # The old one may have creates in flight: it ends by itself when they are answered.
        client = connect(settings.base_url, settings.proxy, runtime.timeouts)
    return msgspec.structs.replace(runtime, settings=settings, pool=pool, client=client, sealer=sealer)


def size_of(cached: CachedStatus) -> int:
    """Bytes that a cached status is counted as in the video records."""
    return len(cached.body) + len(cached.error or "") + 200
