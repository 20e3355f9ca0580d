"""The addon: `mitmdump -s addon/runway.py`.

Declares the options, decides which flow is a video call, hands it to the service and puts the
answer on the flow. Everything else passes through.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path

from mitmproxy import ctx, dns, exceptions, http, tcp, udp
from mitmproxy.addonmanager import Loader
from mitmproxy.flow import Flow
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from runway_addon import (
    client_text,
    downloads,
    flow_messages,
    lean,
    listening,
    log_output,
    options,
    reload_state,
    shutdown,
)
from runway_addon.addresses import Addresses
from runway_addon.admission import Admission, AdmittedCall
from runway_addon.guard import install
from runway_addon.seldom import Seldom
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import Settings
from runway_videos.config.start_lines import log_start
from runway_videos.errors import ApiError
from runway_videos.events import CallRefused, ConnectionCut
from runway_videos.logs import log
from runway_videos.openai.messages import Answer, Download, PassThrough
from runway_videos.service import Service
from runway_videos.upstream.content import content_unavailable
from runway_videos.upstream.timeouts import Timeouts


class RunwayAddon:
    """The addon."""

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self.timeouts = timeouts or Timeouts()
        self.settings: Settings | None = None
        self.service: Service | None = None
        self.admission: Admission | None = None
        self.relisten: listening.Relisten | None = None
        self.opened = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()
        self.connections = reload_state.connections
        self.calls = reload_state.calls
        self.downloads = reload_state.downloads
        self.decisions = reload_state.decisions
        self.links = reload_state.links
        self.addresses = Addresses(self.connections, reload_state.forms, listening.is_own_address)
        self.seldom = Seldom()
        self.bodies = reload_state.bodies
        self.bodies.cut = self._cut_off

    # Life

    def load(self, loader: Loader) -> None:
        if sys.stdout is sys.__stdout__:  # else they are those of a program that embeds mitmproxy
            log_output.install(sys.stdout, sys.stderr)
        client_text.install()
        install(reload_state.guard, reload_state.last_good)
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
            service = reload_state.service
            if service is None:
                service = reload_state.service = Service(settings, timeouts=self.timeouts)
            else:
                service.reconfigure(settings)
        except ConfigError as error:
            if self.settings is not None:
                raise exceptions.OptionsError(str(error)) from error
            listening.silence_server_log()
            log.error("%s", error)
            return
        self._take(settings, service)

    def _take(self, settings: Settings, service: Service) -> None:
        before, self.settings = self.settings, settings
        if before and (before.callers, before.forward) != (settings.callers, settings.forward):
            self.connections.distrust_tunnels()
        self.service = service
        events = service.runtime.events
        self.admission = Admission(settings, self.connections, self.addresses, self.seldom, events)
        reload_state.last_good.replaced_by(self)

    def running(self) -> None:
        self._task(self._open())

    def done(self) -> None:
        if self.service is None:
            return
        if not ctx.master.should_exit.is_set():
            # A reload of the script ends this addon, not the service; and the next one may be broken.
            reload_state.last_good.keep(self)
            return
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

    def http_connect(self, flow: http.HTTPFlow) -> None:
        if self.admission is None:
            flow_messages.take_credentials(flow)
            flow_messages.put_error(flow, _not_started())
        elif not flow.response:
            self.admission.connect(flow)
        self.decisions.made(flow)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if flow.response or flow.error:
            # Somebody else's, or no request that mitmproxy lets through: it is logged all the same.
            if self.admission is not None:
                self.admission.take_credentials(flow)
            return
        if self.admission is None:
            flow_messages.take_credentials(flow)
            flow_messages.put_error(flow, _not_started())
        else:
            admitted = self.admission.admit(flow)
            if admitted is not None:
                self.calls[flow] = admitted
            self._bound_body(flow, admitted)
        self.decisions.made(flow)

    def _bound_body(self, flow: http.HTTPFlow, admitted: AdmittedCall | None) -> None:
        if self.settings is None:
            return
        if admitted is not None and admitted.size != 0:
            self.bodies.watch(flow, admitted.caller, self.settings.max_body)
        elif admitted is None and flow.response is not None:
            self.bodies.discard(flow, self.settings.max_body)

    async def request(self, flow: http.HTTPFlow) -> None:
        admitted = self.calls.pop(flow, None)
        if admitted is None or flow.response or self.service is None or self.settings is None:
            return
        await self.opened.wait()
        try:
            if refusal := self.bodies.refusal(flow):
                raise refusal
            call = flow_messages.call_of(flow, admitted.route, admitted.caller, admitted.headers)
            answer = await self.service.handle(call)
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

    def _cut_off(self, flow: http.HTTPFlow, error: ApiError) -> None:
        if self.service is not None:
            request, peer = flow.request, self.connections.peer(flow.client_conn)
            self.service.runtime.events.emit(ConnectionCut(error, request.method, request.path, peer))
        listening.cut_off(flow)

    def _put(
        self, flow: http.HTTPFlow, answer: Answer | Download | PassThrough, admitted: AdmittedCall
    ) -> None:
        assert self.settings is not None  # there is a service
        assert self.admission is not None  # it let this in
        match answer:
            case Answer():
                flow_messages.put_answer(flow, answer)
                self.links.hide(flow)
            case Download():
                next_proxy = self.addresses.goes_to_next_proxy(flow)
                fetch = downloads.start_download(flow, answer, self.links, self.settings.proxy, next_proxy)
                self.downloads[flow] = fetch
                self.connections.let_in(flow.client_conn)
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
        self.bodies.release(flow)
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
        self.bodies.drop(flow)
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
        if self.admission is None or not self.admission.may_open(data.client):
            data.server.error = "Only video calls are served here; see runway_forward and runway_callers."

    def dns_request(self, flow: dns.DNSFlow) -> None:
        self._may_pass(flow)

    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        self._may_pass(flow)

    def udp_start(self, flow: udp.UDPFlow) -> None:
        self._may_pass(flow)

    def _may_pass(self, flow: Flow) -> None:
        if self.admission is None or not self.admission.may_open(flow.client_conn):
            flow.kill()


def _not_started() -> ApiError:
    return ApiError(503, "The proxy has not started.")


# httpx logs every URL, and httpcore headers: signed links and keys.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)

addons = [RunwayAddon()]
