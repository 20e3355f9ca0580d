"""The door: `mitmdump -s addon/runway.py`.

Declares the options, decides which flow is a video call, hands it to the service and puts the
answer on the flow. Everything else passes through.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import weakref
from collections.abc import Coroutine
from pathlib import Path

import msgspec
from mitmproxy import ctx, dns, exceptions, http, tcp, udp
from mitmproxy.addonmanager import Loader
from mitmproxy.flow import Flow
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from runway_door import flows, lean, listening, options
from runway_videos import access, routes
from runway_videos.announce import announce
from runway_videos.call import Answer, Download, PassOn
from runway_videos.conf_file import ConfigError
from runway_videos.errors import ApiError
from runway_videos.logs import log
from runway_videos.routes import Operation, Route
from runway_videos.service import Service
from runway_videos.settings import Settings

#: How long creates in flight may take to finish when the process is told to end.
DRAIN_SECONDS = 20.0


class Admitted(msgspec.Struct, frozen=True):
    """A video call of someone who may make it, and the credentials taken off its flow."""

    route: Route
    caller: str
    credentials: dict[str, str]


class Door:
    """The addon."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self.service: Service | None = None
        self.gate = access.Gate((), forward=False)
        self.relisten: listening.Relisten | None = None
        self.opened = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()
        self.calls: weakref.WeakKeyDictionary[http.HTTPFlow, Admitted] = weakref.WeakKeyDictionary()
        self.downloads: weakref.WeakKeyDictionary[http.HTTPFlow, flows.Fetch] = weakref.WeakKeyDictionary()

    # Life

    def load(self, loader: Loader) -> None:
        try:
            if options.load(loader, Path(__file__).resolve().parent.parent):
                self.relisten = listening.Relisten()
        except ConfigError as error:
            # An ERROR during start-up ends the process; an exception here would not.
            log.error("%s", error)

    def configure(self, updated: set[str]) -> None:
        if self.settings is not None and not any(name in options.WATCHED for name in updated):
            return
        try:
            settings = options.read_settings()
            if settings == self.settings:
                return
            if self.service is None:
                self.service = Service(settings)
            else:
                self.service.reconfigure(settings)
        except ConfigError as error:
            if self.settings is not None:
                raise exceptions.OptionsError(str(error)) from error
            log.error("%s", error)
            return
        self.settings = settings
        self.gate = access.Gate(settings.callers, settings.forward)

    def running(self) -> None:
        self._task(self._open())

    def done(self) -> None:
        if self.service is not None:
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
            sys.exit(1)
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._drain)
        announce(self.settings, listening.addresses())
        self.opened.set()

    def _drain(self) -> None:
        async def drain() -> None:
            if self.service is not None:
                await self.service.drain(DRAIN_SECONDS)
            ctx.master.shutdown()

        self._task(drain())

    def _task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # What comes in

    def next_layer(self, nextlayer: NextLayer) -> None:
        flows.note_first_line(nextlayer)

    def http_connect(self, flow: http.HTTPFlow) -> None:
        peer = flows.peer(flow)
        if not self.gate.may_forward(peer) and not self._is_video_host(flow):
            flows.put_error(flow, access.no_forwarding())

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if flow.response or flow.error:
            return
        if self.service is None:
            flows.put_error(flow, ApiError(503, "The proxy has not started."))
            return
        try:
            self._admit(flow)
        except ApiError as error:
            self._turn_away(flow, error)

    def _admit(self, flow: http.HTTPFlow) -> None:
        """Notes a video call of someone who may make it; sends other traffic on its way."""
        assert self.settings is not None  # noqa: S101 (there is a service)
        request = flow.request
        route = routes.find(request.method, request.path)
        if route is not None and self._is_video_host(flow):
            headers = flows.lower_headers(flow)
            caller = self.gate.caller(flows.peer(flow), headers)
            if route.operation is not Operation.NOT_OURS:
                self._check_size(flow)
                # Credentials are not for saved flows; a create that is not ours gets them back.
                self.calls[flow] = Admitted(route, caller, flows.take_credentials(flow))
                return
        self._send_on(flow)

    def _send_on(self, flow: http.HTTPFlow) -> None:
        """Lets other traffic pass, without callers' tokens and without holding it up."""
        assert self.settings is not None  # noqa: S101 (there is a service)
        if not self.gate.may_forward(flows.peer(flow)):
            raise access.no_forwarding()
        for name in self.gate.tokens_in(flows.lower_headers(flow)):
            del flow.request.headers[name]
        if flows.is_for_proxy(flow):
            if self.settings.fallback is None:
                raise access.no_fallback(flow.request.method, flow.request.path)
            flows.send_to(flow, self.settings.fallback, keep_path=True)
        size = flows.request_size(flow)
        if size is None or size > flows.LARGEST_HELD_BODY:
            flow.request.stream = True

    def _check_size(self, flow: http.HTTPFlow) -> None:
        assert self.settings is not None  # noqa: S101 (there is a service)
        size = flows.request_size(flow)
        if size is not None and size > self.settings.max_body:
            raise access.too_large(self.settings.max_body, size)

    def _turn_away(self, flow: http.HTTPFlow, error: ApiError) -> None:
        size = flows.request_size(flow)
        if size is None or size > self._largest_read(error):
            # mitmproxy reads a body to its end before it answers: this one is not worth it.
            log.warning("%s: connection closed, its body is not read", error.message)
            flow.kill()
        else:
            flows.put_error(flow, error)

    def _largest_read(self, error: ApiError) -> int:
        if error.status != 413 or self.settings is None:
            return access.LARGEST_UNINVITED_BODY
        return 4 * self.settings.max_body

    async def request(self, flow: http.HTTPFlow) -> None:
        found = self.calls.pop(flow, None)
        if found is None or flow.response or self.service is None:
            return
        await self.opened.wait()
        try:
            answer = await self.service.handle(flows.call_of(flow, found.route, found.caller))
            self._put(flow, answer, found)
        except ApiError as error:
            self.service.log_error(error, found.route)
            flows.put_error(flow, error)
        except Exception:
            # Without an answer here the request would go out to where it was addressed.
            log.exception("a fault of this proxy, please report it")
            flows.put_error(flow, ApiError(500, "The proxy failed on this request; see its log."))

    def _put(self, flow: http.HTTPFlow, answer: Answer | Download | PassOn, found: Admitted) -> None:
        assert self.settings is not None  # noqa: S101 (there is a service)
        match answer:
            case Answer():
                flows.put_answer(flow, answer)
            case Download():
                self.downloads[flow] = flows.start_download(flow, answer, self.settings.proxy)
            case PassOn():
                if flows.is_for_proxy(flow):
                    raise access.unknown_model(answer.models)
                for name, value in found.credentials.items():
                    flow.request.headers[name] = value
                self._send_on(flow)

    # What comes back

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        fetch = self.downloads.get(flow)
        if fetch is not None:
            flows.end_download(flow, fetch)
        elif flow.response and flow.response.raw_content is None and flows.response_is_long(flow):
            flow.response.stream = True

    def response(self, flow: http.HTTPFlow) -> None:
        fetch = self.downloads.pop(flow, None)
        if fetch is not None and flow.response and not flows.is_file(flow):
            log.warning("the file store answered %d in place of a video", flow.response.status_code)
            flows.put_error(flow, ApiError(502, "Runway's file store did not give the video."))

    def error(self, flow: http.HTTPFlow) -> None:
        self.calls.pop(flow, None)
        fetch = self.downloads.pop(flow, None)
        if fetch is not None:
            flows.restore(flow, fetch)

    # Traffic that is not HTTP

    def server_connect(self, data: ServerConnectionHookData) -> None:
        peer = data.client.peername[0] if data.client.peername else ""
        if not self.gate.may_forward(peer) and not flows.is_fetching(data.client, data.server):
            data.server.error = "Only video calls are served to clients that are not on loopback."

    def dns_request(self, flow: dns.DNSFlow) -> None:
        self._only_local(flow)

    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        self._only_local(flow)

    def udp_start(self, flow: udp.UDPFlow) -> None:
        self._only_local(flow)

    def _only_local(self, flow: Flow) -> None:
        if not self.gate.may_forward(flows.peer(flow)):
            flow.kill()

    def _is_video_host(self, flow: http.HTTPFlow) -> bool:
        assert self.settings is not None  # noqa: S101 (there is a service)
        host = flow.request.pretty_host.lower()
        return host in self.settings.hosts or flows.is_reverse(flow) or flows.is_for_proxy(flow)


# httpx logs every URL, and httpcore headers: signed links and keys.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)

addons = [Door()]
