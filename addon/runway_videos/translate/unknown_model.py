"""A model that the catalog does not know: passed on by the guide's general rules.

Nothing is added and nothing is judged; Runway knows its newest models better than a table.
"""

from __future__ import annotations

from contextlib import suppress

from runway_videos import media
from runway_videos.catalog import Catalog
from runway_videos.errors import ApiError, bad_request
from runway_videos.request_body import Upload
from runway_videos.translate import media_fields, seconds, sizes
from runway_videos.translate.coerce import FLAGS, NUMBER, SAFE, coerce, retyped
from runway_videos.translate.field_names import (
    IGNORED_FIELDS,
    ROLES,
    ClientField,
    camel,
    is_ignored,
    wire_name,
)
from runway_videos.translate.model_names import Resolved
from runway_videos.translate.source import Source
from runway_videos.translate.task_call import Plan, TaskCall

_KINDS = ("image", "video", "audio")
_LONGEST = 20  # characters of a duration that an answer repeats


def plan_unknown_model(
    resolved: Resolved,
    mode: str,
    roles: dict[str, ClientField],
    rest: list[ClientField],
    form: bool,
    catalog: Catalog,
    source: Source | None = None,
) -> Plan:
    """Only what the client sent, under the names that Runway's models have in common."""
    body: dict[str, object] = {}
    length = str((source and source.seconds) or seconds.usual(resolved.sora))
    frame = (source and source.frame) or (sizes.SORA if resolved.sora else sizes.RUNWAY)
    if field := roles.get("prompt"):
        body["promptText"] = coerce(field.value, {"type": "string"}, field.name)
    first, last = roles.get("picture"), roles.get("last_frame")
    if field := first or last:
        wire = _wire_of("picture", field, catalog)
        body[wire] = (
            media_fields.frames(first, last)
            if last
            else media_fields.pictures(field, media_fields.ANY_PICTURE)
        )
    if field := roles.get("video"):
        body[_wire_of("video", field, catalog)] = media_fields.video(
            field, {"type": "string", "media": "video"}, source
        )
    if field := roles.get("size"):
        body["ratio"] = _ratio_of(field, catalog)
    if field := roles.get("seconds"):
        body["duration"] = duration = _duration_of(field, catalog)
        length = _spoken(duration) or length
    for role, wire in (("references", "references"), ("more_references", "referenceImages")):
        if field := roles.get(role):
            body[wire] = _coerce_unknown(field, catalog, catalog.media["references"], form)
    ignored = [field.name for field in rest if is_ignored(field, IGNORED_FIELDS)]
    for field in rest:
        wire = camel(field.name)
        if field.name in ignored:
            continue
        if wire in body:
            raise bad_request(f"`{field.name}` is given twice, under two names.", field.name)
        typed = form and not _is_text(wire, catalog)
        body[wire] = _coerce_unknown(field, catalog, catalog.media.get(wire), typed)
    if not body:
        raise bad_request("`prompt` is required.", "prompt", "missing_required_parameter")
    ratio = body.get("ratio")
    told = sizes.read_size(ratio if isinstance(ratio, str) else None)
    frame = told or frame
    prompt = body.get("promptText")
    return Plan(
        call=TaskCall(mode, resolved.model, body),
        model=resolved.asked,
        seconds=length,
        size=sizes.size_text(frame),
        made_size=sizes.size_text(told) if told else "",
        prompt=prompt if isinstance(prompt, str) else None,
        ignored=tuple(ignored),
    )


def _wire_of(kind: str, field: ClientField, catalog: Catalog) -> str:
    """Runway's name of the picture or video: the one that the client wrote, else the guide's."""
    wires = [wire for wire, carried in catalog.input_fields.items() if carried == kind]
    return wire_name(field.name, wires) or wire_name(ROLES[kind][0], wires) or wires[0]


def _ratio_of(field: ClientField, catalog: Catalog) -> object:
    """`WxH` as `W:H`; what is said in another way as it is."""
    match = sizes.WRITTEN.fullmatch(field.value) if isinstance(field.value, str) else None
    return f"{match[1]}:{match[2]}" if match else _coerce_unknown(field, catalog, None, form=False)


def _duration_of(field: ClientField, catalog: Catalog) -> object:
    """A number, also when it comes as a text; what is said in another way as it is."""
    for kind in ("integer", "number"):
        found = retyped(field.value, {"type": kind})
        if isinstance(found, int | float) and abs(found) <= SAFE:
            return found
    return _coerce_unknown(field, catalog, None, form=False)


def _spoken(duration: object) -> str | None:
    """The duration as an answer says it, which goes into the video's id: short and plain."""
    text = "" if isinstance(duration, bool | list | dict) else str(duration)
    return text if 0 < len(text) <= _LONGEST and text.isascii() and text.isprintable() else None


def _coerce_unknown(field: ClientField, catalog: Catalog, kind: str | None, form: bool) -> object:
    """The value with wire names for keys and files in place; a form's texts get the type they
    spell. Runway's few names in snake_case, such as `start_seconds`, stay as they are."""
    value, name = field.value, field.name
    if isinstance(value, dict):
        return {
            key if key in catalog.names else camel(key): _coerce_unknown(
                ClientField(f"{name}.{key}", item), catalog, kind, form
            )
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _coerce_unknown(ClientField(f"{name}[{n}]", item), catalog, kind, form)
            for n, item in enumerate(value)
        ]
    if isinstance(value, Upload):
        return _file(value, name, kind)
    return _spelled(value) if form and isinstance(value, str) else value


def _file(upload: Upload, param: str, kind: str | None) -> media.Media:
    """A file of a kind that only its bytes tell."""
    for guess in (kind,) if kind else _KINDS:
        try:
            return media.from_upload(upload, guess, param)
        except ApiError:
            if guess == kind:
                raise
    raise bad_request(f"`{param}` is no picture, video or sound that Runway takes.", param)


def _is_text(wire: str, catalog: Catalog) -> bool:
    """Some known model has this field, and it is a text there: `422` stays one."""
    return any(
        row.fields.get(wire, {}).get("type") == "string"
        for rows in catalog.modes.values()
        for row in rows.values()
    )


def _spelled(text: str) -> bool | int | float | str:
    """The type that a text spells, where nothing of the text is lost by it: `007` stays one."""
    if text in ("true", "false"):
        return FLAGS[text]
    if NUMBER.fullmatch(text):
        for number in (int, float):
            with suppress(ValueError):
                found = number(text)
                if str(found) == text and abs(found) <= SAFE:
                    return found
    return text
