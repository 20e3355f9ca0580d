"""Bounds the bodies of admitted calls while they come: each one, and all of one caller's together.

mitmproxy reads a request to its end before it asks an addon. So its own buffer of the body is
replaced by one that keeps no more than it may: what comes beyond is dropped, and refused in words
at the end, or the connection is cut where too much of it comes.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterator

from mitmproxy import ctx, http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpLayer, HttpStream
from mitmproxy.proxy.utils import ReceiveBuffer

from runway_videos.errors import ApiError
from runway_videos.openai.refusals import too_large

#: How many times `runway_max_body` a caller's requests may hold together.
BODIES_IN_FLIGHT = 8
#: How many times its limit a body is read, and dropped, so that the refusal can be said in words.
READ_TO_REFUSE = 2
_RETRY_SECONDS = 5
# Bytes of an answered call's body that stay on its flow, for mitmweb to show.
_LARGEST_KEPT_BODY = 1 << 20


class BodyLimits:
    """The bodies that are held now. `cut` closes a flow's connection, for the reason given.

    It outlives a reload of the script, so `cut` may be set anew.
    """

    def __init__(self, cut: Callable[[http.HTTPFlow, ApiError], None]) -> None:
        self.cut = cut
        self._held: Counter[str] = Counter()
        self._bodies: weakref.WeakKeyDictionary[http.HTTPFlow, BoundedBody] = weakref.WeakKeyDictionary()

    def watch(self, flow: http.HTTPFlow, caller: str, largest: int) -> None:
        """Bounds a flow's body before any of it has come: `largest` bytes, and the caller's share."""
        stream = _stream_of(flow)
        if stream is None:
            return  # made by an addon: its body is here already
        gone = weakref.ref(flow)

        def cut(error: ApiError) -> None:
            found = gone()
            if found is not None:
                self.cut(found, error)

        body = BoundedBody(self._held, caller, largest, cut)
        stream.request_body_buf = body
        self._bodies[flow] = body
        # A flow that ends without a hook gives its share back too.
        weakref.finalize(flow, body.release)

    def discard(self, flow: http.HTTPFlow, largest: int) -> None:
        """Keeps nothing of the body of a flow that is answered already; `largest` as in `watch`."""
        self.watch(flow, "", largest)
        body = self._bodies.get(flow)
        if body is not None:
            body.refusal = too_large(largest, 0)

    def refusal(self, flow: http.HTTPFlow) -> ApiError | None:
        """Why the body, which has ended, was not kept; None where it was."""
        body = self._bodies.get(flow)
        return body.refusal if body is not None else None

    def answered(self, flow: http.HTTPFlow, later: Callable[[Callable[[], None]], object]) -> None:
        """The call is answered. A large body is let go when other addons have seen it, by `later`."""
        body = self._bodies.pop(flow, None)
        if body is None:
            return
        if body.came > _LARGEST_KEPT_BODY:
            later(lambda: _forget_content(flow))
        body.release()

    def drop(self, flow: http.HTTPFlow) -> None:
        """The client is gone: nothing of its body is kept until a garbage collection finds it."""
        body = self._bodies.pop(flow, None)
        if body is not None:
            body.clear()
            _forget_content(flow)
            body.release()


class BoundedBody(ReceiveBuffer):
    """A body that keeps at most `largest` bytes, and no more than its caller's share of `held`."""

    def __init__(
        self, held: Counter[str], caller: str, largest: int, cut: Callable[[ApiError], None]
    ) -> None:
        ReceiveBuffer.__init__(self)
        self.refusal: ApiError | None = None
        self._held = held
        self._caller = caller
        self._largest = largest
        self._cut = cut
        self.came = 0
        self._share = 0
        self._is_cut = False

    def __iadd__(self, other: bytes) -> BoundedBody:
        self.came += len(other)
        if self.refusal is None:
            self.refusal = self._problem(len(other))
            if self.refusal is not None:
                self.clear()
                self.release()
        if self.refusal is None:
            super().__iadd__(other)
            self._share += len(other)
            self._held[self._caller] += len(other)
        elif not self._is_cut and self.came > READ_TO_REFUSE * self._largest:
            self._is_cut = True
            self._cut(too_large(self._largest, self.came))
        return self

    def clear(self) -> None:
        """Keeps nothing of what came."""
        ReceiveBuffer.clear(self)

    def release(self) -> None:
        """Gives the share back, once."""
        self._held[self._caller] -= self._share
        self._share = 0
        if not self._held[self._caller]:
            del self._held[self._caller]

    def _problem(self, more: int) -> ApiError | None:
        if self.came > self._largest:
            return too_large(self._largest, self.came)
        if self._held[self._caller] + more > BODIES_IN_FLIGHT * self._largest:
            return ApiError(
                429,
                f"Your requests that are under way hold {BODIES_IN_FLIGHT * self._largest} bytes together, "
                "the most that is kept for one caller. Try again when some of them have been answered.",
                code="too_many_bytes_in_flight",
                retry_after=_RETRY_SECONDS,
            )
        return None


def _forget_content(flow: http.HTTPFlow) -> None:
    """Frees a body. Flows are in reference cycles: else it would stay until a garbage collection."""
    flow.request.raw_content = None


def _stream_of(flow: http.HTTPFlow) -> HttpStream | None:
    """mitmproxy's own state of a request; None for a flow that came in by no connection."""
    server = ctx.master.addons.get("proxyserver")
    handler = server.connections.get(flow.client_conn.id) if isinstance(server, Proxyserver) else None
    if handler is None:
        return None
    return next((stream for stream in _streams(handler.layer.context) if stream.flow is flow), None)


def _streams(context: Context) -> Iterator[HttpStream]:
    """The requests of a connection that have their flow, also those in its tunnels."""
    seen: set[int] = set()
    contexts = [context]
    while contexts:
        for layer in contexts.pop().layers:
            # A tunnel's context names the layers around it too.
            if isinstance(layer, HttpLayer) and id(layer) not in seen:
                seen.add(id(layer))
                contexts += [stream.context for stream in layer.streams.values()]
                yield from (stream for stream in layer.streams.values() if hasattr(stream, "flow"))
