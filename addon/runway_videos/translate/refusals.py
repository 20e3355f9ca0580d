"""Refusals that have to look at the catalog to say what would be right."""

from __future__ import annotations

from runway_videos.catalog import Catalog
from runway_videos.errors import ApiError, bad_request
from runway_videos.translate import media_fields
from runway_videos.translate.body_builder import BodyBuilder
from runway_videos.translate.field_names import ClientField, client_param, wire_name

# What a mode is made from, and the parameter that brings it.
_INPUTS = {
    "": ("a `prompt` alone", "prompt"),
    "picture": ("a picture in `input_reference`", "input_reference"),
    "video": ("a video in `video_uri`", "video_uri"),
}

_FIRST = ("prompt", "input_reference", "video_uri", "seconds", "size")


#: The code of a parameter that has to be there, and the one that a create is mostly refused for.
MISSING = "missing_required_parameter"
MISSING_PROMPT = ("prompt", MISSING)


def wrong_mode(model: str, mode: str, catalog: Catalog, given: ClientField | None) -> ApiError:
    """The model is known, but not for this input: what it needs, and which models can.

    `given`: the picture or video that decides.
    """
    has = catalog.modes_of(model)
    inputs = catalog.inputs
    what, param = _INPUTS[inputs[mode]]
    if not inputs[mode]:
        param = _INPUTS[inputs[has[0]]][1]  # the parameter that is missing
    if given is not None and given.name:
        what, param = what.replace(param, given.name), given.name
    ways = " or ".join(_INPUTS[inputs[one]][0] for one in has)
    return bad_request(
        f"{model} makes no video from {what}: it needs {ways}. "
        f"Models that do: {', '.join(catalog.models_with(mode))}.",
        param,
    )


def unknown_field(builder: BodyBuilder, field: ClientField, wire: str | None = None) -> ApiError:
    """A field that the model does not take here: what it takes, and where the field has a place."""
    mode = builder.mode.replace("_", " ")
    message = f"{builder.model} takes no `{field.name}` in {mode}. It takes {', '.join(_takes(builder))}."
    places = _whereabouts(wire or field.name, builder.catalog)
    modes = [other.replace("_", " ") for other in places.get(builder.model, ())]
    if modes:
        message += f" It takes it in {' and '.join(modes)}."
    elif places:
        here = [model for model, modes in places.items() if builder.mode in modes]
        message += f" Models that take it: {', '.join(here or places)}."
    return bad_request(message, field.name, "unknown_parameter")


def _takes(builder: BodyBuilder) -> list[str]:
    """The client's names of all that the model takes here, the common ones first."""
    sized = builder.row.size.how != "none"
    names = [client_param([wire]) for wire in builder.fields if wire != "ratio"]
    names += ["size"] if sized else []
    return sorted(names, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))


def _whereabouts(name: str, catalog: Catalog) -> dict[str, list[str]]:
    """Model → modes in which it has the field."""
    found: dict[str, list[str]] = {}
    for mode, rows in catalog.modes.items():
        for model, row in rows.items():
            if wire_name(name, row.fields):
                found.setdefault(model, []).append(mode)
    return found


def picture_beside_video(builder: BodyBuilder, picture: ClientField, video: ClientField) -> ApiError:
    hint = " Reference pictures go in `references`." if "references" in builder.fields else ""
    return bad_request(
        f"`{picture.name}` and `{video.name}` cannot both be given: a video is made from one or "
        f"the other.{hint}",
        picture.name,
    )


def no_last_frame(builder: BodyBuilder, last: ClientField) -> ApiError:
    rows = builder.catalog.modes[builder.mode].items()
    able = [
        model for model, row in rows if row.picture and media_fields.takes_last_frame(row.fields[row.picture])
    ]
    return bad_request(
        f"{builder.model} takes no last frame in `{last.name}`. Models that do: {', '.join(able)}.",
        last.name,
        "unknown_parameter",
    )


def require(builder: BodyBuilder) -> None:
    """ApiError 400 for a field that the model cannot do without."""
    for wire in builder.row.required:
        if wire not in builder.body:
            name = client_param([wire])
            raise bad_request(
                f"`{name}` is required: {builder.model} makes no video without it.",
                name,
                MISSING,
            )
