"""The file stores beside the API: signed downloads as from CloudFront, uploads as to S3."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import stream_request_body

from runway_videos.openai.ranges import UnsatisfiableError, parse_range
from runway_videos.sandbox import outputs, uploads
from runway_videos.sandbox.handlers import Base
from runway_videos.sandbox.state import SandboxState
from runway_videos.sandbox.uploads import Receiver, StorageError

# The file and the form around it.
_MAX_FORM_BYTES = uploads.MAX_BYTES + (1 << 20)


class Store(Base):
    """Refuses in XML, and refuses credentials: only the signature authorizes."""

    def refuse_credentials(self) -> None:
        """S3 answers 400 to a request that is authorized in two ways."""
        if "Authorization" in self.request.headers:
            message = "Only one auth mechanism allowed"
            raise StorageError(400, "InvalidArgument", message)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        if not isinstance(error, StorageError):
            super().send_error(status_code, **kwargs)
            return
        self.set_status(error.status)
        self.set_header("Content-Type", "application/xml")
        message = error.message.replace("&", "&amp;").replace("<", "&lt;")
        self.finish(
            '<?xml version="1.0" encoding="UTF-8"?>'
            f"<Error><Code>{error.code}</Code><Message>{message}</Message></Error>"
        )

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        if not isinstance(value, StorageError):
            super().log_exception(typ, value, tb)


class Output(Store):
    """GET and HEAD of a finished video."""

    async def get(self, task_id: str) -> None:
        await self._serve(task_id)

    async def head(self, task_id: str) -> None:
        await self._serve(task_id)

    async def _serve(self, task_id: str) -> None:
        self.refuse_credentials()
        names = ("Expires", "Key-Pair-Id", "Signature")
        query = {name: self.get_query_argument(name, "") for name in names}
        if refusal := self.state.signer.refusal(self.request.path, query):
            raise StorageError(403, *refusal)
        task = self.state.tasks.find(task_id)
        if task is None:
            raise StorageError(404, "NoSuchKey", "The specified key does not exist.")
        clip = self.state.clip(task)
        changed = formatdate(task.ends, usegmt=True)
        for name, value in (
            ("Content-Type", "video/mp4"),
            ("Accept-Ranges", "bytes"),
            ("ETag", clip.etag),
            ("Last-Modified", changed),
        ):
            self.set_header(name, value)
        start, stop = 0, clip.size
        header = self.request.headers.get("Range", "")
        # Range is only for GET, and is ignored when If-Range names another version.
        if self.request.method == "GET" and self._unchanged(clip.etag, changed):
            try:
                part = parse_range(header, clip.size)
            except UnsatisfiableError:
                self.set_header("Content-Range", f"bytes */{clip.size}")
                message = "The requested range is not satisfiable"
                raise StorageError(416, "InvalidRange", message) from None
            if part:
                start, stop = part
                self.set_status(206)
                self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{clip.size}")
        self.set_header("Content-Length", str(stop - start))
        if self.request.method == "HEAD":
            return
        await self._send(clip, start, stop)

    async def _send(self, clip: outputs.Clip, start: int, stop: int) -> None:
        self.record()
        try:
            for piece in clip.pieces(start, stop):
                self.write(piece)
                # Waits until the socket has taken it: never more than one piece is in memory.
                await self.flush()
                # A socket that never blocks would never let other tasks run.
                await asyncio.sleep(0)
        except (StreamClosedError, asyncio.CancelledError):
            # The client has disconnected, or the loop shuts down; tornado logs a traceback for the
            # latter, and another when an answer ends early on an open connection.
            connection: Any = self.request.connection
            connection.stream.close()

    def _unchanged(self, etag: str, changed: str) -> bool:
        return self.request.headers.get("If-Range", etag) in (etag, changed)


@stream_request_body
class PutFile(Store):
    """POST /uploads: step two of an upload, the form with the file."""

    _receiver: Receiver | None = None
    _refusal: StorageError | None = None

    def prepare(self) -> None:
        # The declared type is an interface without this method.
        connection: Any = self.request.connection
        connection.set_max_body_size(_MAX_FORM_BYTES)
        try:
            self.refuse_credentials()
            if "Content-Length" not in self.request.headers:
                message = "You must provide the Content-Length HTTP header."
                raise StorageError(411, "MissingContentLength", message)
            content_type = self.request.headers.get("Content-Type", "")
            self._receiver = Receiver(self.state.uploads, content_type)
        except StorageError as error:
            self._refusal = error

    def data_received(self, chunk: bytes) -> None:
        # A refusal waits for the whole body: a client that still sends would see a reset.
        if self._refusal is not None or self._receiver is None:
            return
        try:
            self._receiver.feed(chunk)
        except StorageError as error:
            self._refusal = error

    def post(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        assert self._receiver is not None  # one of the two is set
        slot = self._receiver.finish()
        self.organisation = self.state.organisations.get(slot.organisation)
        self.recorded_body = {
            "fields": self._receiver.fields,
            "filename": slot.filename,
            "size": slot.size,
            "sha256": slot.sha256,
        }
        self.set_header("ETag", f'"{slot.sha256[:32]}"')
        self.set_status(204)


def routes(state: SandboxState) -> list[tuple[str, type[Store], dict[str, Any]]]:
    """Tornado's routing table."""
    return [
        (outputs.PATH + r"([^/]+)\.mp4", Output, {"state": state, "route": outputs.PATH + "{id}"}),
        (uploads.PATH, PutFile, {"state": state}),
    ]
