"""A create's body, as the stock clients write it: JSON, or multipart with a new boundary each time."""

from __future__ import annotations

import json
import secrets

from chaos.plan import Wish

# A PNG of one pixel.
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060"
    "0000000500017a5ea44d0000000049454e44ae426082"
)


def body_of(wish: Wish) -> tuple[str, bytes]:
    """Content type and bytes."""
    fields = {"model": f"runway/{wish.group}", "prompt": wish.prompt}
    if wish.form == "json":
        return "application/json", json.dumps(fields).encode()
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if wish.form == "picture":
        name = 'name="input_reference"; filename="one.png"'
        head = f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\nContent-Type: image/png\r\n\r\n"
        parts.append(head.encode() + _PNG + b"\r\n")
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"--{boundary}--\r\n".encode()
