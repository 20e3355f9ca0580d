"""Decides on a request's headers: a video call of someone who may make it, other traffic, or neither."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from mitmproxy import http
from mitmproxy.connection import Client

from runway_addon import addresses, flow_messages, header_fields, listening, replays
from runway_addon.addresses import Addresses
from runway_addon.body_limit import READ_TO_REFUSE
from runway_addon.connections import Connections
from runway_addon.log_throttle import LogThrottle
from runway_addon.own_address import OwnPages
from runway_videos.config.caller_options import Caller
from runway_videos.config.settings import Settings
from runway_videos.errors import ApiError
from runway_videos.events import CallRefused, ConnectionCut, Events, OtherTrafficRefused
from runway_videos.openai import access_refusals, authentication, refusals, routes
from runway_videos.openai.authentication import Way
from runway_videos.openai.caller_tokens import CallerTokens, HeaderFields
from runway_videos.openai.local_user import Sender
from runway_videos.openai.messages import PassThrough
from runway_videos.openai.routes import Operation, Route
from runway_videos.store.video_ids import unknown_video

# As a proxy has to ask for a token: browsers and clients then ask their user for it.
_ASK_FOR_TOKEN: Mapping[str, str] = {"proxy-authenticate": 'Basic realm="runway_callers"'}


class AdmittedCall(msgspec.Struct, frozen=True):
    """A video call that may be made, and its headers as they came: credentials are taken off the flow.

    `size` is its body's length in bytes, None where that is not known yet. `goes_on`: it is answered
    elsewhere, and what comes back is added to.
    """

    route: Route
    caller: str
    headers: HeaderFields
    size: int | None = None
    goes_on: bool = False


class Admission:
    """Receives requests under the settings it is made with."""

    def __init__(
        self,
        settings: Settings,
        connections: Connections,
        addresses: Addresses,
        throttle: LogThrottle,
        events: Events,
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._addresses = addresses
        self._throttle = throttle
        self._events = events
        operator = [Caller("", settings.admin)] if settings.admin else []  # its token goes nowhere either
        self._tokens = CallerTokens([*settings.callers, *operator])
        # Those of callers whose token is no key of a host in `runway_hosts`.
        self._own_tokens = CallerTokens(
            [*(each for each in settings.callers if not each.pass_token), *operator]
        )
        self._policy = authentication.AccessPolicy(
            settings.callers, settings.forward, settings.hosts, admin=settings.admin
        )
        fallback = settings.fallback if settings.forward or not settings.callers else None
        self._own_pages = OwnPages(self._policy, self._tokens, fallback, events)

    def admit(self, flow: http.HTTPFlow) -> AdmittedCall | None:
        """The video call that the request is; None for other traffic, which is sent on its way."""
        sender = self._sender(flow)
        flow_messages.take_tokens_off_target(flow, self._tokens)
        route = self._route(flow)
        try:
            if route is None and self._addresses.is_for_proxy(flow) and self._own_pages.answer(flow, sender):
                self._connections.admitted(flow.client_conn)
                return None
            admitted = self._video_call(flow, sender, route) if route else self._models_call(flow, sender)
            if admitted is None or admitted.goes_on:
                route = None  # it is other traffic, which has lines of its own
                self._forward(flow, sender)
            elif admitted.route.operation not in routes.PROBES:  # strangers may make them
                self._connections.admitted(flow.client_conn)
            return admitted
        except ApiError as error:
            self._refuse(flow, sender, error, route)
            return None

    def forward_create(self, flow: http.HTTPFlow, admitted: AdmittedCall, answer: PassThrough) -> None:
        """Sends a call on whose model or source is none of ours. Raises ApiError where it may not."""
        if answer.unsupported and not addresses.is_reverse(flow):
            raise refusals.unsupported()
        if self._addresses.is_for_proxy(flow):
            if answer.video_id:
                raise unknown_video(answer.video_id, param=answer.param)
            raise refusals.unknown_model(answer.model, answer.models)
        # Decided before the credentials are back on the flow.
        sender = self._addresses.sender(flow, header_fields.lower_names(admitted.headers))
        self._check_other(self._addresses.way(flow), sender)
        flow.request.headers.fields = admitted.headers
        self._forward(flow, sender)

    def connect(self, flow: http.HTTPFlow) -> None:
        """Decides on a CONNECT: a tunnel for all traffic, for video calls alone, or none."""
        client, sender = flow.client_conn, self._sender(flow)
        try:
            self._check_other(Way.PROXY, sender, "a tunnel")
            trusted = True
        except ApiError as error:
            trusted = False
            # In a tunnel to a video host may come video calls: they carry their token themselves.
            if not self._is_video_host(flow):
                self._connections.close_tunnel(client)
                flow_messages.take_credentials(flow, self._tokens)
                _put_refusal(flow, error)
                return
        flow_messages.take_credentials(flow, self._tokens)
        self._connections.open_tunnel(client, trusted)

    def take_credentials(self, flow: http.HTTPFlow) -> None:
        """Takes the client's credentials off a flow that is not admitted."""
        flow_messages.take_credentials(flow, self._tokens)
        flow_messages.take_tokens_off_target(flow, self._tokens)

    def may_open(self, client: Client) -> bool:
        """Whether a connection to a server may be opened for a client; what is asked in it is not seen."""
        if self._connections.may_open(client):
            return True
        way, peer = addresses.way_of(client), self._addresses.peer(client)
        if not addresses.needs_tunnel(client) and self._policy.may_pass_raw(
            way, self._addresses.is_local(client)
        ):
            self._connections.let_in(client)
            return True
        if self._throttle.may_log("a connection", peer):
            self._events.emit(OtherTrafficRefused(access_refusals.no_forwarding(), "a connection", peer))
        return False

    def _sender(self, flow: http.HTTPFlow) -> Sender:
        return self._addresses.sender(flow, flow_messages.lower_headers(flow))

    def _forward(self, flow: http.HTTPFlow, sender: Sender) -> None:
        """Lets other traffic pass without holding it up, and without callers' tokens.

        A token that is the client's key for a host of `runway_hosts` too goes there.

        Raises ApiError where it may not.
        """
        way = self._addresses.way(flow)
        if way is Way.OWN and self._settings.fallback is None:
            self._policy.caller(sender)
            raise refusals.no_fallback(flow.request.method, flow.request.path)
        self._check_other(way, sender)
        if way is Way.OWN and self._settings.fallback is not None:
            flow.metadata[flow_messages.TO_FALLBACK] = True
            next_proxy = self._addresses.goes_to_next_proxy(flow)
            flow_messages.send_to(flow.request, self._settings.fallback, True, next_proxy)
        passes = self._addresses.goes_to(flow, self._settings.hosts)
        tokens = self._own_tokens if passes else self._tokens
        flow_messages.take_tokens(flow, tokens, bool(self._settings.callers))
        size = self._size(flow)
        if size is None or size > flow_messages.LARGEST_HELD_BODY:
            flow.request.stream = True
        self._connections.let_in(flow.client_conn)

    def _check_other(self, way: Way, sender: Sender, what: str = "") -> None:
        try:
            self._policy.check_other(way, sender)
        except ApiError as error:
            kind = what or way.value
            if self._throttle.may_log(kind, sender.peer):
                self._events.emit(OtherTrafficRefused(error, kind, sender.peer))
            raise

    def _route(self, flow: http.HTTPFlow) -> Route | None:
        """The route of a call that is served here, None for all else."""
        method, path = flow.request.method, flow.request.path
        changes_keys = self._settings.admin and self._addresses.is_for_proxy(flow)
        if changes_keys and (route := routes.find_admin(path)) is not None:
            return route
        route = routes.find(method, path) or routes.find_own(method, path)
        return route if route is not None and self._is_video_host(flow) else None

    def _video_call(self, flow: http.HTTPFlow, sender: Sender, route: Route) -> AdmittedCall | None:
        caller = self._policy.asker(sender, route.operation)
        if route.operation is Operation.NOT_OURS:
            if self._addresses.is_for_proxy(flow):
                raise unknown_video(route.video_id) if route.video_id else refusals.wrong_method(route.allow)
            return None
        elsewhere = route.operation is Operation.WRONG_METHOD and not (route.video_id or route.name)
        if elsewhere and addresses.is_reverse(flow):
            return None  # of none of our videos: the target may have it
        size = self._size(flow)
        if size is not None and size > self._settings.max_body:
            raise refusals.too_large(self._settings.max_body, size)
        if size != 0 and route.operation in routes.PROBES:
            raise refusals.no_body()
        credentials = flow_messages.take_credentials(flow, self._tokens)
        return AdmittedCall(route, caller, credentials, size)

    def _models_call(self, flow: http.HTTPFlow, sender: Sender) -> AdmittedCall | None:
        """A call for the models by someone who may make video calls; other traffic for everybody else."""
        route = routes.find_models(flow.request.method, flow.request.path)
        if route is None or self._size(flow) != 0 or not self._is_video_host(flow):
            return None
        if self._settings.fallback is None and self._addresses.is_for_proxy(flow):
            caller = self._policy.caller(sender)
            return AdmittedCall(route, caller, flow_messages.take_credentials(flow, self._tokens), 0)
        if not self._policy.may_call(sender):
            return None
        return AdmittedCall(route, self._policy.name_of(sender), (), 0, goes_on=True)

    def _refuse(self, flow: http.HTTPFlow, sender: Sender, error: ApiError, route: Route | None) -> None:
        flow_messages.take_credentials(flow, self._tokens)
        size = self._size(flow)
        if size is None:
            # mitmproxy reads a body to its end before it answers. Whoever is served here is told
            # what is wrong; a stranger may not fill the memory, be it through a balancer here.
            cut = not self._policy.knows(sender)
        elif error.status == 413:
            cut = size > READ_TO_REFUSE * self._settings.max_body
        else:
            cut = size > authentication.LARGEST_UNINVITED_BODY
        if cut:
            request = flow.request
            self._events.emit(ConnectionCut(error, request.method, request.path, sender.peer))
            listening.cut_off(flow)
            return
        if route is not None:
            caller = self._policy.name_of(sender)
            self._events.emit(CallRefused(error, route, caller, sender.peer))
        if not replays.put_first_answer(flow, route, self._settings):
            _put_refusal(flow, error)

    def _size(self, flow: http.HTTPFlow) -> int | None:
        return flow_messages.request_size(flow, self._addresses.has_body(flow))

    def _is_video_host(self, flow: http.HTTPFlow) -> bool:
        own = addresses.is_reverse(flow) or self._addresses.is_for_proxy(flow)
        return own or flow.request.pretty_host.lower() in self._settings.hosts


def _put_refusal(flow: http.HTTPFlow, error: ApiError) -> None:
    flow_messages.put_error(flow, error, _ASK_FOR_TOKEN if error.status == 407 else {})
