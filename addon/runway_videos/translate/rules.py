"""Rules between the fields of one model, as the catalog has them (`Rule`)."""

from __future__ import annotations

from runway_videos.catalog import Rule
from runway_videos.errors import bad_request
from runway_videos.translate.draft import Draft
from runway_videos.translate.names import Given, client_param
from runway_videos.translate.seconds import asked_seconds

ALL = "*"


def apply_rules(draft: Draft, roles: dict[str, Given]) -> None:
    """Refuses what a rule forbids, and notes what we must not add ourselves."""
    sized = {wire: roles[role] for wire, role in TOLD_APART.items() if role in roles}
    for rule in draft.row.rules:
        if not holds(rule, draft):
            continue
        because = condition(rule, draft)
        present = {wire: draft.names[wire] for wire in draft.body}
        present |= {wire: given.name for wire, given in sized.items()}
        for wire, name in present.items():
            if wire in rule.without or (rule.only and wire not in rule.only):
                raise bad_request(f"`{name}` cannot be given{because}.", name)
        for wire in rule.needs:
            if wire not in draft.body:
                name = client_param([wire])
                raise bad_request(f"`{name}` must be given{because}.", name)
        if rule.one_of and not any(wire in draft.body for wire in rule.one_of):
            names = [client_param([wire]) for wire in rule.one_of]
            listed = ", ".join(f"`{name}`" for name in names)
            raise bad_request(f"One of {listed} must be given to {draft.model}.", names[0])
        for wire, value in rule.fixed.items():
            given = sized.get(wire)
            if given is not None and asked_seconds(given) != value:
                raise bad_request(f"`{given.name}` must be `{value}`{because}, or be left out.", given.name)
            draft.body[wire] = value
        draft.closed |= {ALL} if rule.only else set(rule.without)


# Fields that are put into the body only after the rules, and the role that asks for them.
TOLD_APART = {"ratio": "size", "duration": "seconds"}


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
