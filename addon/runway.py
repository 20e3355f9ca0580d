"""The addon: `mitmdump -s addon/runway.py`.

Declares the options, decides which flow is a video call, hands it to the service and puts the
answer on the flow. Everything else passes through.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from pathlib import Path

from mitmproxy import ctx, dns, exceptions, http, tcp, tls, udp
from mitmproxy.addonmanager import Loader
from mitmproxy.flow import Flow
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from runway_addon import (
    client_text,
    error_check,
    flow_messages,
    lean,
    listening,
    log_level,
    log_output,
    options,
    plain_port,
    reload_state,
    shutdown,
)
from runway_addon.admission import Admission
from runway_addon.guard import install
from runway_addon.log_throttle import LogThrottle
from runway_addon.operator_commands import OperatorCommands
from runway_addon.service_manager import READY, ServiceManager
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.settings import Settings
from runway_videos.config.start_lines import log_start
from runway_videos.errors import ApiError
from runway_videos.logs import log
from runway_videos.request_context import InRequest
from runway_videos.service import Service
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
        self.options = reload_state.options
        self.connections = reload_state.connections
        self.decisions = reload_state.decisions
        self.addresses = reload_state.addresses
        self.video_calls = reload_state.video_calls
        self.new_configuration = reload_state.new_configuration
        self.throttle = LogThrottle()

    # Start and end

    def load(self, loader: Loader) -> None:
        if sys.stdout is sys.__stdout__:  # else they are those of a program that embeds mitmproxy
            log_output.install(sys.stdout, sys.stderr)
        client_text.install()
        OperatorCommands(lambda: reload_state.service).register(ctx.master)
        install(reload_state.guard)
        try:
            beside = Path(__file__).resolve().parent.parent
            if self.options.load(loader, (Path.cwd(), beside)):
                self.relisten = listening.Relisten(self.options)
        except ConfigError as error:
            # An ERROR during start-up ends the process; an exception here would not.
            listening.silence_server_log()
            log.error("%s", error)

    def configure(self, updated: set[str]) -> None:
        if "flow_detail" in updated:
            flow_messages.quiet_connection_log(ctx.options.flow_detail == 0)
        if "termlog_verbosity" in updated:
            log_level.follow_handlers()
        if self.options.literals.hiding or (self.settings and options.WATCHED.isdisjoint(updated)):
            return
        try:
            settings = self.options.read_settings()
            if settings == self.settings:
                return
            self.take(settings)
        except ConfigError as error:
            if self.settings is not None:
                raise exceptions.OptionsError(str(error)) from error  # the options are as before then
            self.options.literals.hide()
            listening.silence_server_log()
            log.error("%s", error)

    def take(self, settings: Settings) -> None:
        """Puts settings in force. Raises ConfigError, and then nothing has changed."""
        service = reload_state.service
        if service is None:
            service = reload_state.service = Service(
                settings, timeouts=self.timeouts, sink=reload_state.notes
            )
        else:
            service.reconfigure(settings)
        self.use(settings, service)

    def use(self, settings: Settings, service: Service) -> None:
        """Serves by these from now on."""
        before, self.settings = self.settings, settings
        if before and settings.lets_in_less_than(before):
            self.connections.distrust_tunnels()
        self.service = service
        events = service.runtime.events
        self.admission = Admission(settings, self.connections, self.addresses, self.throttle, events)
        self.video_calls.use(service, self.admission)
        self.new_configuration.use(settings, self.take, lambda: service.runtime.settings)
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
        self.new_configuration.stop()
        self.video_calls.restore()
        self._task(self.service.close())

    async def _open(self) -> None:
        if self.settings is None or self.service is None:
            return
        try:
            if self.relisten is not None:
                await self.relisten.finish()
            if self.settings.lean:
                lean.drop_builtins()
            await error_check.checked()
            await self.service.start()
        except (ConfigError, OSError) as error:
            log.error("%s", error)
            self.service = None  # there is nothing to end, and nothing to keep for a reload
            # From a callback: out of a task mitmproxy would show it as a fault.
            asyncio.get_running_loop().call_soon(sys.exit, 1)
            return
        manager = ServiceManager(os.environ)
        shutdown.drain_on_signals(self.service, self.video_calls, self.new_configuration.read_now, manager)
        self.new_configuration.start()
        log_start(self.settings, listening.addresses(), options.option_warnings())
        manager.tell(READY)
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
            with InRequest(flow_messages.request_id(flow)):
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
            with InRequest(flow_messages.request_id(flow)):
                self.video_calls.begin(flow, self.admission.admit(flow))
        self.decisions.made(flow)

    async def request(self, flow: http.HTTPFlow) -> None:
        await self.video_calls.serve(flow, self.opened)

    def http_connect_upstream(self, flow: http.HTTPFlow) -> None:
        self.video_calls.begin_way(flow)

    # What comes back

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        if self.video_calls.begin_response(flow) or not flow.response:
            return
        if flow.response.raw_content is None and flow_messages.response_is_long(flow):
            flow.response.stream = True

    def response(self, flow: http.HTTPFlow) -> None:
        self.video_calls.end(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        self.video_calls.fail(flow)

    # Traffic that is not HTTP

    def tls_failed_client(self, data: tls.TlsData) -> None:
        if self.service is not None:
            plain_port.report_failed_tls(data, self.addresses, self.service.runtime.events, self.throttle)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        if self.admission is None or not self.admission.may_open(data.client):
            data.server.error = "Only video calls are served here; see runway_forward and runway_callers."
        elif why := self.addresses.why_endless(data):
            data.server.error = f"Refused: {why}."
            if self.throttle.may_log(why, ""):
                log.error("%s", why)

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
