"""Video ids: `video_rw` and a token that holds the sealed video reference.

    token = base64url(hash of the key's name, 4 bytes | AES-SIV tag, 16 | sealed reference, <= 79)

At most 140 characters together. The prefix and the hash are associated data, so a token is valid for
its own key's name only. AES-SIV needs no nonce: every process with the same configuration makes and
opens the same ids, and nothing is stored.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from runway_videos.errors import ApiError
from runway_videos.store.video_references import (
    MAX_MODEL,
    MIN_PACKED,
    UnsealableError,
    VideoReference,
    owner_hash,
    pack,
    unpack,
)

__all__ = [
    "ID_PREFIX",
    "MAX_ID",
    "MAX_MODEL",
    "IdSealer",
    "UnsealableError",
    "VideoReference",
    "owner_hash",
    "unknown_video",
    "unsealable_task",
]

ID_PREFIX = "video_rw"
#: Characters of an id, prefix and token together.
MAX_ID = 140

_HASH_BYTES, _TAG_BYTES = 4, 16
# Opened ids that are cached, with their references: under 1 MB.
_CACHED_IDS = 1024
_TOKEN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_UNPRINTABLE = re.compile(r"[^A-Za-z0-9_./-]")


class Cipher(Protocol):
    """AES-SIV with one key. `decrypt` raises InvalidTag."""

    def encrypt(self, data: bytes, associated_data: list[bytes]) -> bytes: ...

    def decrypt(self, data: bytes, associated_data: list[bytes]) -> bytes: ...


def unknown_video(video_id: str, detail: str = "", param: str = "video_id") -> ApiError:
    """The same 404 for an id that does not exist, is forged, or is another caller's.

    `detail` is for the log, `param` is what the client named it in.
    """
    printable = _UNPRINTABLE.sub("?", video_id[: MAX_ID + 1])
    printable = printable if len(printable) <= MAX_ID else printable[:MAX_ID] + "..."
    return ApiError(
        404, f"Video with id '{printable}' not found.", code="not_found", param=param, detail=detail
    )


def unsealable_task(error: UnsealableError) -> ApiError:
    """For a task that Runway made and whose name fits in no id: only the log can find it."""
    return ApiError(
        502,
        "Runway made the video, but its task's name fits in no video id; the operator finds it in the "
        "proxy's log.",
        code="unsealable_task",
        retry=False,
        detail=str(error),
        may_have_made=True,
    )


class IdSealer:
    """Seals and opens ids for the Runway keys `keys` (name to value).

    `secrets` are those of RUNWAY_ID_SECRET: the first seals, all open. Without any, a secret derived
    from the key's value seals; that one always opens, so a secret set later orphans no video.
    `earlier`: values that keys had before; what was sealed with them opens too.
    `make_cipher` makes an AES-SIV cipher of a key of 64 bytes.
    Raises ValueError for two names with the same hash and for an empty secret.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        secrets: Sequence[str] = (),
        make_cipher: Callable[[bytes], Cipher] = AESSIV,
        earlier: Mapping[str, Sequence[str]] = {},
    ) -> None:
        # A video is polled over and over. An invalid id raises, so it is never cached.
        self._opened = lru_cache(maxsize=_CACHED_IDS)(self._open)
        self._hashes: dict[str, bytes] = {}
        self._openers: dict[bytes, tuple[str, tuple[Cipher, ...]]] = {}
        shared = [make_cipher(_derive(s, b"runway_videos id from RUNWAY_ID_SECRET")) for s in secrets]
        for name, value in keys.items():
            name_hash = _name_hash(name)
            if name_hash in self._openers:
                other = self._openers[name_hash][0]
                raise ValueError(f"the keys {other} and {name} cannot be told apart: rename one")
            derived = [
                make_cipher(_derive(each, b"runway_videos id from a Runway key"))
                for each in (value, *earlier.get(name, ()))
            ]
            self._hashes[name] = name_hash
            self._openers[name_hash] = (name, (*shared, *derived))

    def seal(self, reference: VideoReference) -> str:
        """The id of a video. Raises UnsealableError, and KeyError for a key that is not configured."""
        name_hash = self._hashes[reference.key]
        cipher = self._openers[name_hash][1][0]
        sealed = name_hash + cipher.encrypt(pack(reference), [ID_PREFIX.encode(), name_hash])
        return ID_PREFIX + urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, video_id: str) -> VideoReference:
        """The reference in an id. Raises ApiError 404."""
        return self._opened(video_id)

    def _open(self, video_id: str) -> VideoReference:
        """Opens an id. Every secret of its key is tried, also after one has opened it, so that the
        time tells nothing about which secret it was.
        """
        sealed = _decode(video_id)
        if sealed is None:
            raise unknown_video(video_id)
        name_hash = sealed[:_HASH_BYTES]
        found = self._openers.get(name_hash)
        if found is None:
            # Like any unknown id: another answer would let anyone guess the names of keys.
            raise unknown_video(video_id, f"no key in runway_keys has a name with the hash {name_hash.hex()}")
        name, ciphers = found
        payload = None
        for cipher in ciphers:
            try:
                payload = cipher.decrypt(sealed[_HASH_BYTES:], [ID_PREFIX.encode(), name_hash])
            except InvalidTag:
                continue
        if payload is None:
            raise unknown_video(
                video_id,
                f"forged, or sealed under another secret: was the key {name} rotated "
                "without RUNWAY_ID_SECRET?",
            )
        return unpack(name, payload)

    def __repr__(self) -> str:
        return f"IdSealer({list(self._hashes)!r})"


def _name_hash(name: str) -> bytes:
    return sha256(b"runway_videos key\0" + name.encode()).digest()[:_HASH_BYTES]


def _derive(secret: str, info: bytes) -> bytes:
    if not secret:
        raise ValueError("an empty secret seals nothing")
    return HKDF(SHA512(), length=64, salt=None, info=info).derive(secret.encode())


def _decode(video_id: str) -> bytes | None:
    token = video_id.removeprefix(ID_PREFIX)
    if token == video_id or len(video_id) > MAX_ID or not _TOKEN.fullmatch(token):
        return None
    if len(token) % 4 == 1:
        return None
    sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    # Bits that decoding ignores would give one video several ids.
    encoded = urlsafe_b64encode(sealed).rstrip(b"=").decode()
    return sealed if encoded == token and len(sealed) >= _HASH_BYTES + _TAG_BYTES + MIN_PACKED else None
