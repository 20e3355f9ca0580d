"""The HTTP application, in tornado (a dependency of mitmproxy)."""

from __future__ import annotations

from typing import Any

from tornado.web import Application, RequestHandler

from runway_videos.sandbox import api, storage
from runway_videos.sandbox.handlers import NotFound, Requests
from runway_videos.sandbox.state import SandboxState

#: A create may carry several pictures of 5 MB each.
MAX_JSON_BYTES = 64 << 20


def application(state: SandboxState, inspect: bool) -> Application:
    """All routes. `inspect` adds the one that serves the request log."""
    routes: list[Any] = [*api.routes(state), *storage.routes(state)]
    if inspect:
        routes.append((r"/_sandbox/requests", Requests, {"state": state}))
    return Application(
        routes,
        default_handler_class=NotFound,
        default_handler_args={"state": state},
        log_function=_silent,
    )


def _silent(handler: RequestHandler) -> None:
    """No access log: in mitmdump it would stand beside the flows."""
