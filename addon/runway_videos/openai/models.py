"""OpenAI's JSON of a model and of a list of models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

# The day on which OpenAI's own service ended; Runway publishes no dates of its models.
_CREATED = 1_790_208_000


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model that this proxy serves."""

    id: str
    object: Literal["model"] = "model"
    created: int = _CREATED
    owned_by: str = "runway"


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[Model]


def extend(body: bytes, models: Iterable[Model]) -> bytes:
    """A list of models of another service with ours behind its own; what is no such list stays as it is."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, list):
        return body
    theirs = {model.get("id") for model in data if isinstance(model, dict)}
    data += [model for model in models if model.id not in theirs]
    return msgspec.json.encode(found)
