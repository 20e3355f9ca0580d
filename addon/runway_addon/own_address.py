"""What is asked of the proxy's own address and is neither a video call nor for elsewhere, on its flow."""

from __future__ import annotations

from mitmproxy import http

from runway_addon import flow_messages
from runway_videos.events import CallRefused, Events
from runway_videos.openai import own_pages
from runway_videos.openai.authentication import AccessPolicy
from runway_videos.openai.caller_tokens import CallerTokens
from runway_videos.openai.local_user import Sender
from runway_videos.openai.routes import Operation, Route


class OwnPages:
    """Answers those to whom video calls are served."""

    def __init__(
        self, policy: AccessPolicy, tokens: CallerTokens, fallback: str | None, events: Events
    ) -> None:
        self._policy = policy
        self._tokens = tokens
        self._fallback = fallback
        self._events = events

    def answer(self, flow: http.HTTPFlow, sender: Sender) -> bool:
        """Answers `GET /`; False for calls that go elsewhere. ApiError 404 for a path that is misspelt."""
        request = flow.request
        if request.method in ("GET", "HEAD") and request.path.partition("?")[0] == "/":
            self._policy.caller(sender)
            scheme = "https" if flow.client_conn.tls else "http"
            address = f"{scheme}://{sender.host or request.host_header or request.host}"
            page = own_pages.front_page(address, self._fallback, sender.headers.get("accept", ""))
            flow_messages.take_credentials(flow, self._tokens)
            flow_messages.put_answer(flow, page)
            return True
        if (error := own_pages.refusal_of(request.path)) is not None:
            caller = self._policy.caller(sender)
            self._events.emit(CallRefused(error, Route(Operation.OTHER), caller, sender.peer))
            raise error
        return False
