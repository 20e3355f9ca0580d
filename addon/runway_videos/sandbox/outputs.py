"""The finished videos: two real MP4 files, and signed links to them in CloudFront's form."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

from runway_videos.sandbox.clip_lengths import SECONDS, of_length

CHUNK_BYTES = 256 << 10
PATH = "/outputs/"

_HERE = Path(__file__).parent
#: 64-bit form of a box header: the size 1 says that the real one follows the type.
FREE_HEADER_BYTES = 16
# Not a multiple of a chunk's size, so that a misplaced chunk is noticed.
_NOISE_PERIOD = 1_000_003


class Clip:
    """A video's bytes, generated as they are read.

    It is `seconds` long. With `size` the real file is followed by a `free` box, which players skip, up
    to `size` bytes, so that it plays whatever its length. The content is the same on every machine.
    """

    def __init__(self, name: str, size: int | None = None, seconds: float = SECONDS) -> None:
        self._real = of_length((_HERE / name).read_bytes(), seconds)
        self._noise = b""
        if size is not None:
            least = len(self._real) + FREE_HEADER_BYTES
            if size < least:
                raise ValueError(f"a video has at least {least} bytes, not {size}")
            padding = size - len(self._real)
            self._real += (1).to_bytes(4) + b"free" + padding.to_bytes(8)
            self._noise = hashlib.shake_256(b"sandbox").digest(_NOISE_PERIOD)
        self.size = size or len(self._real)
        self.etag = f'"{hashlib.sha256(self._real).hexdigest()[:32]}"'

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, in pieces of at most CHUNK_BYTES."""
        while start < stop:
            if start < len(self._real):
                piece = self._real[start : min(stop, start + CHUNK_BYTES)]
            else:
                at = (start - len(self._real)) % _NOISE_PERIOD
                piece = self._noise[at : at + min(CHUNK_BYTES, stop - start)]
            yield piece
            start += len(piece)

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """The same in one piece, for tests."""
        return b"".join(self.pieces(start, self.size if stop is None else stop))


class Signer:
    """Makes and checks links that expire. The secret lives as long as the sandbox."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._secret = secrets.token_bytes(32)

    def sign(self, path: str) -> str:
        """The path with a query that opens it for `seconds` from now."""
        expires = str(int(self._clock() + self._seconds))
        query = {
            "Expires": expires,
            "Key-Pair-Id": "SANDBOX",
            "Signature": self._signature(path, expires),
        }
        return f"{path}?{urlencode(query)}"

    def refusal(self, path: str, query: Mapping[str, str]) -> tuple[str, str] | None:
        """Code and message of CloudFront's 403, None when the link is good."""
        for name in ("Key-Pair-Id", "Expires", "Signature"):
            if not query.get(name):
                return f"Missing{name}", f"Missing {name} query parameter or cookie value"
        expires = query["Expires"]
        signature = query["Signature"].encode()
        if not hmac.compare_digest(signature, self._signature(path, expires).encode()):
            return "AccessDenied", "Access denied"
        # Signed, so it is a number.
        return ("AccessDenied", "Access denied") if int(expires) < self._clock() else None

    def _signature(self, path: str, expires: str) -> str:
        signed = f"{path}?Expires={expires}".encode()
        return hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
