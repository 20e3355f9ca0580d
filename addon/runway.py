"""The door: `mitmdump -s addon/runway.py`.

Declares the options, decides which flow is a video call, hands it to the service and puts the
answer on the flow. Everything else passes through.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import weakref
from collections.abc import Coroutine
from pathlib import Path

from mitmproxy import ctx, dns, exceptions, http, tcp, udp
from mitmproxy.addonmanager import Loader
from mitmproxy.flow import Flow
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from runway_addon import (
    downloads,
    flow_messages,
    lean,
    listening,
    log_output,
    options,
    redact,
    reload_state,
    shutdown,
)
from runway_addon.admission import Admission, AdmittedCall
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import Settings
from runway_videos.config.start_lines import log_start
from runway_videos.errors import ApiError
from runway_videos.events import CallRefused
from runway_videos.logs import log
from runway_videos.openai.authentication import no_forwarding
from runway_videos.openai.messages import Answer, Download, PassThrough
from runway_videos.service import Service
from runway_videos.upstream.content import content_unavailable


class RunwayAddon:
    """The addon."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self.service: Service | None = None
        self.admission: Admission | None = None
        self.relisten: listening.Relisten | None = None
        self.opened = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()
        self.calls: weakref.WeakKeyDictionary[http.HTTPFlow, AdmittedCall] = weakref.WeakKeyDictionary()
        self.downloads = reload_state.downloads
        self.bodies = reload_state.bodies

    # Life

    def load(self, loader: Loader) -> None:
        if sys.stdout is sys.__stdout__:  # else they are those of a program that embeds mitmproxy
            log_output.install(sys.stdout, sys.stderr)
        try:
            if options.load(loader, Path(__file__).resolve().parent.parent):
                self.relisten = listening.Relisten()
        except ConfigError as error:
            # An ERROR during start-up ends the process; an exception here would not.
            listening.silence_server_log()
            log.error("%s", error)

    def configure(self, updated: set[str]) -> None:
        if "flow_detail" in updated:
            flow_messages.quiet_connection_log(ctx.options.flow_detail == 0)
        if self.settings is not None and options.WATCHED.isdisjoint(updated):
            return
        try:
            settings = options.read_settings()
            if settings == self.settings:
                return
            if reload_state.service is None:
                reload_state.service = Service(settings)
            else:
                reload_state.service.reconfigure(settings)
        except ConfigError as error:
            if self.settings is not None:
                raise exceptions.OptionsError(str(error)) from error
            listening.silence_server_log()
            log.error("%s", error)
            return
        self.settings = settings
        self.service = reload_state.service
        self.admission = Admission(settings, self.service.runtime.events)

    def running(self) -> None:
        self._task(self._open())

    def done(self) -> None:
        if self.service is None or not ctx.master.should_exit.is_set():
            return  # a reload of the script ends this door, not the service
        for flow, fetch in list(self.downloads.items()):
            # What is under way is saved after this.
            downloads.restore(flow, fetch)
        self._task(self.service.close())

    async def _open(self) -> None:
        if self.settings is None or self.service is None:
            return
        try:
            if self.relisten is not None:
                await self.relisten.finish()
            if self.settings.lean:
                lean.drop_builtins()
            redact.add_link_restorer()
            await self.service.start()
        except (ConfigError, OSError) as error:
            log.error("%s", error)
            # From a callback: out of a task mitmproxy would show it as a fault.
            asyncio.get_running_loop().call_soon(sys.exit, 1)
            return
        shutdown.drain_on_signals(self.service)
        log_start(self.settings, listening.addresses(), options.option_warnings())
        self.opened.set()

    def _task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # What comes in

    def next_layer(self, nextlayer: NextLayer) -> None:
        flow_messages.note_first_line(nextlayer)

    def http_connect(self, flow: http.HTTPFlow) -> None:
        if self.admission is None or not self.admission.may_connect(flow):
            flow_messages.put_error(flow, no_forwarding())

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if flow.response or flow.error:
            return
        if self.admission is None:
            flow_messages.put_error(flow, ApiError(503, "The proxy has not started."))
            return
        admitted = self.admission.admit(flow)
        if admitted is not None and self.settings is not None:
            self.calls[flow] = admitted
            size = flow_messages.request_size(flow)
            self.bodies.admitted(flow, admitted.caller, size, self.settings.max_body)

    async def request(self, flow: http.HTTPFlow) -> None:
        admitted = self.calls.pop(flow, None)
        if admitted is None or flow.response or self.service is None or self.settings is None:
            return
        await self.opened.wait()
        try:
            if problem := self.bodies.problem(flow):
                raise problem
            answer = await self.service.handle(flow_messages.call_of(flow, admitted.route, admitted.caller))
            self._put(flow, answer, admitted)
        except ApiError as error:
            self.service.runtime.events.emit(CallRefused(error, admitted.route))
            flow_messages.put_error(flow, error, self.service.runtime.sandbox_headers)
        except Exception:
            # Without an answer here the request would go out to where it was addressed.
            log.exception("a fault of this proxy, please report it")
            # No retry: nobody knows how far a create came.
            fault = ApiError(500, "The proxy failed on this request; see its log.", retry=False)
            flow_messages.put_error(flow, fault)

    def _put(
        self, flow: http.HTTPFlow, answer: Answer | Download | PassThrough, admitted: AdmittedCall
    ) -> None:
        assert self.settings is not None  # there is a service
        assert self.admission is not None  # it let this in
        match answer:
            case Answer():
                flow_messages.put_answer(flow, answer)
                redact.hide_link(flow)
            case Download():
                self.downloads[flow] = downloads.start_download(flow, answer, self.settings.proxy)
            case PassThrough():
                self.admission.forward_create(flow, admitted, answer.models)

    # What comes back

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        fetch = self.downloads.get(flow)
        if fetch is not None:
            downloads.end_download(flow, fetch)
        elif flow.response and flow.response.raw_content is None and flow_messages.response_is_long(flow):
            flow.response.stream = True

    def response(self, flow: http.HTTPFlow) -> None:
        self.bodies.answered(flow)
        fetch = self.downloads.pop(flow, None)
        if fetch is None or flow.response is None or downloads.is_file(flow):
            return
        if flow.response.status_code == 416:
            downloads.put_no_such_range(flow)
            return
        self._store_failed(fetch, f"it answered {flow.response.status_code}")
        flow_messages.put_error(flow, content_unavailable(), fetch.download.response_headers)

    def error(self, flow: http.HTTPFlow) -> None:
        self.calls.pop(flow, None)
        self.bodies.failed(flow)
        fetch = self.downloads.pop(flow, None)
        if fetch is not None:
            downloads.restore(flow, fetch)
            if flow_messages.client_is_there(flow):
                self._store_failed(fetch, str(flow.error))

    def _store_failed(self, fetch: downloads.Fetch, problem: str) -> None:
        """The link that had just worked does not: the next download gets a fresh one."""
        if self.service is not None:
            self.service.link_failed(fetch.download, problem)

    # Traffic that is not HTTP

    def server_connect(self, data: ServerConnectionHookData) -> None:
        peer = flow_messages.peer_of(data.client)
        allowed = self.admission is not None and self.admission.may_forward(peer)
        if not allowed and not downloads.is_fetching(data.client, data.server):
            data.server.error = "Only video calls are served to clients that are not on loopback."

    def server_connected(self, data: ServerConnectionHookData) -> None:
        flow_messages.note_hop(data)

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        flow_messages.forget_hop(data)

    def dns_request(self, flow: dns.DNSFlow) -> None:
        self._only_local(flow)

    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        self._only_local(flow)

    def udp_start(self, flow: udp.UDPFlow) -> None:
        self._only_local(flow)

    def _only_local(self, flow: Flow) -> None:
        if self.admission is None or not self.admission.may_forward(flow_messages.peer(flow)):
            flow.kill()


# httpx logs every URL, and httpcore headers: signed links and keys.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)

addons = [RunwayAddon()]
