"""The runwayml SDK's create types as schemas: fields, types, enums and what is required.

Used by `generate.py` only; the proxy itself never imports the SDK.
"""

from __future__ import annotations

import importlib
import typing
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Required, Union, get_args, get_origin, get_type_hints

import typing_extensions

from runway_videos.catalog import Schema

_UNIONS = {
    "text_to_video": "TextToVideoCreateParams",
    "image_to_video": "ImageToVideoCreateParams",
    "video_to_video": "VideoToVideoCreateParams",
}
MODES = tuple(_UNIONS)
_SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


class Stale(Exception):
    """`bounds.json` and the SDK do not fit together; the text says where."""


def sdk_version() -> str:
    version: str = importlib.import_module("runwayml").__version__
    return version


def _hints_of(typed_dict: Any) -> dict[str, Any]:
    """A TypedDict's annotations, each Literal's values in the order of the source.

    typing takes Literals with the same values for equal whatever their order, and its caches then
    give the first one for all: they are emptied.
    """
    for empty in getattr(typing, "_cleanups", ()):
        empty()
    return get_type_hints(typed_dict, include_extras=True)


def variants(mode: str) -> dict[str, Any]:
    """Model name → the SDK's TypedDict for it, in the SDK's order."""
    module = importlib.import_module(f"runwayml.types.{mode}_create_params")
    found = {}
    for typed_dict in get_args(getattr(module, _UNIONS[mode])):
        hint = _hints_of(typed_dict)["model"]
        (model,) = get_args(_unwrap("model", hint)[2])
        found[model] = typed_dict
    return found


def body_schema(typed_dict: Any, media: dict[str, str]) -> Schema:
    """A create body without `model`; `media` says which top-level fields carry files, and what."""
    schema = _object_schema(typed_dict, media)
    del schema["properties"]["model"]
    schema["required"].remove("model")
    return schema


def _object_schema(typed_dict: Any, media: dict[str, str], inside: str | None = None) -> Schema:
    """`inside` is the top-level field that this object is part of."""
    properties: Schema = {}
    required: list[str] = []
    # The SDK's modules postpone annotations, which hides Required from __required_keys__.
    for name, hint in _hints_of(typed_dict).items():
        wire, needed, bare = _unwrap(name, hint)
        kind = media.get(inside or wire) if inside is None or wire == "uri" else None
        if wire == "uri" and kind is None:
            raise Stale(f"bounds.json: `media` does not name {inside or typed_dict.__name__}")
        properties[wire] = _schema_of(bare, media, inside or wire, kind)
        if needed:
            required.append(wire)
    return {"type": "object", "properties": properties, "required": required}


def _unwrap(name: str, hint: Any) -> tuple[str, bool, Any]:
    """Required[Annotated[T, PropertyInfo(alias=…)]] → wire name, required, T."""
    wire, needed = name, False
    while True:
        origin = get_origin(hint)
        if origin in (Required, typing_extensions.Required):
            needed = True
            (hint,) = get_args(hint)
        elif origin is Annotated:
            hint, *extras = get_args(hint)
            wire = next((extra.alias for extra in extras if extra.alias), wire)
        else:
            return wire, needed, hint


def _schema_of(hint: Any, media: dict[str, str], inside: str, kind: str | None) -> Schema:
    """`kind` is set where a plain string is a file's URL or URI."""
    origin = get_origin(hint)
    if origin is Union:
        return {"anyOf": [_schema_of(option, media, inside, kind) for option in get_args(hint)]}
    if origin in (Literal, typing_extensions.Literal):
        return _literal_schema(list(get_args(hint)))
    if typing_extensions.is_typeddict(hint):
        return _object_schema(hint, media, inside)
    if origin is not None and issubclass(origin, Iterable):
        (item,) = get_args(hint)
        return {"type": "array", "items": _schema_of(item, media, inside, None)}
    if hint is object:
        return {"type": "object", "open": True}
    if hint is str and kind:
        return {"type": "string", "media": kind}
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    raise Stale(f"the SDK has a type that this script does not know: {hint!r} in {inside}")


def _literal_schema(values: list[Any]) -> Schema:
    schema: Schema = {"type": _SCALARS[type(values[0])]}
    if len(values) == 1:
        return schema | {"const": values[0]}
    # "768P" beside "768p": the SDK calls the capital form deprecated; legal, never chosen by us.
    texts = [value for value in values if isinstance(value, str)]
    old = [text for text in texts if text != text.lower() and text.lower() in texts]
    return schema | {"enum": values} | ({"deprecated": old} if old else {})
