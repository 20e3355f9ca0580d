"""The base of all handlers: JSON answers, the request log, refusals."""

from __future__ import annotations

import logging
from asyncio import Future
from typing import Any

import msgspec
from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from runway_videos.sandbox.organisations import Organisation, Refused
from runway_videos.sandbox.request_log import RecordedRequest
from runway_videos.sandbox.state import SandboxState

logger = logging.getLogger(__name__)


class Base(RequestHandler):
    """Answers in JSON, logs the request, and never sends a traceback."""

    #: The name under which requests are counted.
    route = ""
    #: For the request log, set by handlers.
    recorded_body: dict[str, object] | None = None
    recorded_size = 0
    recorded_made: str | None = None
    organisation: Organisation | None = None
    _is_recorded = False

    def initialize(self, state: SandboxState, route: str = "") -> None:
        """Tornado's constructor for subclasses."""
        self.state = state
        self.route = route or self.request.path

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    def compute_etag(self) -> str | None:
        """None: no 304 for answers of the API."""
        return None

    def reply(self, status: int, body: object) -> None:
        """Finishes with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(body))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, Refused):
            self.reply(error.status, error.body)
        elif status_code in (404, 405):
            self.reply(404, {"error": "Not found"})
        else:
            self.reply(status_code, {"error": self._reason})

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        if not isinstance(value, Refused | StreamClosedError | HTTPError):
            logger.error("sandbox: %s %s: %r", self.request.method, self.request.path, value)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, StreamClosedError):
            return
        super().send_error(error.status if isinstance(error, Refused) else status_code, **kwargs)

    def finish(self, chunk: Any = None) -> Future[None]:
        # Before the answer is sent: a client that has it finds the request in the log.
        self.record()
        return super().finish(chunk)

    def record(self) -> None:
        """Adds the request to the log, once."""
        if self._is_recorded:
            return
        self._is_recorded = True
        headers = {name.lower(): value for name, value in self.request.headers.get_all()}
        headers.pop("authorization", None)
        request = RecordedRequest(
            method=self.request.method or "",
            path=self.request.path,
            organisation=self.organisation.name if self.organisation else None,
            headers=headers,
            body=self.recorded_body,
            status=self.get_status(),
            made=self.recorded_made,
        )
        self.state.request_log.add(self.route, request, self.recorded_size)


class NotFound(Base):
    """404 for every path that Runway does not have."""

    def initialize(self, state: SandboxState, route: str = "") -> None:
        super().initialize(state, "unknown")

    def prepare(self) -> None:
        self.reply(404, {"error": "Not found"})


class Requests(Base):
    """GET /_sandbox/requests: the request log. Only in the standalone sandbox, on loopback."""

    def get(self) -> None:
        log = self.state.request_log
        made = {"made": self.state.tasks.made, "tasks": len(self.state.tasks)}
        self.reply(200, {"counts": log.counts, **made, "requests": list(log.requests)})

    def delete(self) -> None:
        self.state.request_log.clear()
        self.set_status(204)

    def record(self) -> None:
        """Reading the log is not recorded."""


def bearer(request: HTTPServerRequest) -> str | None:
    """The token of `Authorization: Bearer`, None without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
