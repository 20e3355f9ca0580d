"""Where a client's create becomes the body of one Runway model: `plan_for_model`, step by step.

Which field goes where, and what is legal, comes from the catalog's row for the mode and model.
A model that the catalog does not know goes by general rules instead (`pass_on`).
"""

from __future__ import annotations

import msgspec

from runway_videos.catalog import Catalog
from runway_videos.errors import bad_request
from runway_videos.request_body import Fields
from runway_videos.translate import media_fields, refusals, seconds, sizes
from runway_videos.translate.body_builder import BodyBuilder
from runway_videos.translate.coerce import coerce
from runway_videos.translate.field_names import (
    FILE_ROLES,
    IGNORED_FOR_KNOWN_MODELS,
    ClientField,
    is_ignored,
    sort_fields,
    wire_name,
)
from runway_videos.translate.framing import Framing, framing_of
from runway_videos.translate.model_names import Resolved
from runway_videos.translate.raw_bytes import refuse_raw_bytes
from runway_videos.translate.rules import apply_rules, may_add
from runway_videos.translate.source import Source
from runway_videos.translate.task_call import Plan, TaskCall
from runway_videos.translate.unknown_model import plan_unknown_model

# A client may send these itself instead of `size`.
_SIZE_FIELDS = ("ratio", "resolution")


def plan_for_model(
    fields: Fields, catalog: Catalog, resolved: Resolved, source: Source | None = None
) -> Plan:
    """The task call for a create's fields and `resolved.model`. ApiError for all that cannot work.

    `source`: the video that it is made from; one made earlier is in none of the fields.
    """
    roles, rest = sort_fields(fields.values)
    for role in FILE_ROLES & roles.keys():
        refuse_raw_bytes(roles[role])
    if source is not None and source.output is not None:
        roles["video"] = source.field
    # The mode follows from the input: a video, else a picture, else the words alone.
    if "picture" in roles:
        roles["picture"] = media_fields.one_picture(roles["picture"])
    given = next((part for part in ("video", "picture", "last_frame") if part in roles), "")
    mode = catalog.mode_of("picture" if given == "last_frame" else given)
    row = catalog.row(mode, resolved.model)
    if row is None and catalog.modes_of(resolved.model):
        raise refusals.wrong_mode(resolved.model, mode, catalog, roles.get(given))
    if row is None:
        return plan_unknown_model(resolved, mode, roles, rest, fields.form, catalog, source)
    builder = BodyBuilder(catalog, resolved.model, mode, row)
    _put_prompt(builder, roles.get("prompt"))
    _put_files(builder, roles, source)
    _put_rest(builder, rest)
    apply_rules(builder, roles)
    length = _put_seconds(builder, roles.get("seconds"), resolved, source)
    framing = _put_size(builder, roles.get("size"), resolved, source)
    refusals.require(builder)
    prompt = builder.body.get("promptText")
    return Plan(
        call=TaskCall(mode, resolved.model, builder.body),
        model=resolved.asked,
        seconds=length,
        size=framing.size,
        prompt=prompt if isinstance(prompt, str) else None,
        ignored=tuple(builder.ignored),
        made_size=framing.made_size,
        asked_size=framing.asked_size,
        smaller=framing.smaller,
    )


def _put_prompt(builder: BodyBuilder, field: ClientField | None) -> None:
    if field is None:
        return
    if not isinstance(field.value, str):
        raise bad_request(f"`{field.name}` must be a text.", field.name)
    if "promptText" not in builder.fields:
        raise refusals.unknown_field(builder, field)
    if field.value.strip():
        builder.put("promptText", field, coerce(field.value, builder.fields["promptText"], field.name))


def _put_files(builder: BodyBuilder, roles: dict[str, ClientField], source: Source | None) -> None:
    """The picture, the video and the reference pictures, each under the name the model has."""
    row = builder.row
    picture, last = roles.get("picture"), roles.get("last_frame")
    if found := picture or last:
        if row.picture is None:
            raise refusals.picture_beside_video(builder, found, roles["video"])
        schema = row.fields[row.picture]
        if last is not None and not media_fields.takes_last_frame(schema):
            raise refusals.no_last_frame(builder, last)
        value = media_fields.frames(picture, last) if last else media_fields.pictures(found, schema)
        builder.put(row.picture, found, value)
    if (video := roles.get("video")) and row.video:
        builder.put(row.video, video, media_fields.video(video, row.fields[row.video], source))
    further = [roles[role] for role in ("references", "more_references") if role in roles]
    if further:
        if "references" not in row.fields:
            raise refusals.unknown_field(builder, further[0], "references")
        value = media_fields.references(further, row.fields["references"], builder.ignored)
        builder.put("references", further[0], value)


def _put_rest(builder: BodyBuilder, rest: list[ClientField]) -> None:
    """Every further field that the model has, in snake_case or camelCase, with its right type."""
    for field in rest:
        wire = wire_name(field.name, builder.row.fields)
        if wire is not None:
            builder.put(wire, field, coerce(field.value, builder.row.fields[wire], field.name))
        elif is_ignored(field, IGNORED_FOR_KNOWN_MODELS):
            builder.ignored.append(field.name)
        else:
            raise refusals.unknown_field(builder, field)


def _put_seconds(
    builder: BodyBuilder, field: ClientField | None, resolved: Resolved, source: Source | None
) -> str:
    """Adds `duration` where the model takes one; the answer's `seconds`."""
    durations = builder.row.durations
    known = source.seconds if source else None
    if "duration" in builder.body:
        return str(builder.body["duration"])
    if durations is None or not may_add(builder, "duration"):
        return str(seconds.asked_seconds(field) if field else known or seconds.usual(resolved.sora))
    if field is None and "duration" in builder.asked_only:
        return str(known or seconds.usual(resolved.sora))
    if field is None and (total := seconds.of_segments(builder.body)):
        return str(total)
    chosen = seconds.choose_duration(durations, field, resolved.sora, builder.model, known)
    builder.body["duration"] = chosen
    return str(chosen)


def _put_size(
    builder: BodyBuilder, field: ClientField | None, resolved: Resolved, source: Source | None
) -> Framing:
    """Adds `ratio` and `resolution` as the model wants them; what is made, and what the answer says."""
    row = builder.row
    pinned = {name: str(builder.body[name]) for name in _SIZE_FIELDS if name in builder.body}
    if field and "ratio" in pinned:
        raise bad_request(
            f"`{field.name}` and `{builder.names['ratio']}` say the same: send one.", field.name
        )
    default = (source and source.frame) or (sizes.SORA if resolved.sora else sizes.RUNWAY)
    untold = "ratio" in builder.asked_only and field is None and not pinned
    if untold or not may_add(builder, "ratio"):
        choice = sizes.Choice({}, sizes.asked_size(field) or default, shaped=False)
        return framing_of(resolved, field, choice, default, row.size)
    named = bool(pinned)
    if sizes.is_auto(field) and sizes.ADAPTIVE in row.fields.get("ratio", {}).get("enum", ()):
        pinned["ratio"] = sizes.ADAPTIVE
    placed = row.picture is not None and media_fields.has_position(builder.body[row.picture])
    choice = sizes.choose_size(row.size, field, default, pinned, placed, builder.model)
    builder.body.update(choice.wire)
    # Words alone, and no shape told: nothing could make it other than the usual one.
    if not choice.shaped and row.picture is None and row.video is None:
        choice = msgspec.structs.replace(choice, frame=sizes.usual_shape(choice.frame))
    return framing_of(resolved, field, choice, None if named else default, row.size)
