"""A model that the catalog does not know: passed on by the guide's general rules.

Nothing is added and nothing is judged; Runway knows its newest models better than a table.
"""

from __future__ import annotations

from runway_videos import media
from runway_videos.catalog import Catalog
from runway_videos.errors import ApiError, bad_request
from runway_videos.reading import Upload
from runway_videos.translate import place, seconds, sizes
from runway_videos.translate.fit import FLAGS, NUMBER, WHOLE, fit, parsed
from runway_videos.translate.models import Resolved
from runway_videos.translate.names import Given, camel, is_habit
from runway_videos.translate.task_call import Plan, TaskCall

KINDS = ("image", "video", "audio")


def pass_on(
    resolved: Resolved,
    mode: str,
    roles: dict[str, Given],
    rest: list[Given],
    form: bool,
    catalog: Catalog,
) -> Plan:
    """Only what the client sent, under the names that Runway's models have in common."""
    body: dict[str, object] = {}
    length: int | str = seconds.usual(resolved.sora)
    frame = sizes.SORA if resolved.sora else sizes.RUNWAY
    if given := roles.get("prompt"):
        body["promptText"] = fit(given.value, {"type": "string"}, given.name)
    if given := roles.get("picture"):
        body["promptImage"] = place.pictures(given, place.ANY_PICTURE)
    if given := roles.get("video"):
        body["videoUri"] = place.video(given, {"type": "string", "media": "video"})
    if given := roles.get("size"):
        asked = sizes.read_size(given.value)
        body["ratio"] = f"{asked[0]}:{asked[1]}" if asked else loose(given, "image", form=False)
    if given := roles.get("seconds"):
        length = seconds.asked_seconds(given)
        body["duration"] = length
    for role, wire in (("references", "references"), ("more_references", "referenceImages")):
        if given := roles.get(role):
            body[wire] = loose(given, catalog.media["references"], form)
    ignored = [given.name for given in rest if is_habit(given)]
    for given in rest:
        wire = camel(given.name)
        if given.name in ignored:
            continue
        if wire in body:
            raise bad_request(f"`{given.name}` is given twice, under two names.", given.name)
        body[wire] = loose(given, catalog.media.get(wire), form and not is_text(wire, catalog))
    if not body:
        raise bad_request("`prompt` is required.", "prompt", "missing_required_parameter")
    ratio = body.get("ratio")
    frame = sizes.read_size(ratio if isinstance(ratio, str) else None) or frame
    prompt = body.get("promptText")
    return Plan(
        call=TaskCall(mode, resolved.model, body),
        model=resolved.asked,
        seconds=str(length),
        size=sizes.said(frame),
        prompt=prompt if isinstance(prompt, str) else None,
        ignored=tuple(ignored),
    )


def loose(given: Given, kind: str | None, form: bool) -> object:
    """The value with camelCase keys and files in place; a form's texts get the type they spell."""
    value, name = parsed(given.value) if form else given.value, given.name
    if isinstance(value, dict):
        return {camel(k): loose(Given(f"{name}.{k}", v), kind, form) for k, v in value.items()}
    if isinstance(value, list):
        return [loose(Given(f"{name}[{n}]", v), kind, form) for n, v in enumerate(value)]
    if isinstance(value, Upload):
        return file(value, name, kind)
    return spelled(value) if form and isinstance(value, str) else value


def file(upload: Upload, param: str, kind: str | None) -> media.Media:
    """A file of a kind that only its bytes tell."""
    for guess in (kind,) if kind else KINDS:
        try:
            return media.from_upload(upload, guess, param)
        except ApiError:
            if guess == kind:
                raise
    raise bad_request(f"`{param}` is no picture, video or sound that Runway takes.", param)


def is_text(wire: str, catalog: Catalog) -> bool:
    """Some known model has this field, and it is a text there: `422` stays one."""
    return any(
        row.fields.get(wire, {}).get("type") == "string"
        for rows in catalog.modes.values()
        for row in rows.values()
    )


def spelled(text: str) -> bool | int | float | str:
    if text in ("true", "false"):
        return FLAGS[text]
    if match := WHOLE.fullmatch(text):
        return int(match[1])
    return float(text) if NUMBER.fullmatch(text) else text
