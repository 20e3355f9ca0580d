"""Decides on a request's headers: a video call of someone who may make it, other traffic, or neither."""

from __future__ import annotations

import msgspec
from mitmproxy import http

from runway_addon import flow_messages, listening
from runway_videos.config.settings import Settings
from runway_videos.errors import ApiError
from runway_videos.events import ConnectionCut, Events
from runway_videos.openai import authentication, routes
from runway_videos.openai.routes import Operation, Route
from runway_videos.openai.unsupported import wrong_method
from runway_videos.store.video_ids import unknown_video

# How many times `runway_max_body` is read, and held by mitmproxy, to answer 413 in words.
_READ_TO_REFUSE = 2


class AdmittedCall(msgspec.Struct, frozen=True):
    """A video call that may be made, and its headers as they came: credentials are taken off the flow."""

    route: Route
    caller: str
    headers: flow_messages.HeaderFields


class Admission:
    """Receives requests under the settings it is made with."""

    def __init__(self, settings: Settings, events: Events) -> None:
        self._settings = settings
        self._events = events
        self._gate = authentication.Gate(settings.callers, settings.forward)

    def admit(self, flow: http.HTTPFlow) -> AdmittedCall | None:
        """The video call that the request is; None for other traffic, which is sent on its way."""
        try:
            admitted = self._video_call(flow)
            if admitted is None:
                self.forward(flow)
            return admitted
        except ApiError as error:
            self._refuse(flow, error)
            return None

    def forward(self, flow: http.HTTPFlow) -> None:
        """Lets other traffic pass, without callers' tokens and without holding it up.

        Raises ApiError where it may not.
        """
        if not self.may_forward(flow_messages.peer(flow)):
            raise authentication.no_forwarding()
        headers = flow.request.headers
        for name in self._gate.tokens_in(flow_messages.lower_headers(flow)):
            del headers[name]
        if flow_messages.is_for_proxy(flow):
            if self._settings.fallback is None:
                raise authentication.no_fallback(flow.request.method, flow.request.path)
            flow_messages.send_to(flow, self._settings.fallback, keep_path=True)
        size = flow_messages.request_size(flow)
        if size is None or size > flow_messages.LARGEST_HELD_BODY:
            flow.request.stream = True

    def forward_create(self, flow: http.HTTPFlow, admitted: AdmittedCall, models: str) -> None:
        """Sends a create on whose model is none of ours. Raises ApiError where it may not."""
        if flow_messages.is_for_proxy(flow):
            raise authentication.unknown_model(models)
        if not self.may_forward(flow_messages.peer(flow)):
            raise authentication.no_forwarding()  # before the credentials are back on the flow
        flow.request.headers.fields = admitted.headers
        self.forward(flow)

    def may_forward(self, peer: str) -> bool:
        """Whether a client may use the proxy for traffic that is no video call."""
        return self._gate.may_forward(peer)

    def may_connect(self, flow: http.HTTPFlow) -> bool:
        """Whether a client may open a tunnel to where a CONNECT says."""
        return self.may_forward(flow_messages.peer(flow)) or self._is_video_host(flow)

    def _video_call(self, flow: http.HTTPFlow) -> AdmittedCall | None:
        request = flow.request
        route = routes.find(request.method, request.path)
        if route is None or not self._is_video_host(flow):
            return None
        caller = self._gate.caller(flow_messages.peer(flow), flow_messages.lower_headers(flow))
        if route.operation is Operation.NOT_OURS:
            if flow_messages.is_for_proxy(flow):
                raise unknown_video(route.video_id) if route.video_id else wrong_method(route.allow)
            return None
        size = flow_messages.request_size(flow)
        if size is not None and size > self._settings.max_body:
            raise authentication.too_large(self._settings.max_body, size)
        return AdmittedCall(route, caller, flow_messages.take_credentials(flow))

    def _refuse(self, flow: http.HTTPFlow, error: ApiError) -> None:
        flow_messages.take_credentials(flow)
        size = flow_messages.request_size(flow)
        if size is None:
            # mitmproxy reads a body to its end before it answers. This machine's own user is told
            # what is wrong; a stranger may not fill the memory, be it through a balancer here.
            relayed = authentication.relayed_by(flow_messages.lower_headers(flow))
            cut = relayed is not None or not authentication.is_loopback(flow_messages.peer(flow))
        elif error.status == 413:
            cut = size > _READ_TO_REFUSE * self._settings.max_body
        else:
            cut = size > authentication.LARGEST_UNINVITED_BODY
        if cut:
            request = flow.request
            peer = flow_messages.peer(flow)
            self._events.emit(ConnectionCut(error, request.method, request.path, peer))
            listening.cut_off(flow)
            return
        flow_messages.put_error(flow, error)

    def _is_video_host(self, flow: http.HTTPFlow) -> bool:
        host = flow.request.pretty_host.lower()
        own = flow_messages.is_reverse(flow) or flow_messages.is_for_proxy(flow)
        return own or host in self._settings.hosts
