"""A video call on its flow: from its body, through the service, to its answer or its download."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable

from mitmproxy import http

from runway_addon import downloads, flow_messages, http_layer, listening, outbound_proxy, replays
from runway_addon.addresses import Addresses
from runway_addon.admission import Admission, AdmittedCall
from runway_addon.body_limit import BodyLimits
from runway_addon.connections import Connections
from runway_addon.flow_notes import FlowNotes, note_answer, note_refusal
from runway_addon.models_answers import ModelsAnswers
from runway_addon.redact import SignedLinks
from runway_videos.config.option_reader import NAME
from runway_videos.errors import ApiError
from runway_videos.events import CallRefused, ConnectionCut, OtherTrafficRefused
from runway_videos.logs import log
from runway_videos.openai import refusals
from runway_videos.openai.messages import Answer, Download, PassThrough
from runway_videos.openai.routes import PAID, Operation
from runway_videos.request_context import InRequest
from runway_videos.service import Service
from runway_videos.upstream.content import content_unavailable

# For all addons to have seen an answer.
_SEEN_SECONDS = 0.05


class VideoCalls:
    """Serves admitted calls. What is under way is handed in: it outlives a reload of the script."""

    def __init__(
        self,
        calls: weakref.WeakKeyDictionary[http.HTTPFlow, AdmittedCall],
        fetches: weakref.WeakKeyDictionary[http.HTTPFlow, downloads.Fetch],
        bodies: BodyLimits,
        links: SignedLinks,
        connections: Connections,
        addresses: Addresses,
        models: ModelsAnswers,
        notes: FlowNotes,
    ) -> None:
        self._notes = notes
        self._calls = calls
        self._fetches = fetches
        self._bodies = bodies
        self._links = links
        self._connections = connections
        self._addresses = addresses
        self._models = models
        self._service: Service | None = None
        self._admission: Admission | None = None
        self._being_served = 0

    def use(self, service: Service, admission: Admission) -> None:
        """Calls are served by these from now on."""
        self._service, self._admission = service, admission
        self._bodies.cut = self._cut_off

    def unanswered(self) -> int:
        """Calls that have no answer yet, and clients that may be about to make one."""
        return len(self._calls) + self._being_served + self._connections.fresh()

    def begin(self, flow: http.HTTPFlow, admitted: AdmittedCall | None) -> None:
        """The headers have come; None: it was refused, or is other traffic."""
        if self._service is None:
            return
        max_body = self._service.runtime.settings.max_body
        if admitted is not None and admitted.goes_on:
            self._models.expect(flow, admitted.caller, admitted.route.model)
        elif admitted is not None:
            self._calls[flow] = admitted
            if admitted.size != 0:
                self._bodies.watch(flow, admitted.caller, max_body)
        elif flow.response is not None:
            self._bodies.discard(flow, max_body)

    async def serve(self, flow: http.HTTPFlow, opened: asyncio.Event) -> None:
        """The whole request has come: answers it where it is a video call. `opened`: the start is over."""
        admitted, service = self._calls.pop(flow, None), self._service
        if admitted is None or service is None or flow.response:
            return
        self._being_served += 1
        try:
            await opened.wait()
            with InRequest(flow_messages.request_id(flow)):
                await self._serve(flow, admitted, service)
        finally:
            self._being_served -= 1

    async def _serve(self, flow: http.HTTPFlow, admitted: AdmittedCall, service: Service) -> None:
        try:
            if refusal := self._bodies.refusal(flow):
                raise refusal
            if admitted.route.operation in PAID:
                self._notes.follow(flow)
            self._put(flow, await _answer_to(flow, admitted, service), admitted, service)
        except ApiError as error:
            peer = self._connections.peer(flow.client_conn)
            service.runtime.events.emit(CallRefused(error, admitted.route, admitted.caller, peer))
            if not replays.put_first_answer(flow, admitted.route, service.runtime.settings):
                flow_messages.put_error(flow, error, service.runtime.sandbox_headers)
                note_refusal(flow, error, admitted.route.name or admitted.route.operation.value)
        except Exception:
            # Without an answer here the request would go out to where it was addressed.
            log.exception("a fault of this proxy, please report it [%s]", flow_messages.request_id(flow))
            # No retry: nobody knows how far a create came.
            fault = ApiError(500, "The proxy failed on this request; see its log.", retry=False)
            flow_messages.put_error(flow, fault)

    def begin_way(self, connect: http.HTTPFlow) -> None:
        """A way through another proxy is asked for, perhaps for a video's bytes."""
        if self._service is not None and self._fetches:
            outbound_proxy.let_in(connect, list(self._fetches), self._service.runtime.settings.proxy)

    def begin_response(self, flow: http.HTTPFlow) -> bool:
        """The headers of an answer from elsewhere have come. True where it is not passed on as it is."""
        fetch = self._fetches.get(flow)
        if fetch is not None:
            downloads.end_download(
                flow, fetch, self._service.observer.downloads.pass_on if self._service else None
            )
            return True
        return self._service is not None and self._models.begin_response(flow, self._service.runtime)

    def end(self, flow: http.HTTPFlow) -> None:
        """The whole answer has come, of a download that is streamed its last byte."""
        self._models.end(flow)
        self._bodies.answered(flow, _once_seen)
        fetch = self._take(flow)
        if fetch is None or flow.response is None or downloads.is_file(flow):
            return
        if flow.response.status_code == 416:
            downloads.put_no_such_range(flow)
            return
        self._link_failed(flow, fetch, f"it answered {flow.response.status_code}")
        flow_messages.put_error(flow, content_unavailable(), fetch.download.response_headers)

    def fail(self, flow: http.HTTPFlow) -> None:
        """The client or the file store has gone."""
        self._calls.pop(flow, None)
        self._bodies.drop(flow)
        if self._service is not None:
            self._models.fail(flow, self._service.runtime)
        fetch = self._take(flow)
        problem, can_answer = str(flow.error), flow_messages.can_answer_failure(flow)
        if fetch is not None:
            downloads.restore(flow, fetch)
            if flow_messages.client_is_there(flow):
                self._link_failed(flow, fetch, problem)
            if can_answer:
                flow_messages.put_error(flow, content_unavailable(), fetch.download.response_headers)
                http_layer.send_though_failed(flow)
        elif can_answer and flow_messages.TO_FALLBACK in flow.metadata:
            self._fallback_failed(flow, problem)

    def _fallback_failed(self, flow: http.HTTPFlow, problem: str) -> None:
        fallback = self._service.runtime.settings.fallback if self._service else None
        if self._service is None or fallback is None:
            return
        request, peer = flow.request, self._connections.peer(flow.client_conn)
        error = refusals.fallback_failed(fallback, problem)
        what = f"{request.method} {request.path.partition('?')[0]}"
        with InRequest(flow_messages.request_id(flow)):
            self._service.runtime.events.emit(OtherTrafficRefused(error, what, peer))
        flow_messages.put_error(flow, error)
        http_layer.send_though_failed(flow)

    def _take(self, flow: http.HTTPFlow) -> downloads.Fetch | None:
        """The download that is over on this flow, if any."""
        fetch = self._fetches.pop(flow, None)
        if fetch is not None and self._service is not None:
            self._service.observer.downloads.ended += 1
        return fetch

    def restore(self) -> None:
        """Puts the clients' own requests back, before what is under way is saved."""
        for flow, fetch in list(self._fetches.items()):
            downloads.restore(flow, fetch)

    def _link_failed(self, flow: http.HTTPFlow, fetch: downloads.Fetch, problem: str) -> None:
        """The link that had just worked does not: the next download gets a fresh one."""
        if self._service is not None:
            with InRequest(flow_messages.request_id(flow)):
                self._service.link_failed(fetch.download, problem)

    def _cut_off(self, flow: http.HTTPFlow, error: ApiError) -> None:
        if self._service is not None:
            request, peer = flow.request, self._connections.peer(flow.client_conn)
            with InRequest(flow_messages.request_id(flow)):
                self._service.runtime.events.emit(ConnectionCut(error, request.method, request.path, peer))
        listening.cut_off(flow)

    def _put(
        self,
        flow: http.HTTPFlow,
        answer: Answer | Download | PassThrough,
        admitted: AdmittedCall,
        service: Service,
    ) -> None:
        assert self._admission is not None  # it let this in
        match answer:
            case Answer():
                flow_messages.put_answer(flow, answer)
                note_answer(flow, admitted.route.operation)
                self._links.hide(flow)
            case Download():
                proxy = service.runtime.settings.proxy
                next_proxy = self._addresses.goes_to_next_proxy(flow)
                self._fetches[flow] = downloads.start_download(flow, answer, self._links, proxy, next_proxy)
                note_answer(flow, admitted.route.operation)
                service.observer.downloads.begun += 1
                self._connections.let_in(flow.client_conn)
            case PassThrough():
                self._admission.forward_create(flow, admitted, answer)


def _once_seen(forget: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(_SEEN_SECONDS, forget)


async def _answer_to(
    flow: http.HTTPFlow, admitted: AdmittedCall, service: Service
) -> Answer | Download | PassThrough:
    """What the service answers. On its own: no frame of an answered call may hold the request's body.

    mitmproxy makes a response with an exception that refers to itself, and so to all calling frames.
    """
    call = flow_messages.call_of(flow, admitted.route, admitted.caller, admitted.headers)
    if admitted.route.operation is Operation.PROVIDERS:
        _hide_keys(flow)
    return await service.handle(call)


def _hide_keys(flow: http.HTTPFlow) -> None:
    """Takes keys out of a call of the operator's: flows are shown and saved."""
    flow.request.raw_content = b""
    if not all(NAME.fullmatch(name) for name in flow_messages.query(flow).values()):
        # Perhaps a key's value, by mistake.
        flow.request.path = flow.request.path.partition("?")[0]
