"""Remix, edit and extension: which model makes it, and what that model is told. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import msgspec

from runway_videos.catalog import Catalog
from runway_videos.config.settings import Settings
from runway_videos.errors import ApiError, bad_request
from runway_videos.media.data_uris import decode, is_data_uri
from runway_videos.media.mp4_shape import mp4_shape
from runway_videos.openai.routes import Operation
from runway_videos.request_body import Fields, Upload
from runway_videos.translate import Plan, Resolved, Source, first_served, plan_create, resolve_model
from runway_videos.translate.coerce import unwrapped
from runway_videos.translate.field_names import ClientField, sort_fields

type _Mode = Literal["edit", "extend"]

#: What a model is told in `mode`: to change the video in place, or to go on after its end.
_MODES: dict[Operation, _Mode] = {
    Operation.REMIX: "edit",
    Operation.EDIT: "edit",
    Operation.EXTEND: "extend",
}


class Original(msgspec.Struct, frozen=True):
    """The video that is remixed, edited or extended. `model` is the client's word for what made it."""

    source: Source
    model: str


def plan_derived(
    operation: Operation,
    fields: Fields,
    original: Original | None,
    settings: Settings,
    catalog: Catalog,
    serves: Callable[[str], bool],
) -> Plan | None:
    """The task call; None where the client names a model that is not served here.

    The model is the one that the client names, else the original's where it can do this, else
    the operator's for it; of several the first that a key may use (`serves`), and that makes it
    as long as the original. `original` None: the video is among the fields. Raises ApiError.
    """
    mode = _MODES[operation]
    roles, _ = sort_fields(fields.values)
    for name in ("prompt", "seconds") if mode == "extend" else ("prompt",):
        if name not in roles:
            raise bad_request(f"`{name}` is required.", name, "missing_required_parameter")
    source = original.source if original else _among(roles)
    plans: list[Plan] = []
    refusal: ApiError | None = None
    for resolved in _models(mode, fields, original, settings, catalog):
        try:
            plans.append(_plan(mode, fields, resolved, source, catalog))
        except ApiError as error:
            refusal = refusal or error.with_traceback(None)
    if refusal is not None and not plans:
        raise refusal
    length = source.seconds if source and mode == "edit" and "seconds" not in roles else None

    def rank(plan: Plan) -> tuple[bool, bool]:
        return _is_shorter(plan, length or 0), plan.smaller

    ranked = sorted(plans, key=rank)  # the order of the models is kept otherwise
    return first_served(ranked, serves) if ranked else None


def _among(roles: Mapping[str, ClientField]) -> Source | None:
    """The video among the fields, where it is a file that tells its length."""
    field = roles.get("video")
    value = unwrapped(field.value, field.name) if field else None
    if field and isinstance(value, str) and is_data_uri(value):
        value = Upload(decode(value, field.name), "", "")
    shape = mp4_shape(value.data) if isinstance(value, Upload) else None
    if shape is None:
        return None
    size = f"{shape.width}x{shape.height}" if shape.width and shape.height else ""
    return Source(None, str(max(round(shape.seconds), 1)), size)


def _is_shorter(plan: Plan, seconds: int) -> bool:
    told = plan.call.body.get("duration")
    return isinstance(told, int) and told < seconds


def _models(
    mode: _Mode, fields: Fields, original: Original | None, settings: Settings, catalog: Catalog
) -> Iterator[Resolved]:
    """The models to try, the best first."""
    asked = fields.values.get("model")
    if asked not in (None, ""):
        named = resolve_model(asked, catalog, settings.aliases)
        if named is None:
            return
        able = [model for model in named.models if not catalog.modes_of(model) or _can(catalog, model, mode)]
        if not able:
            raise _cannot(named.model, mode, catalog)
        yield from (msgspec.structs.replace(named, models=(model,)) for model in able)
        return
    made_by = resolve_model(original.model, catalog, settings.aliases) if original else None
    able = [model for model in made_by.models if _can(catalog, model, mode)] if made_by else []
    if made_by is not None:
        yield from (msgspec.structs.replace(made_by, models=(model,)) for model in able)
    if able and mode == "edit":
        return
    model = settings.extend_model if mode == "extend" else settings.remix_model
    # An alias is all that its client knows: it stays the answer's word.
    alias = made_by is not None and made_by.alias
    yield Resolved(made_by.asked if made_by is not None and alias else model, (model,), alias)


def _can(catalog: Catalog, model: str, mode: _Mode) -> bool:
    """Whether the catalog says that the model makes a video from a video, and so."""
    row = catalog.row(catalog.mode_of("video"), model)
    return row is not None and (mode == "edit" or mode in row.own_modes)


def _cannot(model: str, mode: _Mode, catalog: Catalog) -> ApiError:
    able = [each for each in catalog.models() if _can(catalog, each, mode)]
    what = "extends no video" if mode == "extend" else "makes no video from a video"
    return bad_request(f"{model} {what}; models that do: {', '.join(able)}. Leave `model` out.", "model")


def _plan(mode: _Mode, fields: Fields, resolved: Resolved, source: Source | None, catalog: Catalog) -> Plan:
    values = dict(fields.values)
    told, row = values.get("mode") or None, catalog.row(catalog.mode_of("video"), resolved.model)
    if mode == "extend":
        if told not in (None, mode):
            raise bad_request("`mode` must be `extend` here, or be left out.", "mode")
        values["mode"] = mode
    elif told is None and row is not None and mode in row.own_modes:
        values["mode"] = mode
    plan = plan_create(Fields(values, fields.form), catalog, resolved, source=source)
    call = msgspec.structs.replace(plan.call, source_seconds=source.seconds if source else None)
    return msgspec.structs.replace(plan, call=call, seconds=_length(mode, plan, fields, source))


def _length(mode: _Mode, plan: Plan, fields: Fields, source: Source | None) -> str:
    """The answer's `seconds`: of an extension the total, of others the original's where none is told."""
    added = plan.call.body.get("duration")
    if source is None:
        return plan.seconds
    if mode == "extend":
        known = isinstance(added, int) and source.seconds is not None
        return str((source.seconds or 0) + int(str(added))) if known else plan.seconds
    asked = "seconds" in sort_fields(fields.values)[0]
    return plan.seconds if asked or isinstance(added, int) else source.length
