"""Path and body of a create, an edit or an extension, as the stock clients write them: JSON, or multipart
with a new boundary each time."""

from __future__ import annotations

import json
import secrets

from chaos.limits import SECONDS
from chaos.plan import Wish

# A PNG of one pixel.
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060"
    "0000000500017a5ea44d0000000049454e44ae426082"
)


_MP4 = b"\0\0\0\x18ftypisom" + bytes(600)
# By form: the path below /v1/videos, and the file that is sent along: its field, name and bytes.
_PATHS = {"edit": "/edits", "extend": "/extensions"}
_FILES = {
    "picture": ("input_reference", "one.png", _PNG),
    "edit": ("video", "clip.mp4", _MP4),
    "extend": ("video", "clip.mp4", _MP4),
}


def path_of(wish: Wish) -> str:
    """Where it is asked for."""
    return f"/v1/videos{_PATHS.get(wish.form, '')}"


def body_of(wish: Wish) -> tuple[str, bytes]:
    """Content type and bytes."""
    fields = {"model": f"runway/{wish.group}", "prompt": wish.prompt, "seconds": str(SECONDS)}
    if wish.form == "json":
        return "application/json", json.dumps(fields).encode()
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if wish.form in _FILES:
        field, filename, data = _FILES[wish.form]
        name = f'name="{field}"; filename="{filename}"'
        head = f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\n\r\n"
        parts.append(head.encode() + data + b"\r\n")
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"--{boundary}--\r\n".encode()
