"""Where pictures and videos go: the shapes that clients send, made into the one a model takes."""

from __future__ import annotations

from collections.abc import Iterator

from runway_videos.catalog import Schema
from runway_videos.errors import bad_request
from runway_videos.request_body import Value
from runway_videos.translate.coerce import coerce, unwrapped
from runway_videos.translate.field_names import RUNWAY_PICTURES, ClientField, plain
from runway_videos.translate.source import Source

# For a model that the catalog does not know: what all known ones have in common.
ANY_PICTURE: Schema = {
    "anyOf": [
        {"type": "string", "media": "image"},
        {
            "type": "array",
            "items": {
                "type": "object",
                "open": True,
                "required": ["uri"],
                "properties": {"uri": {"type": "string", "media": "image"}},
            },
        },
    ]
}


def pictures(field: ClientField, schema: Schema) -> object:
    """`input_reference` for a picture field: one picture, or a list with positions.

    Takes a URL, a data URI, a file, `{image_url}`, or a list of these or of `{uri, position}`.
    Where the model wants positions and the client gave none, the list's order counts: first, last.
    """
    value = field.value
    items = value if isinstance(value, list) else [value]
    if len(items) == 1 and not has_position(items[0]):
        lone = items[0]
        # [{uri}] says "a reference picture" to the models whose positions are optional.
        keep = isinstance(value, list) and isinstance(lone, dict) and not _wants_position(schema)
        if not keep:
            return coerce(unwrapped(lone, field.name), schema, field.name)
    named: list[dict[str, Value]] = [item if isinstance(item, dict) else {"uri": item} for item in items]
    if _wants_position(schema):
        taken = {item.get("position") for item in named}
        free: Iterator[str] = (p for p in _allowed_positions(schema) if p not in taken)
        named = [item if has_position(item) else _with_position(item, next(free, None)) for item in named]
    return coerce(list(named), schema, field.name)


def one_picture(field: ClientField) -> ClientField:
    """The picture of a field that is named otherwise than Runway's, without a list around it.

    ApiError 400 for several pictures: which of them is the first frame is not plain then, but where
    each has a `position`.
    """
    value = field.value
    if plain(field.name) in RUNWAY_PICTURES or not isinstance(value, list) or has_position(value):
        return field
    if len(value) > 1:
        raise bad_request(
            f"`{field.name}` holds {len(value)} pictures, and which is the first frame is not plain: send "
            "the first frame in `input_reference` and the last one in `last_frame`, or pictures to go by "
            "in `reference_images`.",
            field.name,
        )
    return ClientField(field.name, unwrapped(value[0], field.name))


def frames(first: ClientField | None, last: ClientField) -> list[object]:
    """A picture field's list from a first frame, if there is one, and a last one."""
    made: list[object] = []
    if first is not None:
        if isinstance(first.value, list) or has_position(first.value):
            raise bad_request(
                f"`{last.name}` cannot be given beside a list or a `position` in `{first.name}`: send "
                "the first frame alone there.",
                last.name,
            )
        made.append({"uri": _one(first), "position": "first"})
    return [*made, {"uri": _one(last), "position": "last"}]


def takes_last_frame(schema: Schema) -> bool:
    """Whether a picture field has a place for a last frame."""
    properties = _item_schema(schema).get("properties", {})
    return "position" in properties and "last" in _allowed_positions(schema)


def _one(field: ClientField) -> object:
    value = field.value[0] if isinstance(field.value, list) and len(field.value) == 1 else field.value
    return coerce(unwrapped(value, field.name), {"type": "string", "media": "image"}, field.name)


def has_position(value: object) -> bool:
    """A picture, or one in a list, that is told its place as first or last frame."""
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, dict) and "position" in item for item in items)


def _with_position(item: dict[str, Value], position: str | None) -> dict[str, Value]:
    return item if position is None else {**item, "position": position}


def _item_schema(schema: Schema) -> Schema:
    options: list[Schema] = schema.get("anyOf", [schema])
    found: Schema = next((o["items"] for o in options if o.get("type") == "array"), {})
    return found


def _wants_position(schema: Schema) -> bool:
    return "position" in _item_schema(schema).get("required", ())


def _allowed_positions(schema: Schema) -> list[str]:
    node = _item_schema(schema)["properties"]["position"]
    values: list[str] = node.get("enum") or [node["const"]]
    return values


def video(field: ClientField, schema: Schema, source: Source | None = None) -> object:
    """`video_uri` for a video field: a URL, a data URI, a file, or `{url}`; or an earlier `source`."""
    if source is not None and source.output is not None:
        return source.output
    value = field.value
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict) and "id" in value:
        raise bad_request(
            f"`{field.name}.id` names a video made earlier, which a create does not take: remix it "
            "(POST /v1/videos/{{id}}/remix), edit it (POST /v1/videos/edits), or send the video itself, "
            "an https URL or a data URI.",
            f"{field.name}.id",
        )
    return coerce(value, schema, field.name)


def references(found: list[ClientField], schema: Schema, dropped: list[str]) -> object:
    """`references` and `reference_images` in one list; keys such as `tag` that the model does not
    know are left out and noted in `dropped`."""
    values: list[Value] = []
    for field in found:
        value = field.value
        values += value if isinstance(value, list) else [value]
    return coerce(values, schema, found[0].name, dropped)
