"""Bodies for the tests of the readers: recorded ones, and ones made to order."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runway_videos.request_body import Upload, Value

FIXTURES = Path(__file__).parent / "fixtures"
BOUNDARY = "xYz"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def recorded(name: str) -> tuple[str, bytes]:
    """Content-Type and body of a recorded request."""
    head, _, body = (FIXTURES / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
    return head.decode().removeprefix("content-type: "), body


def part(headers: str, data: bytes) -> bytes:
    return f"--{BOUNDARY}\r\n{headers}\r\n\r\n".encode() + data + b"\r\n"


def field(name: str, data: bytes | str, extra: str = "") -> bytes:
    raw = data.encode() if isinstance(data, str) else data
    return part(f'Content-Disposition: form-data; name="{name}"{extra}', raw)


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def texts(pairs: Iterable[tuple[str, str]]) -> bytes:
    return form(*(field(name, text) for name, text in pairs))


def plain(value: Value) -> object:
    """Values with uploads as comparable tuples."""
    if isinstance(value, Upload):
        return (bytes(value.data), value.filename, value.label)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value
