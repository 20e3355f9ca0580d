"""Where a client's create becomes a Runway body: `plan_create`, step by step.

Which field goes where, and what is legal, comes from the catalog's row for the mode and model.
A model that the catalog does not know goes by general rules instead (`pass_on`).
"""

from __future__ import annotations

from collections.abc import Sequence

from runway_videos.catalog import Catalog
from runway_videos.errors import bad_request
from runway_videos.request_body import Fields
from runway_videos.translate import media_fields, refusals, seconds, sizes
from runway_videos.translate.coerce import fit
from runway_videos.translate.field_names import KNOWN_HABITS, Given, is_habit, sort_fields, wire_name
from runway_videos.translate.model_names import Resolved, resolve_model
from runway_videos.translate.rules import apply_rules, may_add
from runway_videos.translate.task_body import Draft
from runway_videos.translate.task_call import Plan, TaskCall
from runway_videos.translate.unknown_model import pass_on

# A client may send these itself instead of `size`.
SIZE_FIELDS = ("ratio", "resolution")


def plan_create(fields: Fields, catalog: Catalog, aliases: Sequence[tuple[str, str]]) -> Plan:
    """The task call for a create's fields. ApiError for everything that cannot work."""
    name = fields.values.get("model")
    resolved = resolve_model(name, catalog, aliases)
    if resolved is None:
        raise refusals.unknown_model(str(name), catalog)
    roles, rest = sort_fields(fields.values)
    mode = mode_of(roles)
    row = catalog.row(mode, resolved.model)
    if row is None and catalog.modes_of(resolved.model):
        raise refusals.wrong_mode(resolved.model, mode, catalog)
    if row is None:
        return pass_on(resolved, mode, roles, rest, fields.form, catalog)
    draft = Draft(catalog, resolved.model, mode, row)
    put_prompt(draft, roles.get("prompt"))
    put_files(draft, roles)
    put_rest(draft, rest)
    apply_rules(draft, roles)
    length = put_seconds(draft, roles.get("seconds"), resolved)
    size = put_size(draft, roles.get("size"), resolved)
    refusals.require(draft)
    prompt = draft.body.get("promptText")
    return Plan(
        call=TaskCall(mode, resolved.model, draft.body),
        model=resolved.asked,
        seconds=length,
        size=size,
        prompt=prompt if isinstance(prompt, str) else None,
        ignored=tuple(draft.ignored),
    )


def mode_of(roles: dict[str, Given]) -> str:
    """The mode follows from the input: a video, else a picture, else the words alone."""
    if "video" in roles:
        return "video_to_video"
    return "image_to_video" if "picture" in roles else "text_to_video"


def put_prompt(draft: Draft, given: Given | None) -> None:
    if given is None:
        return
    if not isinstance(given.value, str):
        raise bad_request(f"`{given.name}` must be a text.", given.name)
    if "promptText" not in draft.fields:
        raise refusals.unknown_field(draft, given)
    if given.value.strip():
        draft.put("promptText", given, fit(given.value, draft.fields["promptText"], given.name))


def put_files(draft: Draft, roles: dict[str, Given]) -> None:
    """The picture, the video and the reference pictures, each under the name the model has."""
    row = draft.row
    if picture := roles.get("picture"):
        if row.picture is None:
            raise refusals.picture_beside_video(draft, picture, roles["video"])
        draft.put(row.picture, picture, media_fields.pictures(picture, row.fields[row.picture]))
    if (video := roles.get("video")) and row.video:
        draft.put(row.video, video, media_fields.video(video, row.fields[row.video]))
    found = [roles[role] for role in ("references", "more_references") if role in roles]
    if found:
        if "references" not in row.fields:
            raise refusals.unknown_field(draft, found[0], "references")
        value = media_fields.references(found, row.fields["references"], draft.ignored)
        draft.put("references", found[0], value)


def put_rest(draft: Draft, rest: list[Given]) -> None:
    """Every further field that the model has, in snake_case or camelCase, with its right type."""
    for given in rest:
        wire = wire_name(given.name, draft.row.fields)
        if wire is not None:
            draft.put(wire, given, fit(given.value, draft.row.fields[wire], given.name))
        elif is_habit(given, KNOWN_HABITS):
            draft.ignored.append(given.name)
        else:
            raise refusals.unknown_field(draft, given)


def put_seconds(draft: Draft, given: Given | None, resolved: Resolved) -> str:
    """Adds `duration` where the model takes one; the answer's `seconds`."""
    durations = draft.row.durations
    if "duration" in draft.body:
        return str(draft.body["duration"])
    if durations is None or not may_add(draft, "duration"):
        return str(seconds.asked_seconds(given) if given else seconds.usual(resolved.sora))
    if given is None and "duration" in draft.asked_only:
        return str(seconds.usual(resolved.sora))
    if given is None and (total := seconds.of_segments(draft.body)):
        return str(total)
    chosen = seconds.choose(durations, given, resolved.sora, draft.model)
    draft.body["duration"] = chosen
    return str(chosen)


def put_size(draft: Draft, given: Given | None, resolved: Resolved) -> str:
    """Adds `ratio` and `resolution` as the model wants them; the answer's `size`."""
    row = draft.row
    pinned = {name: str(draft.body[name]) for name in SIZE_FIELDS if name in draft.body}
    if given and "ratio" in pinned:
        raise bad_request(f"`{given.name}` and `{draft.names['ratio']}` say the same: send one.", given.name)
    default = sizes.SORA if resolved.sora else sizes.RUNWAY
    untold = "ratio" in draft.asked_only and given is None and not pinned
    if untold or not may_add(draft, "ratio"):
        return sizes.said(sizes.asked_size(given) or default)
    placed = row.picture is not None and media_fields.has_position(draft.body[row.picture])
    choice = sizes.choose(row.size, given, default, pinned, placed, draft.model)
    draft.body.update(choice.wire)
    # Words alone, and no shape told: nothing could make it other than the usual one.
    shapeless = not choice.shaped and row.picture is None and row.video is None
    return sizes.said(sizes.usual_shape(choice.frame) if shapeless else choice.frame)
