"""Rules between the fields of one model, as the catalog has them (`Rule`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runway_videos.catalog import Rule
from runway_videos.errors import bad_request
from runway_videos.translate.field_names import Given, client_param
from runway_videos.translate.seconds import asked_seconds, of_segments
from runway_videos.translate.task_body import Draft

ALL = "*"

# Fields that are put into the body only after the rules, and the role that asks for them.
TOLD_APART = {"ratio": "size", "duration": "seconds"}

# How the places of pictures may go together: what is refused, and why.
PICTURES: dict[str, tuple[Callable[[set[str | None]], bool], str]] = {
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


def apply_rules(draft: Draft, roles: Mapping[str, Given]) -> None:
    """Refuses what a rule forbids, and notes what we must not add ourselves."""
    sized = {wire: roles[role] for wire, role in TOLD_APART.items() if role in roles}
    for rule in draft.row.rules:
        if not holds(rule, draft):
            continue
        because = condition(rule, draft)
        refuse_fields(rule, draft, sized, because)
        refuse_missing(rule, draft, because)
        refuse_values(rule, draft, because)
        for wire, value in rule.fixed.items():
            given = sized.get(wire)
            if given is not None and asked_seconds(given) != value:
                raise bad_request(f"`{given.name}` must be `{value}`{because}, or be left out.", given.name)
            draft.body[wire] = value
        draft.closed |= {ALL} if rule.only else set(rule.without)
        draft.asked_only |= set(rule.asked_only)


def may_add(draft: Draft, wire: str) -> bool:
    return draft.closed.isdisjoint((wire, ALL))


def holds(rule: Rule, draft: Draft) -> bool:
    return all(
        wire in draft.body and (value is None or draft.body[wire] == value)
        for wire, value in rule.when.items()
    )


def condition(rule: Rule, draft: Draft) -> str:
    parts = [f"`{draft.names[wire]}`" + (f" `{value}`" if value else "") for wire, value in rule.when.items()]
    return f" with {' and '.join(parts)} of {draft.model}" if parts else f" to {draft.model}"


def refuse_fields(rule: Rule, draft: Draft, sized: Mapping[str, Given], because: str) -> None:
    """Fields that exclude each other."""
    present = {wire: draft.names[wire] for wire in draft.body}
    present |= {wire: given.name for wire, given in sized.items()}
    for wire, name in present.items():
        if wire in rule.without or (rule.only and wire not in rule.only):
            raise bad_request(f"`{name}` cannot be given{because}.", name)


def refuse_missing(rule: Rule, draft: Draft, because: str) -> None:
    """Fields that another one needs."""
    for wire in rule.needs:
        if wire not in draft.body:
            name = client_param([wire])
            raise bad_request(f"`{name}` must be given{because}.", name)
    if rule.one_of and not any(wire in draft.body for wire in rule.one_of):
        names = [client_param([wire]) for wire in rule.one_of]
        start = "One of " if len(names) > 1 else ""
        raise bad_request(f"{start}{quoted(names)} must be given{because}.", names[0])


def refuse_values(rule: Rule, draft: Draft, because: str) -> None:
    """Values that do not go together."""
    for wire, values in rule.among.items():
        if draft.body.get(wire) not in values:
            name = client_param([wire])
            raise bad_request(f"`{name}` must be {quoted(values, ' or ')}{because}.", name)
    if rule.pictures and draft.row.picture:
        wrong, why = PICTURES[rule.pictures]
        if wrong(positions(draft.body[draft.row.picture])):
            name = draft.names[draft.row.picture]
            raise bad_request(f"`{name}` {why.format(model=draft.model)}.", name)
    if rule.segments and (total := of_segments(draft.body)) is not None:
        least, most = rule.segments
        if not least <= total <= most:
            name = f"{draft.names['providerSettings']}.multi_prompt"
            raise bad_request(
                f"The segments of `{name}` are {total} seconds long together; {draft.model} takes "
                f"{least} to {most}.",
                name,
            )


def positions(pictures: Any) -> set[str | None]:
    """The places of all pictures of a body; None for a picture without one."""
    items = pictures if isinstance(pictures, list) else [pictures]
    return {item.get("position") if isinstance(item, dict) else None for item in items}


def quoted(names: Iterable[str], joint: str = ", ") -> str:
    return joint.join(f"`{name}`" for name in names)
