"""Files that are too large for a create: put into Runway's storage first. Nothing is paid here."""

from __future__ import annotations

import asyncio

import msgspec

from runway_videos.errors import ApiError
from runway_videos.events import UploadFailed
from runway_videos.keys.pool import Key
from runway_videos.media import Media
from runway_videos.runtime import Runtime
from runway_videos.upstream.client import NotSentError, UnknownOutcomeError
from runway_videos.upstream.create_outcomes import CreateOutcome, RequestRefused, TryNextKey
from runway_videos.upstream.judge_create import judge_upload

#: Files that are put into Runway's storage at once; further ones wait.
MAX_UPLOADS = 16


class _UploadPlace(msgspec.Struct, frozen=True):
    """Runway's answer to `POST /v1/uploads`."""

    uploadUrl: str
    fields: dict[str, str]
    runwayUri: str


class Uploads:
    """Puts files into Runway's storage, as many at once as there are `permits`."""

    def __init__(self, runtime: Runtime, permits: asyncio.Semaphore) -> None:
        self._client = runtime.client
        self._timeouts = runtime.timeouts
        self._events = runtime.events
        self._permits = permits

    async def upload(self, key: Key, media: Media) -> str | CreateOutcome:
        """Puts a file where this key's organisation can use it: its runway:// URI, or why not."""
        seconds = self._timeouts.upload_of(len(media.data))
        try:
            # Waiting for a permit has the same bound: those who have one may all be slow.
            async with asyncio.timeout(seconds):
                await self._permits.acquire()
        except TimeoutError:
            return self._failed(key, media, "had to wait too long for others")
        try:
            async with asyncio.timeout(seconds):
                return await self._upload(key, media)
        except TimeoutError:
            return self._failed(key, media, "not done in time")
        finally:
            self._permits.release()

    async def _upload(self, key: Key, media: Media) -> str | CreateOutcome:
        """A storage refusal or a lost answer asks for a new place, once."""
        problem = ""
        for _ in range(2):
            try:
                reply = await self._client.open_upload(key, media.filename)
                if not 200 <= reply.status < 300:
                    return judge_upload(reply)
                place = msgspec.json.decode(reply.body, type=_UploadPlace)
                stored = await self._client.put_file(
                    place.uploadUrl, place.fields, media.filename, media.mime, media.data
                )
            except NotSentError as error:
                return TryNextKey(None, str(error))
            except (UnknownOutcomeError, msgspec.DecodeError) as error:
                problem = str(error)
                continue
            if 200 <= stored.status < 300:
                return place.runwayUri
            problem = f"HTTP {stored.status}"
        return self._failed(key, media, f"failed twice: {problem}")

    def _failed(self, key: Key, media: Media, problem: str) -> RequestRefused:
        self._events.emit(UploadFailed(key.name, problem))
        return RequestRefused(
            ApiError(
                502,
                f"Runway's storage did not take the uploaded {media.kind}; nothing was made. Try again.",
                code="upload_failed",
            )
        )
