"""What the tests of the translation share: the catalog, requests for its rows, the SDK's verdict."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Literal, Required, Union, get_args, get_origin, get_type_hints

import pydantic
import typing_extensions

from runway_videos.catalog import Row, load
from runway_videos.errors import ApiError
from runway_videos.request_body import Fields, Value
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.json_texts import parse_texts
from runway_videos.translate import Plan, plan_create, resolve_model
from runway_videos.translate.field_names import client_param
from runway_videos.translate.model_names import Aliases

CATALOG = load()
ALIASES: Aliases = (
    ("sora-2-pro*", ("seedance2_5",)),
    ("sora-2*", ("seedance2_mini", "seedance2_5")),
    ("gen4_aleph", ("aleph2",)),
)
ROWS = [(mode, model) for mode, rows in CATALOG.modes.items() for model in rows]
PICTURE = "https://example.com/first.png"
VIDEO = "https://example.com/clip.mp4"
SOUND = "https://example.com/sound.mp3"
FILES = {"image": PICTURE, "video": VIDEO, "audio": SOUND}
INPUTS: dict[str, dict[str, Value]] = {
    "text_to_video": {},
    "image_to_video": {"input_reference": PICTURE},
    "video_to_video": {"video_uri": VIDEO},
}

# Fields that shut out others: they have tests of their own.
APART = {"draftTaskId", "mode"}


def row_of(mode: str, model: str) -> Row:
    row = CATALOG.row(mode, model)
    assert row is not None
    return row


def plan(form: bool = False, aliases: Aliases = ALIASES, /, **values: Value) -> Plan:
    resolved = resolve_model(values.get("model"), CATALOG, aliases)
    assert resolved is not None
    return plan_create(Fields(parse_texts(values, Budget()), form), CATALOG, resolved)


def refusal(form: bool = False, /, **values: Value) -> ApiError:
    """The refusal that these fields get; fails when they get none."""
    try:
        made = plan(form, **values)
    except ApiError as error:
        return error
    raise AssertionError(f"not refused: {made.call.body}")


def plainest(mode: str, model: str) -> dict[str, Value]:
    return {"model": f"runway/{model}", "prompt": "a paper boat", **INPUTS[mode]}


def everything(mode: str, model: str) -> dict[str, Value]:
    """Every field that the row has, under the names that clients use."""
    row = row_of(mode, model)
    values: dict[str, Value] = {"model": f"runway/{model}", **INPUTS[mode], "size": "1280x720"}
    for wire, schema in row.fields.items():
        name = client_param([wire])
        if wire not in APART and name not in values and wire not in ("ratio", "resolution"):
            values[name] = sample(schema)
    for rule in row.rules:
        values |= {client_param([wire]): allowed[0] for wire, allowed in rule.among.items()}
    return values


def sample(schema: dict[str, Any]) -> Any:
    """A legal value for a schema, with all that an object may hold; keys in snake_case."""
    if "anyOf" in schema:
        return sample(schema["anyOf"][-1 if "enum" in schema["anyOf"][-1] else 0])
    if "media" in schema:
        return FILES[schema["media"]]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "array":
            return [sample(schema["items"])]
        case "object":
            return {client_param(["", k])[1:]: sample(v) for k, v in schema["properties"].items()}
        case "boolean":
            return True
        case "integer":
            return max(5, schema.get("minimum", 5))
        case "number":
            return 0.5
        case _:
            return "words"


def as_form(value: Value) -> Any:
    """The value as a form carries it: every scalar a text."""
    if isinstance(value, dict):
        return {name: as_form(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_form(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


# --- the SDK's verdict: its TypedDicts, under wire names, closed ---------------------------------


def closed(hint: Any, path: str = "Body") -> Any:
    """The type with wire names for keys, lists for iterables, and no unknown key anywhere."""
    origin = get_origin(hint)
    if typing_extensions.is_typeddict(hint):
        fields = {}
        for name, item in get_type_hints(hint, include_extras=True).items():
            wire, required, bare = name, False, item
            while get_origin(bare) in (Required, Annotated):
                required |= get_origin(bare) is Required
                bare, *extras = get_args(bare)
                wire = next((extra.alias for extra in extras if extra.alias), wire)
            inner = closed(bare, f"{path}_{wire}")
            fields[wire] = Required[inner] if required else inner
        make: Any = typing_extensions.TypedDict
        copy = make(path, fields, total=False)
        copy.__pydantic_config__ = pydantic.ConfigDict(extra="forbid", strict=True)
        return copy
    if origin is Union:
        options = tuple(closed(item, f"{path}_{n}") for n, item in enumerate(get_args(hint)))
        return Union[options]  # noqa: UP007
    if origin is Literal or not get_args(hint):
        return hint
    assert issubclass(origin, Iterable)
    return list[closed(get_args(hint)[0], f"{path}_item")]  # type: ignore[misc]


@cache
def typed_dicts(mode: str) -> dict[str, Any]:
    """Model → the SDK's TypedDict."""
    module = importlib.import_module(f"runwayml.types.{mode}_create_params")
    union = getattr(module, "".join(part.title() for part in mode.split("_")) + "CreateParams")
    found = {}
    for variant in get_args(union):
        (literal,) = get_args(get_type_hints(variant, include_extras=True)["model"])
        (name,) = get_args(literal)
        found[name] = variant
    return found


@cache
def verdict(mode: str, model: str) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(closed(typed_dicts(mode)[model]))


def wire_body(made: Plan) -> dict[str, Any]:
    """The body as it goes out, after the SDK's types have passed it."""
    data = made.call.render({})
    return dict(verdict(made.call.mode, made.call.model).validate_json(data, strict=True))
