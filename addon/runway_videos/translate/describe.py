"""Schemas and values in words, for refusals."""

from __future__ import annotations

import msgspec

from runway_videos.catalog import Schema
from runway_videos.request_body import Upload, Value
from runway_videos.translate.field_names import snake

LONGEST = 60  # characters of a client's own value that are repeated to it
_NOUNS = {"integer": "a whole number", "number": "a number", "string": "a text"}


def describe(schema: Schema) -> str:
    """`a whole number from 2 to 10`, `one of "mp4", "mov"`, `a list of at most 9 …`."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(describe(option) for option in schema["anyOf"]))
    if "media" in schema:
        return f"{schema['media']} as a file, an https URL, a runway:// URI or a data URI"
    if "const" in schema:
        return _json_text(schema["const"])
    if "enum" in schema:
        old = schema.get("deprecated", ())
        return "one of " + ", ".join(_json_text(v) for v in schema["enum"] if v not in old)
    match schema.get("type"):
        case "boolean":
            return "true or false"
        case "array":
            return f"a list{_limits(schema, 'Items', ' of ')} ({describe(schema['items'])})"
        case "object":
            names = ", ".join(snake(name) for name in schema.get("properties", ()))
            return f"an object with {names}" if names else "an object"
        case kind:
            noun = _NOUNS.get(str(kind), "a value")
            if kind == "string":
                return noun + _limits(schema, "Length", " of ", " characters")
            return noun + _limits(schema, "imum", " ")


def _limits(schema: Schema, what: str, joint: str, unit: str = "") -> str:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if what == "imum" and least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None and most is not None and least == most:
        return f"{joint}{most}{unit}"
    parts = [f"at least {least}"] if least else []
    parts += [f"at most {most}"] if most is not None else []
    return joint + " and ".join(parts) + unit if parts else ""


def _json_text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def quoted_value(value: Value) -> str:
    """The client's own value, short and escaped."""
    if isinstance(value, Upload):
        return "a file"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, str):
        cut = value if len(value) <= LONGEST else value[:LONGEST] + "…"
        return _json_text(cut.encode("utf-8", "replace").decode())
    return _json_text(value)
