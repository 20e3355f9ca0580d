"""A file's bytes as numbers: what some clients make of a Buffer or an array that is given as a file."""

from __future__ import annotations

from runway_videos.errors import bad_request
from runway_videos.request_body import Value
from runway_videos.translate.field_names import ClientField


def refuse_raw_bytes(field: ClientField) -> None:
    """Raises ApiError 400 naming the field where it holds a list of numbers.

    Seen of Node: `input_reference[0]=137&input_reference[1]=80…` in a form, `{"type": "Buffer",
    "data": […]}` or `{"0": 137, …}` in JSON.
    """
    value = field.value
    if isinstance(value, dict) and value.get("type") == "Buffer":
        value = value.get("data")
    elif isinstance(value, dict) and all(name.isdecimal() for name in value):
        value = list(value.values())
    if isinstance(value, list) and value and all(_is_byte(item) for item in value):
        raise bad_request(
            f"`{field.name}` holds {len(value)} numbers, a file's bytes one by one. Send it as a file (in "
            "Node: `await toFile(buffer, 'picture.png')`, in Python: a tuple of name and bytes), an https "
            "URL or a data URI.",
            field.name,
        )


def _is_byte(value: Value) -> bool:
    if isinstance(value, str):
        return len(value) <= 3 and value.isdecimal() and value.isascii() and int(value) < 256
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 256
