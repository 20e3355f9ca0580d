"""Headers read from the raw fields, in one pass: mitmproxy's own look-ups convert every name each time."""

from __future__ import annotations

from runway_videos.openai.caller_tokens import HeaderFields


def lower_names(fields: HeaderFields) -> dict[str, str]:
    """Headers by lower-case name, repeated ones joined."""
    found: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name = raw_name.decode("utf-8", "surrogateescape").lower()
        value = raw_value.decode("utf-8", "surrogateescape")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def value_of(fields: HeaderFields, name: bytes) -> str | None:
    """What one header says, repeated ones joined; None where it is not there. `name` is in lower case."""
    # A list: for a few fields a generator takes longer.
    values = [value for each, value in fields if each.lower() == name]
    return b", ".join(values).decode("utf-8", "surrogateescape") if values else None
