"""The check of create bodies; its issues are worded as Runway's own.

It follows the JSON Schema subset of catalog.json and shares no code with the project's translation,
so that a mistake there is a refusal here. Issue codes and messages follow zod 3, which
Runway's published refusals are made by.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

Schema = Mapping[str, Any]
Row = Mapping[str, Any]
#: What is wrong with a media string for this kind ("image", "video", "audio"), None if nothing.
MediaCheck = Callable[[str, str], str | None]

_CATALOG = Path(__file__).parent.parent / "catalog" / "catalog.json"


class Issue(msgspec.Struct, omit_defaults=True):
    """One entry of `issues`. An unknown key is named in `keys`; `path` is then its object's."""

    code: str
    path: tuple[str | int, ...]
    message: str
    keys: tuple[str, ...] = ()


@functools.cache
def rows() -> Mapping[str, Mapping[str, Row]]:
    """The catalog's rows by mode and model, each with `schema` and `rules`."""
    modes: Mapping[str, Mapping[str, Row]] = msgspec.json.decode(_CATALOG.read_bytes())["modes"]
    return modes


def check(body: object, models: Mapping[str, Row], media: MediaCheck) -> list[Issue]:
    """All that Runway would refuse in the body of a create, with the mode's rows by model."""
    if not isinstance(body, dict):
        return [_wrong_type("object", body, ())]
    model = body.get("model")
    row = models.get(model) if isinstance(model, str) else None
    if row is None:
        expected = " | ".join(f"'{name}'" for name in models)
        message = f"Invalid discriminator value. Expected {expected}"
        return [Issue("invalid_union_discriminator", ("model",), message)]
    fields = {name: value for name, value in body.items() if name != "model"}
    found = list(_Walker(media).walk(fields, row["schema"], ()))
    # As in zod, rules for several fields are checked when each field is right.
    return found or [*_rules(fields, row.get("rules", ())), *_frames(fields, row["size"])]


def check_plain(body: object, schema: Schema) -> list[Issue]:
    """All that is wrong with a value by a schema without media."""
    return list(_Walker(lambda text, kind: None).walk(body, schema, ()))


def _rules(body: Mapping[str, object], rules: Sequence[Mapping[str, Any]]) -> Iterator[Issue]:
    for rule in rules:
        # `when`: fields that are there (null) or have a value; then what that asks of the others.
        when: Mapping[str, object] = rule["when"]
        if any(n not in body or v not in (None, body[n]) for n, v in when.items()):
            continue
        condition = ", ".join(n if v is None else f"{n} {_quoted(v)}" for n, v in when.items())
        alone = rule.get("only") or body
        for name in body:
            if name not in alone or name in rule.get("without", ()):
                yield Issue("custom", (name,), f"{name} cannot be used with {condition}")
        for name in rule.get("needs", ()):
            if name not in body:
                yield Issue("custom", (name,), f"{name} is required with {condition}")
        for name, value in rule.get("fixed", {}).items():
            if name in body and not _same(body[name], value):
                yield Issue("custom", (name,), f"{name} must be {_quoted(value)} with {condition}")


def _frames(body: Mapping[str, object], size: Mapping[str, Any]) -> Iterator[Issue]:
    images, ratio = body.get("promptImage"), body.get("ratio")
    if size.get("frames_need_auto") and isinstance(images, list) and ratio is not None:
        placed = any(isinstance(image, dict) and "position" in image for image in images)
        if placed and ratio not in size["auto"]:
            expected = " | ".join(_quoted(one) for one in size["auto"])
            message = f"A request with a first or last frame takes a ratio of {expected}"
            yield Issue("custom", ("ratio",), message)


class _Walker:
    def __init__(self, media: MediaCheck) -> None:
        self._media = media

    def walk(self, value: object, schema: Schema, path: tuple[str | int, ...]) -> Iterator[Issue]:
        if "anyOf" in schema:
            yield from self._any_of(value, schema["anyOf"], path)
            return
        kind = schema.get("type")
        if kind is not None and not _is(value, kind):
            yield _wrong_type(kind, value, path)
            return
        if "const" in schema and not _same(value, schema["const"]):
            message = f"Invalid literal value, expected {_quoted(schema['const'])}"
            yield Issue("invalid_literal", path, message)
        elif "enum" in schema and not any(_same(value, one) for one in schema["enum"]):
            expected = " | ".join(_quoted(one) for one in schema["enum"])
            message = f"Invalid enum value. Expected {expected}, received {_quoted(value)}"
            yield Issue("invalid_enum_value", path, message)
        elif isinstance(value, dict):
            yield from self._object(value, schema, path)
        elif isinstance(value, list):
            yield from _sized(len(value), schema, "Items", "Array must contain", "element(s)", path)
            for index, item in enumerate(value):
                yield from self.walk(item, schema.get("items", {}), (*path, index))
        elif isinstance(value, str):
            yield from self._string(value, schema, path)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if value < schema.get("minimum", value):
                message = f"Number must be greater than or equal to {schema['minimum']}"
                yield Issue("too_small", path, message)
            if value > schema.get("maximum", value):
                message = f"Number must be less than or equal to {schema['maximum']}"
                yield Issue("too_big", path, message)

    def _object(
        self, value: dict[str, object], schema: Schema, path: tuple[str | int, ...]
    ) -> Iterator[Issue]:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield Issue("invalid_type", (*path, name), "Required")
        for name, item in value.items():
            if name in properties:
                yield from self.walk(item, properties[name], (*path, name))
        unknown = tuple(name for name in value if name not in properties)
        # An object without properties in the schema, like an open one, may have any keys.
        if unknown and "properties" in schema and not schema.get("open"):
            listed = ", ".join(f"'{name}'" for name in unknown)
            message = f"Unrecognized key(s) in object: {listed}"
            yield Issue("unrecognized_keys", path, message, unknown)

    def _string(self, value: str, schema: Schema, path: tuple[str | int, ...]) -> Iterator[Issue]:
        if "media" in schema:
            if problem := self._media(value, schema["media"]):
                yield Issue("custom", path, problem)
            return
        # Runway counts UTF-16 code units: an emoji is two.
        length = len(value.encode("utf-16-le", "surrogatepass")) // 2
        yield from _sized(length, schema, "Length", "String must contain", "character(s)", path)

    def _any_of(self, value: object, branches: list[Schema], path: tuple[str | int, ...]) -> Iterator[Issue]:
        best: list[Issue] | None = None
        for branch in branches:
            found = list(self.walk(value, branch, path))
            if not found:
                return
            # The client meant the branch whose type fits.
            elsewhere = not any(one.path == path and one.code == "invalid_type" for one in found)
            if elsewhere and (best is None or len(found) < len(best)):
                best = found
        yield from best or [Issue("invalid_union", path, "Invalid input")]


def _sized(
    length: int, schema: Schema, what: str, begin: str, unit: str, path: tuple[str | int, ...]
) -> Iterator[Issue]:
    if length < schema.get(f"min{what}", 0):
        yield Issue("too_small", path, f"{begin} at least {schema[f'min{what}']} {unit}")
    if length > schema.get(f"max{what}", length):
        yield Issue("too_big", path, f"{begin} at most {schema[f'max{what}']} {unit}")


def _is(value: object, kind: str) -> bool:
    name = _name(value)
    # 5.0 is an integer where 5 is: JSON has one kind of number.
    whole = isinstance(value, float) and value.is_integer()
    return name == kind or (kind == "number" and name == "integer") or (kind == "integer" and whole)


def _same(value: object, other: object) -> bool:
    return value == other and isinstance(value, bool) is isinstance(other, bool)


def _name(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "array"
        case _:
            return "object"


def _wrong_type(expected: str, value: object, path: tuple[str | int, ...]) -> Issue:
    received = _name(value)
    if expected == "integer":
        received = {"number": "float"}.get(received, received)
    else:
        received = {"integer": "number"}.get(received, received)
    return Issue("invalid_type", path, f"Expected {expected}, received {received}")


def _quoted(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(msgspec.json.encode(value), "utf-8")
