"""A large upload: how long it holds the event loop, so that all others wait."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable

from bench.load import fresh_number
from bench.stand import fetch
from bench.workbench import Bench, about, is_ours

_BOUNDARY = "bench-boundary-0123456789"
_PNG = b"\x89PNG\r\n\x1a\n"


def hold(part: str) -> Callable[[Bench, str], float]:
    """The longest hold in milliseconds: `all` of it, or what came `after` the body was there."""

    def measure(bench: Bench, kind: str) -> float:
        proxy, what = bench.stand.proxy(kind), f"an upload, {about(kind)}"
        picture = _PNG + fresh_number().to_bytes(8) * (bench.plan.upload_bytes // 8)
        bench.videos(kind, "a boat")  # what is only done at first counts for all creates
        proxy.get("/bench/gap")
        status = post(proxy.port, *form(picture))
        held: float = json.loads(proxy.get("/bench/gap"))[part]
        bench.check(status == 200, what, f"the answer was {status}")
        if is_ours(kind):
            sha256 = hashlib.sha256(picture).hexdigest()
            seen = json.loads(fetch(f"{bench.stand.behind(kind)}/_sandbox/requests"))["requests"]
            stored = any((each["body"] or {}).get("sha256") == sha256 for each in seen)
            bench.check(stored, what, "the file did not arrive as it was")
        return held * 1000

    return measure


def form(picture: bytes) -> tuple[str, bytes]:
    """A create with a picture as a client sends it: Content-Type and body."""
    fields = {"model": "sora-2", "prompt": f"a boat {fresh_number()}", "seconds": "4", "size": "720x1280"}
    parts = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    file = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="input_reference"; filename="a.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    body = b"".join([parts.encode(), file.encode(), picture, f"\r\n--{_BOUNDARY}--\r\n".encode()])
    return f"multipart/form-data; boundary={_BOUNDARY}", body


def post(port: int, kind: str, body: bytes) -> int:
    """The status of the answer."""
    head = (
        f"POST /v1/videos HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: {kind}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        connection.sendall(head.encode())
        connection.sendall(body)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    return int(answer[9:12])
