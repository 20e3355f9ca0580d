"""Video ids that carry what is needed to serve them: `video_rw` and a sealed token.

    token = base64url(hash of the key's name, 4 bytes | AES-SIV tag, 16 | sealed ticket, <= 79)

At most 140 characters together. The mark and the hash are associated data, so a token is good for
its own key's name alone. AES-SIV needs no nonce: any process with the same configuration seals and
opens alike, and nothing is kept.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

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
    "MARK",
    "MAX_ID",
    "MAX_MODEL",
    "IdSealer",
    "UnsealableError",
    "VideoReference",
    "owner_hash",
    "unknown_video",
]

MARK = "video_rw"
#: Characters of an id, mark and token.
MAX_ID = 140

_HASH, _TAG = 4, 16
# Ids that are kept open, with their tickets: under 1 MB.
_OPENED = 1024
_TOKEN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_NOT_SHOWN = re.compile(r"[^A-Za-z0-9_.-]")


def unknown_video(video_id: str, detail: str = "") -> ApiError:
    """The 404 of an id that there is not, is forged, or belongs to somebody else: one for all.

    `detail` is for the log.
    """
    printable = _NOT_SHOWN.sub("?", video_id[: MAX_ID + 1])
    printable = printable if len(printable) <= MAX_ID else printable[:MAX_ID] + "..."
    return ApiError(
        404, f"Video with id '{printable}' not found.", code="not_found", param="video_id", detail=detail
    )


class IdSealer:
    """Seals and opens ids for the Runway keys `keys` (name to value).

    `secrets` are those of RUNWAY_ID_SECRET: the first seals, all open. Without any, one derived
    from the key's value seals; that one always opens, so a secret set later orphans no video.
    Raises ValueError for two names with one hash and for an empty secret.
    """

    def __init__(self, keys: Mapping[str, str], secrets: Sequence[str] = ()) -> None:
        # A video is polled over and over. What is no good id is never kept.
        self._opened = lru_cache(maxsize=_OPENED)(self._open)
        self._hashes: dict[str, bytes] = {}
        self._openers: dict[bytes, tuple[str, tuple[AESSIV, ...]]] = {}
        shared = [_cipher(secret, b"runway_videos id from RUNWAY_ID_SECRET") for secret in secrets]
        for name, value in keys.items():
            digest = _name_hash(name)
            if digest in self._openers:
                other = self._openers[digest][0]
                raise ValueError(f"the keys {other} and {name} cannot be told apart: rename one")
            derived = _cipher(value, b"runway_videos id from a Runway key")
            self._hashes[name] = digest
            self._openers[digest] = (name, (*shared, derived))

    def seal(self, reference: VideoReference) -> str:
        """The id of a video. Raises UnsealableError, and KeyError for a key that is not ours."""
        digest = self._hashes[reference.key]
        cipher = self._openers[digest][1][0]
        sealed = digest + cipher.encrypt(pack(reference), [MARK.encode(), digest])
        return MARK + urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, video_id: str) -> VideoReference:
        """What an id carries. Raises ApiError 404."""
        return self._opened(video_id)

    def _open(self, video_id: str) -> VideoReference:
        """Opens an id. Every secret of its key is tried whatever comes of the first, so the time
        tells nothing to who has no good id.
        """
        sealed = _decode(video_id)
        if sealed is None:
            raise unknown_video(video_id)
        digest = sealed[:_HASH]
        found = self._openers.get(digest)
        if found is None:
            # Like any unknown id: another answer would tell the names of keys to who tries some.
            raise unknown_video(video_id, f"no key in runway_keys has a name with the hash {digest.hex()}")
        name, ciphers = found
        payload = None
        for cipher in ciphers:
            try:
                payload = cipher.decrypt(sealed[_HASH:], [MARK.encode(), digest])
            except InvalidTag:
                continue
        if payload is None:
            raise unknown_video(video_id, f"not sealed by this proxy for the key {name}")
        return unpack(name, payload)

    def __repr__(self) -> str:
        return f"IdSealer({list(self._hashes)!r})"


def _name_hash(name: str) -> bytes:
    return sha256(b"runway_videos key\0" + name.encode()).digest()[:_HASH]


def _cipher(secret: str, info: bytes) -> AESSIV:
    if not secret:
        raise ValueError("an empty secret seals nothing")
    return AESSIV(HKDF(SHA512(), length=64, salt=None, info=info).derive(secret.encode()))


def _decode(video_id: str) -> bytes | None:
    token = video_id.removeprefix(MARK)
    if token == video_id or len(video_id) > MAX_ID or not _TOKEN.fullmatch(token):
        return None
    if len(token) % 4 == 1:
        return None
    sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    # Bits that decoding drops would make several ids of one video.
    again = urlsafe_b64encode(sealed).rstrip(b"=").decode()
    return sealed if again == token and len(sealed) >= _HASH + _TAG + MIN_PACKED else None
