"""How much of requests' bodies is held: of each, and of all of one caller.

mitmproxy answers a request only when its body has come to an end. What goes over a limit is
therefore read on and dropped, so that its client is still told what is wrong.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import Counter
from collections.abc import Callable, Iterator

from mitmproxy import ctx, http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.layers.http import HttpLayer, HttpStream
from mitmproxy.proxy.utils import ReceiveBuffer

from runway_videos.errors import ApiError
from runway_videos.openai.authentication import too_large

#: Bodies of the largest size that one caller may have in flight.
BODIES_PER_CALLER = 8
#: Bytes of an answered call's body that stay on its flow, for mitmweb to show.
LARGEST_KEPT_BODY = 1 << 20
# For all addons to have seen an event.
_SEEN_SECONDS = 0.05
#: How many times its limit a body is read before its client is cut off.
_READ_TO_REFUSE = 2


class BodyLimits:
    """The bodies of video calls in flight. Outlives a reload of the script, as they do.

    `layer_of` gives the outermost layer of a flow's connection, None where that is gone; `cut`
    ends it; `later` calls a function when all addons have seen an answer. For each flow call
    `admitted` or `refused`, then `problem`, then `answered` or `failed`.
    """

    def __init__(
        self,
        layer_of: Callable[[http.HTTPFlow], Layer | None],
        cut: Callable[[http.HTTPFlow], None],
        later: Callable[[Callable[[], None]], object],
        bodies_per_caller: int = BODIES_PER_CALLER,
    ) -> None:
        self._layer_of = layer_of
        self._cut = cut
        self._later = later
        self._bodies_per_caller = bodies_per_caller
        self._held: Counter[str] = Counter()  # bytes by caller
        self._bodies: weakref.WeakKeyDictionary[http.HTTPFlow, _Body] = weakref.WeakKeyDictionary()

    def admitted(self, flow: http.HTTPFlow, caller: str, size: int | None, max_body: int) -> None:
        """A call is let in, in `requestheaders`. `size` in bytes as announced, None where it is not."""
        if size == 0:
            return
        body = _Body(self._held, caller, max_body, self._bodies_per_caller * max_body)
        body.announce(size or 0)
        self._put(flow, body)

    def refused(self, flow: http.HTTPFlow, max_body: int) -> None:
        """A call is answered before its body comes, in `requestheaders`: nothing of that is held."""
        self._put(flow, _Body(self._held, "", max_body, 0))

    def problem(self, flow: http.HTTPFlow) -> ApiError | None:
        """Why the body of a call was not held, in `request`: 413 or 429. None: it is there, whole."""
        body = self._bodies.get(flow)
        return None if body is None else body.problem  # an empty one is false

    def answered(self, flow: http.HTTPFlow) -> None:
        """A call is answered, in `response`. A large body stays until other addons have seen it."""
        if (body := self._bodies.pop(flow, None)) is not None:
            body.release()
            if body.received > LARGEST_KEPT_BODY:
                self._later(lambda: _drop_content(flow))

    def failed(self, flow: http.HTTPFlow) -> None:
        """A call ends without an answer, in `error`: mostly its client has left."""
        if (body := self._bodies.pop(flow, None)) is not None:
            body.release()
            _drop_content(flow)

    def held(self, caller: str) -> int:
        """Bytes of the bodies that a caller has in flight."""
        return self._held[caller]

    def _put(self, flow: http.HTTPFlow, body: _Body) -> None:
        outermost = self._layer_of(flow)
        streams = [] if outermost is None else _streams(outermost)
        stream = next((each for each in streams if each.flow is flow), None)
        if stream is None:
            body.release()
            return
        # Weak: the body must not keep the flow, nor the flow its own limits.
        reference = weakref.ref(flow)
        body.on_excess(lambda: self._cut_off(reference()))
        stream.request_body_buf = body
        self._bodies[flow] = body
        weakref.finalize(flow, body.release).atexit = False

    def _cut_off(self, flow: http.HTTPFlow | None) -> None:
        if flow is not None:
            self._cut(flow)


class _Body(ReceiveBuffer):
    """A request's body while it comes; holds nothing more once it has a `problem`."""

    def __init__(self, held: Counter[str], caller: str, max_body: int, all_bodies: int) -> None:
        """`all_bodies`: bytes that all bodies of the caller may have; 0 drops everything."""
        super().__init__()  # type: ignore[no-untyped-call]  # as all of mitmproxy's here
        self.problem: ApiError | None = None
        self._held = held
        self._caller = caller
        self._max_body = max_body
        self._all_bodies = all_bodies
        self._taken = 0  # of the caller's bytes
        self.received = 0
        self._cut: Callable[[], None] | None = None

    def on_excess(self, cut: Callable[[], None]) -> None:
        """What ends the connection where a body that is dropped does not end."""
        self._cut = cut

    def announce(self, size: int) -> None:
        """Takes the caller's bytes for a body of this size, at least."""
        if self._taken >= size or self.problem:
            return
        if size > self._max_body and self._all_bodies:
            self._drop(too_large(self._max_body, size))
        elif self._held[self._caller] + size - self._taken > self._all_bodies:
            self._drop(_too_many(self._all_bodies))
        else:
            self._held[self._caller] += size - self._taken
            self._taken = size

    def release(self) -> None:
        """Gives back what it holds. Further calls do nothing."""
        self.clear()  # type: ignore[no-untyped-call]
        self._held[self._caller] -= self._taken
        self._taken = 0
        if not self._held[self._caller]:
            del self._held[self._caller]

    def _drop(self, problem: ApiError) -> None:
        self.problem = problem
        self.release()

    def __iadd__(self, data: bytes) -> _Body:
        self.received += len(data)
        self.announce(self.received)
        if not self.problem:
            super().__iadd__(data)
        elif self.received > _READ_TO_REFUSE * self._max_body and self._cut:
            self._cut()
            self._cut = None
        return self


def _drop_content(flow: http.HTTPFlow) -> None:
    """Frees a request's body. Flows are in reference cycles, and the garbage collector does not come
    sooner for large ones.
    """
    flow.request.data.content = None


def soon(call: Callable[[], None]) -> None:
    """Calls a function when all addons have seen the event that is being handled."""
    asyncio.get_running_loop().call_later(_SEEN_SECONDS, call)


def layer_of(flow: http.HTTPFlow) -> Layer | None:
    """The outermost layer of the connection that a flow came in on, None where it is gone."""
    proxyserver: Proxyserver = ctx.master.addons.get("proxyserver")
    handler = proxyserver.connections.get(flow.client_conn.id)
    return handler.layer if handler else None


def _streams(layer: Layer) -> Iterator[HttpStream]:
    """All requests of a connection, also those within tunnels."""
    todo, seen = [layer], set[int]()
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, HttpStream) and hasattr(each, "flow"):
            yield each
        if isinstance(each, HttpLayer):
            todo += each.streams.values()
        todo += each.context.layers  # a stream's has those within its tunnel


def _too_many(most: int) -> ApiError:
    return ApiError(
        429,
        f"Your requests that are under way have more than {most:,} bytes together: wait until some are "
        "answered, then send this one again.",
        code="too_many_bytes_in_flight",
        retry_after=2,
    )
