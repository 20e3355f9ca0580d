"""Rules between the fields of one model, as the catalog has them (`Rule`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runway_videos.catalog import Rule
from runway_videos.errors import bad_request
from runway_videos.translate.body_builder import BodyBuilder
from runway_videos.translate.field_names import ClientField, client_param
from runway_videos.translate.refusals import MISSING
from runway_videos.translate.seconds import asked_seconds, of_segments

_ALL = "*"

# Fields that are put into the body only after the rules, and the role that asks for them.
_TOLD_APART = {"ratio": "size", "duration": "seconds"}

# How the places of pictures may go together: what is refused, and why.
_PICTURES: dict[str, tuple[Callable[[set[str | None]], bool], str]] = {
    "unmixed": (
        lambda places: None in places and len(places) > 1,
        "mixes pictures with a `position` (first and last frames) and pictures without (reference "
        "pictures); {model} takes the one or the other",
    ),
    "led": (
        lambda places: places == {"last"},
        "has only a last frame; {model} needs a first frame with it",
    ),
}


def apply_rules(builder: BodyBuilder, roles: Mapping[str, ClientField]) -> None:
    """Refuses what a rule forbids, and notes what we must not add ourselves."""
    sized = {wire: roles[role] for wire, role in _TOLD_APART.items() if role in roles}
    for rule in builder.row.rules:
        if not _holds(rule, builder):
            continue
        because = _condition(rule, builder)
        _refuse_fields(rule, builder, sized, because)
        _refuse_missing(rule, builder, because)
        _refuse_values(rule, builder, because)
        for wire, value in rule.fixed.items():
            field = sized.get(wire)
            if field is not None and asked_seconds(field) != value:
                raise bad_request(f"`{field.name}` must be `{value}`{because}, or be left out.", field.name)
            builder.body[wire] = value
        builder.closed |= set(rule.without)
        builder.asked_only |= set(rule.asked_only)


def may_add(builder: BodyBuilder, wire: str) -> bool:
    return builder.closed.isdisjoint((wire, _ALL))


def _holds(rule: Rule, builder: BodyBuilder) -> bool:
    return all(
        wire in builder.body and (value is None or builder.body[wire] == value)
        for wire, value in rule.when.items()
    )


def _condition(rule: Rule, builder: BodyBuilder) -> str:
    parts = [
        f"`{builder.names[wire]}`" + (f" `{value}`" if value else "") for wire, value in rule.when.items()
    ]
    return f" with {' and '.join(parts)} of {builder.model}" if parts else f" to {builder.model}"


def _refuse_fields(rule: Rule, builder: BodyBuilder, sized: Mapping[str, ClientField], because: str) -> None:
    """Fields that exclude each other."""
    present = {wire: builder.names[wire] for wire in builder.body}
    present |= {wire: field.name for wire, field in sized.items()}
    for wire, name in present.items():
        if wire in rule.without or (_ALL in rule.without and wire not in rule.when):
            raise bad_request(f"`{name}` cannot be given{because}.", name)


def _refuse_missing(rule: Rule, builder: BodyBuilder, because: str) -> None:
    """Fields that another one needs."""
    for wire in rule.needs:
        if wire not in builder.body:
            name = client_param([wire])
            raise bad_request(f"`{name}` must be given{because}.", name, MISSING)
    if rule.one_of and not any(wire in builder.body for wire in rule.one_of):
        names = [client_param([wire]) for wire in rule.one_of]
        start = "One of " if len(names) > 1 else ""
        raise bad_request(f"{start}{_backquoted(names)} must be given{because}.", names[0], MISSING)


def _refuse_values(rule: Rule, builder: BodyBuilder, because: str) -> None:
    """Values that do not go together."""
    for wire, values in rule.among.items():
        if builder.body.get(wire) not in values:
            name = client_param([wire])
            raise bad_request(f"`{name}` must be {_backquoted(values, ' or ')}{because}.", name)
    if rule.pictures and builder.row.picture:
        wrong, why = _PICTURES[rule.pictures]
        if wrong(_picture_positions(builder.body[builder.row.picture])):
            name = builder.names[builder.row.picture]
            raise bad_request(f"`{name}` {why.format(model=builder.model)}.", name)
    if rule.segments and (total := of_segments(builder.body)) is not None:
        least, most = rule.segments
        if not least <= total <= most:
            name = f"{builder.names['providerSettings']}.multi_prompt"
            raise bad_request(
                f"The segments of `{name}` are {total} seconds long together; {builder.model} takes "
                f"{least} to {most}.",
                name,
            )


def _picture_positions(pictures: Any) -> set[str | None]:
    """The places of all pictures of a body; None for a picture without one."""
    items = pictures if isinstance(pictures, list) else [pictures]
    return {item.get("position") if isinstance(item, dict) else None for item in items}


def _backquoted(names: Iterable[str], joint: str = ", ") -> str:
    return joint.join(f"`{name}`" for name in names)
