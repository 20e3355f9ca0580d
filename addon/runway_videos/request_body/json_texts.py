"""JSON that a client wrote into a text, as forms and some JSON clients do: decoded once, here."""

from __future__ import annotations

from collections.abc import Mapping

from runway_videos.request_body.budget import Budget
from runway_videos.request_body.fields import Value
from runway_videos.request_body.json_body import NotJson, parse_json

# Fields of free text, which may look like JSON without being meant as such.
_PROSE = frozenset(("prompt", "prompttext", "negativeprompt"))


def is_prose(name: str) -> bool:
    """Whether a top-level field is free text: never JSON."""
    return name.replace("_", "").lower() in _PROSE


def parse_text(text: str, name: str, budget: Budget) -> Value:
    """The object or array that a text of the field `name` spells out; any other text as it is.

    Raises ApiError 400 naming the field for JSON that goes beyond the limits.
    """
    if text[:64].lstrip()[:1] not in ("{", "["):
        return text
    try:
        return parse_json(text.encode("utf-8", "replace"), budget, name)
    except NotJson:
        return text


def parse_texts(values: Mapping[str, Value], budget: Budget) -> dict[str, Value]:
    """The top-level fields of a JSON body with their texts, and those in their lists, parsed."""
    return {name: value if is_prose(name) else _parsed(value, name, budget) for name, value in values.items()}


def _parsed(value: Value, name: str, budget: Budget) -> Value:
    if isinstance(value, str):
        return parse_text(value, name, budget)
    if isinstance(value, list):
        return [parse_text(item, name, budget) if isinstance(item, str) else item for item in value]
    return value
