"""Checks answers against the schemas of OpenAI's OpenAPI 2.3.0, of which this is a copy.

Stricter than it in two ways: an object has no further keys, and all keys are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

type Schema = Mapping[str, Any]

TEXT: Schema = {"type": str}
WHOLE: Schema = {"type": int}
NULL: Schema = {"type": type(None)}


def enum(*values: str) -> Schema:
    return {"type": str, "enum": values}


def either(*schemas: Schema) -> Schema:
    return {"any_of": schemas}


def object_of(**properties: Schema) -> Schema:
    return {"type": dict, "properties": properties}


VIDEO = object_of(
    id=TEXT,
    object=enum("video"),
    model=TEXT,  # any string: `VideoModel` is open
    status=enum("queued", "in_progress", "completed", "failed"),
    progress=WHOLE,
    created_at=WHOLE,
    completed_at=either(WHOLE, NULL),
    expires_at=either(WHOLE, NULL),
    prompt=either(TEXT, NULL),
    size=enum("720x1280", "1280x720", "1024x1792", "1792x1024"),
    seconds=TEXT,
    remixed_from_video_id=either(TEXT, NULL),
    error=either(object_of(code=TEXT, message=TEXT), NULL),
)
VIDEO_LIST = object_of(
    object=enum("list"),
    data={"type": list, "items": VIDEO},
    first_id=either(TEXT, NULL),
    last_id=either(TEXT, NULL),
    has_more={"type": bool},
)

MODEL = object_of(id=TEXT, object=enum("model"), created=WHOLE, owned_by=TEXT)
MODEL_LIST = object_of(object=enum("list"), data={"type": list, "items": MODEL})


def problem(value: object, schema: Schema, where: str = "$") -> str | None:
    """What is wrong with a decoded JSON value, None where it fits."""
    if alternatives := schema.get("any_of"):
        problems = [problem(value, each, where) for each in alternatives]
        return None if None in problems else f"{where}: none of {problems}"
    if type(value) is not schema["type"]:  # a bool is no integer
        return f"{where}: {value!r} is no {schema['type'].__name__}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where}: {value!r} is none of {schema['enum']}"
    if isinstance(value, list):
        found = (problem(item, schema["items"], f"{where}[{at}]") for at, item in enumerate(value))
        return next((each for each in found if each), None)
    if isinstance(value, dict):
        properties = schema["properties"]
        if set(value) != set(properties):
            return f"{where}: its keys are {sorted(value)}, not {sorted(properties)}"
        found = (problem(value[name], properties[name], f"{where}.{name}") for name in properties)
        return next((each for each in found if each), None)
    return None


def check_list(body: dict[str, Any]) -> dict[str, Any]:
    """Checks a list of videos, and that its ids are those of its first and last; returns it."""
    assert problem(body, VIDEO_LIST) is None
    ids = [video["id"] for video in body["data"]] or [None]
    assert (body["first_id"], body["last_id"]) == (ids[0], ids[-1])
    return body
