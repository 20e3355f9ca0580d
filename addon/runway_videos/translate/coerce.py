"""A client's value made to fit a field's schema, or refused in the client's own words.

Forms carry everything as text and some JSON clients do too: "42", "true" and JSON texts become
what the schema asks for. Files, data URIs and URLs become media leaves. Limits are checked here,
so that nothing is sent that Runway is known to refuse.
"""

from __future__ import annotations

import re
from typing import Any

from runway_videos import media
from runway_videos.catalog import Schema
from runway_videos.errors import ApiError, bad_request
from runway_videos.request_body import Upload, Value
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.json_body import NotJson, parse_json
from runway_videos.translate.describe import describe, quoted_value
from runway_videos.translate.field_names import snake, wire_name

WHOLE = re.compile(r"\s*([+-]?[0-9]{1,17})(?:\.0*)?\s*")
NUMBER = re.compile(r"\s*[+-]?(?:\d{1,17}\.?\d{0,17}|\.\d{1,17})(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)
FLAGS = {"true": True, "false": False, "1": True, "0": False}
SAFE = 2**53 - 1  # Runway's own limit for integers that have no closer one
FILE_KEYS = ("uri", "url", "image_url", "video_url", "audio_url")


def coerce(value: Value, schema: Schema, param: str, dropped: list[str] | None = None) -> object:
    """The value as Runway wants it. ApiError 400 naming `param` or a part of it.

    `dropped`: where given, an object's unknown keys are left out and their names added to it;
    else they are refused.
    """
    if "anyOf" in schema:
        return coerce_any(value, schema["anyOf"], param, dropped)
    if "media" in schema:
        return coerce_media(value, schema["media"], param)
    match schema.get("type"):
        case "object":
            return coerce_object(value, schema, param, dropped)
        case "array":
            return coerce_array(value, schema, param, dropped)
        case _:
            return coerce_scalar(value, schema, param)


def coerce_any(value: Value, options: list[Schema], param: str, dropped: list[str] | None) -> object:
    value = parsed(value)
    likely = [option for option in options if could_be(value, option)]
    if len(likely) == 1:
        return coerce(value, likely[0], param, dropped)
    for option in likely:
        notes: list[str] | None = None if dropped is None else []
        try:
            fitted = coerce(value, option, param, notes)
        except ApiError:
            continue
        if dropped is not None:
            dropped += notes or []
        return fitted
    raise mismatch(value, {"anyOf": options}, param)


def could_be(value: Value, schema: Schema) -> bool:
    kind = schema.get("type")
    if isinstance(value, list):
        return kind == "array"
    if isinstance(value, dict):
        return kind == "object" or "media" in schema
    if isinstance(value, Upload):
        return "media" in schema
    return kind not in ("array", "object")


def coerce_media(value: Value, kind: str, param: str) -> str | media.Media:
    value = unwrapped(parsed(value), param)
    if isinstance(value, Upload):
        return media.from_upload(value, kind, param)
    if isinstance(value, str):
        return media.from_text(value, kind, param)
    raise mismatch(value, {"media": kind}, param)


def unwrapped(value: Value, param: str) -> Value:
    """The file or URL inside objects such as `{"image_url": …}` and `{"image_url": {"url": …}}`."""
    while isinstance(value, dict):
        key = next((key for key in FILE_KEYS if key in value), None)
        if key is None:
            if "file_id" in value:
                raise bad_request(
                    f"`{param}.file_id` names a file in OpenAI's storage, which cannot be read "
                    "from here: send the file itself, an https URL or a data URI.",
                    f"{param}.file_id",
                )
            break
        value = value[key]
    return value


def coerce_array(value: Value, schema: Schema, param: str, dropped: list[str] | None) -> list[object]:
    value = parsed(value)
    single = not isinstance(value, list)
    items = value if isinstance(value, list) else [value]
    if single and isinstance(value, bool | int | float):
        raise mismatch(value, schema, param)
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if len(items) < least or (most is not None and len(items) > most):
        limit = f"at least {least}" if len(items) < least else f"at most {most}"
        raise bad_request(f"`{param}` has {len(items)} items; it takes {limit}.", param)
    return [
        coerce(item, schema["items"], param if single else f"{param}[{index}]", dropped)
        for index, item in enumerate(items)
    ]


def coerce_object(value: Value, schema: Schema, param: str, dropped: list[str] | None) -> dict[str, object]:
    value = parsed(value)
    properties: dict[str, Schema] = schema.get("properties", {})
    carries_file = "media" in properties.get("uri", {})
    if carries_file and isinstance(value, str | Upload):
        value = {"uri": value}
    if not isinstance(value, dict):
        raise mismatch(value, schema, param)
    if carries_file and "uri" not in value:
        rest = {key: item for key, item in value.items() if key not in FILE_KEYS}
        file = unwrapped(value, param)
        value = {"uri": file, **rest} if file is not value else value
    taken: dict[str, Value] = {}
    for key, item in value.items():
        wire = wire_name(key, properties)
        if wire is not None:
            taken[wire] = item
        elif schema.get("open"):
            taken[key] = item
        elif dropped is not None:
            dropped.append(f"{param}.{key}")
        else:
            raise bad_request(
                f"`{param}.{key}` is not known here; `{param}` takes "
                f"{', '.join(snake(name) for name in properties)}.",
                f"{param}.{key}",
            )
    for name in schema.get("required", ()):
        if name not in taken:
            if "const" not in properties[name]:
                raise bad_request(
                    f"`{param}.{snake(name)}` is missing: it must be {describe(properties[name])}.",
                    f"{param}.{snake(name)}",
                )
            taken[name] = properties[name]["const"]  # the only value that there is
    return {
        name: coerce(item, properties[name], f"{param}.{snake(name)}", dropped)
        if name in properties
        else without_files(item, f"{param}.{name}")
        for name, item in taken.items()
    }


def without_files(value: Value, param: str) -> Value:
    """A value of a field that nothing is known of, as it is. A file would need a known kind."""
    if isinstance(value, Upload):
        raise bad_request(f"`{param}` takes no file.", param)
    if isinstance(value, dict):
        return {key: without_files(item, f"{param}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [without_files(item, f"{param}[{n}]") for n, item in enumerate(value)]
    return value


def coerce_scalar(value: Value, schema: Schema, param: str) -> object:
    found = retyped(value, schema)
    if "const" in schema:
        allowed: list[Any] | None = [schema["const"]]
    else:
        allowed = schema.get("enum")
    if found is None or (allowed is not None and found not in allowed):
        raise mismatch(value, schema, param)
    if isinstance(found, str):
        check_text(found, schema, param)
    elif not isinstance(found, bool) and isinstance(found, int | float):
        least, most = schema.get("minimum", -SAFE), schema.get("maximum", SAFE)
        if not least <= found <= most:
            raise mismatch(value, schema, param)
    return found


def retyped(value: Value, schema: Schema) -> bool | int | float | str | None:
    """The value in the schema's type; None where it cannot be."""
    kind = schema.get("type")
    if kind == "string":
        if isinstance(value, int | float) and not isinstance(value, bool) and "enum" in schema:
            return str(value)  # proresProfile 422
        return value if isinstance(value, str) else None
    if kind == "boolean":
        if isinstance(value, str):
            return FLAGS.get(value.strip().lower())
        return value if isinstance(value, bool) else None
    if isinstance(value, bool):
        return None
    if kind == "integer":
        if isinstance(value, str):
            match = WHOLE.fullmatch(value)
            return int(match[1]) if match else None
        if isinstance(value, float):
            return int(value) if value.is_integer() else None
        return value if isinstance(value, int) else None
    if isinstance(value, str):
        if not NUMBER.fullmatch(value):
            return None
        whole = retyped(value, {"type": "integer"})
        return float(value) if whole is None else whole
    return value if isinstance(value, int | float) else None


def check_text(text: str, schema: Schema, param: str) -> None:
    """Length as Runway counts it, in UTF-16 code units: most emoji are two."""
    try:
        # Of ASCII alone, as a very large text is, no copy is made.
        length = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise bad_request(f"`{param}` is not valid Unicode text.", param) from None
    most, least = schema.get("maxLength"), schema.get("minLength", 0)
    if most is not None and length > most:
        raise bad_request(
            f"`{param}` is {length} characters long, counted as Runway counts, in UTF-16 code "
            f"units; at most {most} are taken.",
            param,
            "string_too_long",
        )
    if length < least:
        raise bad_request(f"`{param}` must have at least {least} characters.", param)


def parsed(value: Value) -> Value:
    """The list or object that a text spells out in JSON; any other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return parse_json(value.encode("utf-8", "replace"), Budget())
        except NotJson:
            return value
    return value


def mismatch(value: Value, schema: Schema, param: str) -> ApiError:
    return bad_request(f"`{param}` must be {describe(schema)}, not {quoted_value(value)}.", param)
