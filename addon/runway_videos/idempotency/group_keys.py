"""Under what a create's group is stored: a hash, for it is made of what a client sends."""

from __future__ import annotations

from hashlib import sha256

from runway_videos.idempotency.in_flight_create import CreateIdentity

_KEYED = "create-key:"
_EQUAL = "create-equal:"


def group_key(identity: CreateIdentity) -> str:
    """For an Idempotency-Key of a caller, else for what the create means."""
    caller = identity.caller.encode()
    if identity.idempotency_key:
        key = identity.idempotency_key.encode("utf-8", "surrogatepass")
        return _KEYED + sha256(caller + b"\0" + key).hexdigest()
    return _EQUAL + sha256(caller + b"\0" + identity.fingerprint).hexdigest()


def is_keyed(key: str) -> bool:
    """Whether a group's key stands for an Idempotency-Key."""
    return key.startswith(_KEYED)
