"""mitmproxy's flows, read and answered: what one asks for, what is put on it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from copy import copy
from email.utils import formatdate
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.flow import Error
from mitmproxy.net.http import status_codes, url
from mitmproxy.net.http.http1 import expected_http_body_size

from runway_addon import header_fields
from runway_addon.client_presence import ClientPresence
from runway_addon.replays import is_replayed
from runway_videos.errors import ApiError, render
from runway_videos.openai.caller_tokens import CallerTokens, HeaderFields
from runway_videos.openai.messages import Answer, Call
from runway_videos.openai.routes import Route

#: In the metadata of flows that are sent to `runway_fallback`.
TO_FALLBACK = "runway_to_fallback"
#: Bodies of other traffic above this, or of unknown length, are streamed.
LARGEST_HELD_BODY = 1 << 20

_BLANK = http.Response(b"HTTP/1.1", 200, b"", http.Headers(), b"", None, 0.0, 0.0)
_CREDENTIALS = frozenset({b"authorization", b"api-key", b"x-api-key", b"cookie", b"proxy-authorization"})


def lower_headers(flow: http.HTTPFlow) -> dict[str, str]:
    """The request's headers by lower-case name, repeated ones joined."""
    return header_fields.lower_names(flow.request.headers.fields)


def query(flow: http.HTTPFlow) -> Mapping[str, str]:
    """The query's parameters; of repeated ones the last."""
    _, question_mark, text = flow.request.path.partition("?")
    return dict(parse_qsl(text, keep_blank_values=True)) if question_mark else {}


def request_size(flow: http.HTTPFlow, has_body: bool = True) -> int | None:
    """The body's length in bytes, None where it is not known; `has_body` False: its end was seen."""
    request = flow.request
    if not has_body:
        return 0
    if not request.is_http11 and not request.is_http10:
        # HTTP/2 needs no length, whatever the method: without one mitmproxy's count says 0.
        length = request.headers.get("content-length", "")
        return int(length) if length.isdecimal() else None
    try:
        size = expected_http_body_size(request)
    except ValueError:
        return None
    return None if size == -1 else size


def response_is_long(flow: http.HTTPFlow) -> bool:
    """Whether a response is large, endless or of unknown length."""
    response = flow.response
    assert response is not None  # called from responseheaders
    try:
        size = expected_http_body_size(flow.request, response)
    except ValueError:
        return True
    events = response.headers.get("content-type", "").startswith("text/event-stream")
    return events or size in (None, -1) or (size or 0) > LARGEST_HELD_BODY


def put_answer(flow: http.HTTPFlow, answer: Answer) -> None:
    """Answers the flow."""
    _respond(flow, answer.status, answer.headers, answer.body)


def _respond(flow: http.HTTPFlow, status: int, headers: Mapping[str, str], body: bytes) -> None:
    now = time.time()
    fields = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in headers.items()]
    fields += ((b"x-request-id", request_id(flow).encode()), (b"date", _date(int(now)).encode()))
    if status != 304:  # it has no body, and over HTTP/2 some clients would wait for one
        # Of a HEAD the length is what a GET's would be; a body would be read as the next answer.
        fields.append((b"content-length", b"%d" % len(body)))
    if _ends_connection(flow.request):
        fields.append((b"connection", b"close"))
    content = b"" if flow.request.method == "HEAD" else body
    flow.response = _response(status, fields, content, now)


def _response(
    status: int, fields: Iterable[tuple[bytes, bytes]], content: bytes, now: float
) -> http.Response:
    """A copy of a blank one: mitmproxy's constructors check the type of each part, which takes longer than
    all else that is done here for a poll.
    """
    headers = http.Headers()
    headers.fields = tuple(fields)
    data = copy(_BLANK.data)
    data.status_code, data.reason = status, status_codes.RESPONSES.get(status, "").encode()
    data.headers, data.content = headers, content
    data.timestamp_start = data.timestamp_end = now
    response = copy(_BLANK)
    response.data = data
    return response


def request_id(flow: http.HTTPFlow) -> str:
    """The request's id, as clients and the log have it: mitmproxy's own id of the flow, in OpenAI's form."""
    return "req_" + flow.id.replace("-", "")


def own_headers(flow: http.HTTPFlow) -> dict[str, str]:
    """Headers of everything that is answered here, a video's bytes included."""
    return {"x-request-id": request_id(flow), "date": _date(int(time.time()))}


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _ends_connection(request: http.Request) -> bool:
    """Whether the client asks for the connection's end, which mitmproxy grants and does not say."""
    if not request.is_http11 and not request.is_http10:
        return False
    return "close" in (header_fields.value_of(request.headers.fields, b"connection") or "").lower()


def put_error(flow: http.HTTPFlow, error: ApiError, extra_headers: Mapping[str, str] = {}) -> None:
    """Answers the flow with an error in OpenAI's shape."""
    status, headers, body = render(error)
    _respond(flow, status, {**headers, **extra_headers}, body)


def send_to(request: http.Request, to: str, keep_path: bool = False, next_proxy: bool = False) -> None:
    """Sends a request to a URL; with `keep_path`, its own path below the URL's.

    `next_proxy`: plain requests go to another proxy, whose target is the whole URL.
    """
    parts = urlsplit(to)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    request.scheme = parts.scheme
    request.host = parts.hostname or ""
    request.port = parts.port or (443 if parts.scheme == "https" else 80)
    request.path = parts.path.rstrip("/") + request.path if keep_path else path or "/"
    if request.is_http11 or request.is_http10:
        plain = next_proxy and request.scheme == "http"
        request.authority = url.hostport(request.scheme, request.host, request.port) if plain else ""


def quiet_connection_log(quiet: bool) -> None:
    """Keeps mitmproxy's lines on each connection off the log: a polled proxy makes many."""
    logging.getLogger("mitmproxy.proxy.server").setLevel(logging.WARNING if quiet else logging.NOTSET)


def call_of(flow: http.HTTPFlow, route: Route, caller: str, came: HeaderFields) -> Call:
    """The flow as the operations see it; `came`: its headers before credentials were taken off."""
    headers, method, replayed = lower_headers(flow), flow.request.method, is_replayed(flow)
    # It says what is the same create: it counts even where a token stands in it.
    if method == "POST" and (key := header_fields.value_of(came, b"idempotency-key")) is not None:
        headers["idempotency-key"] = key
    body = flow.request.raw_content or b""
    # Of a replay no client is there, and none comes back: its answer is for the flow.
    gone = _never_gone if replayed else ClientPresence(flow)
    return Call(route, query(flow), headers, body, caller, gone, method, replayed)


def _never_gone() -> bool:
    return False


def take_credentials(flow: http.HTTPFlow, tokens: CallerTokens | None = None) -> HeaderFields:
    """Takes the client's credentials off the flow: no log and no saved flow shows them.

    Those of the usual headers, and `tokens` in any other.

    Gives all headers as they came, to put back where the flow goes on after all.
    """
    headers = flow.request.headers
    fields: HeaderFields = headers.fields
    # Not from a generator: it takes longer, and this is done for every call.
    kept = tuple([field for field in fields if field[0].lower() not in _CREDENTIALS])
    headers.fields = kept if tokens is None else tokens.out_of_headers(kept)
    return fields


def take_tokens(flow: http.HTTPFlow, tokens: CallerTokens, has_callers: bool) -> None:
    """Takes callers' tokens off a flow that goes on; the client's own credentials stay."""
    headers = flow.request.headers
    headers.fields = tokens.out_of_headers(headers.fields)
    if has_callers:
        # What is for this proxy is for no other, whatever it says.
        headers.pop("proxy-authorization", None)


def take_tokens_off_target(flow: http.HTTPFlow, tokens: CallerTokens) -> None:
    """Takes callers' tokens out of the path and the query; no call needs them there."""
    data = flow.request.data
    data.path = tokens.out_of_target(data.path)


def can_answer_failure(flow: http.HTTPFlow) -> bool:
    """In the `error` hook: whether an answer can still be given in place of mitmproxy's own page."""
    if flow.error is None or flow.error.msg == Error.KILLED_MESSAGE or not client_is_there(flow):
        return False
    response = flow.response
    return response is None or not (response.stream or response.status_code == 101)


def client_is_there(flow: http.HTTPFlow) -> bool:
    """Whether the client can still be written to, as far as is seen."""
    return bool(flow.client_conn.state & ConnectionState.CAN_WRITE)
