"""The client's names of fields and Runway's.

Clients write snake_case or camelCase; Runway's names are mostly camelCase. Both are compared
without case and underscores. A few fields have a name of their own in OpenAI's API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set

import msgspec

from runway_videos import catalog
from runway_videos.errors import bad_request
from runway_videos.request_body import Upload, Value

# Runway's name → the client's; those of pictures and videos are found by the catalog.
_PARAMS = {
    "promptText": "prompt",
    "ratio": "size",
    "duration": "seconds",
}

# A part that a field plays, whatever the model calls it ← the names that clients use for it.
ROLES = {
    "prompt": ("prompt", "prompt_text"),
    "picture": ("input_reference", "prompt_image", "image", "images", "image_url", "first_frame"),
    "last_frame": ("last_frame",),
    "video": ("video_uri", "video", "prompt_video"),
    "seconds": ("seconds", "duration"),
    "size": ("size",),
    "references": ("references",),
    "more_references": ("reference_images",),
}

#: Those that bring a file.
FILE_ROLES = frozenset(("picture", "last_frame", "video", "references", "more_references"))

# Names under which a list is a list of Runway's own; under the others one picture is plain.
RUNWAY_PICTURES = ("inputreference", "promptimage")

# What OpenAI clients send out of habit and no video needs. `n` is one of them as long as it is 1.
IGNORED_FIELDS = frozenset(("user", "metadata", "n", "quality"))

# These too are left out for a model whose fields are known and that has no such field. A model
# that is not known may well have a `style`.
IGNORED_FOR_KNOWN_MODELS = IGNORED_FIELDS | frozenset(
    (
        "style",
        "background",
        "response_format",
        "stream",
        "store",
        "service_tier",
        "safety_identifier",
        "prompt_cache_key",
    )
)


class ClientField(msgspec.Struct, frozen=True):
    """A field as the client sent it, under the client's own name."""

    name: str
    value: Value


def is_ignored(field: ClientField, habits: Set[str]) -> bool:
    """A field to leave out; never one with a file. ApiError 400 for an `n` that asks for more videos
    than one."""
    if field.name == "n" and str(field.value).strip() not in ("1", "1.0"):
        raise bad_request("`n` must be 1: a create makes one video.", "n")
    return field.name in habits and not _carries_file(field.value)


def _carries_file(value: Value) -> bool:
    if isinstance(value, dict | list):
        return any(_carries_file(item) for item in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, Upload) or (isinstance(value, str) and value[:5].lower() == "data:")


def plain(name: str) -> str:
    return name.replace("_", "").lower()


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: "_" + match[1].lower(), name)


def camel(name: str) -> str:
    return re.sub(r"(?<=[A-Za-z0-9])_([a-z0-9])", lambda match: match[1].upper(), name)


_ROLE_OF = {plain(name): role for role, names in ROLES.items() for name in names}


def _role_of(name: str) -> str | None:
    return _ROLE_OF.get(plain(name))


def wire_name(name: str, fields: Iterable[str]) -> str | None:
    """The one of `fields` that a client means by `name`."""
    wanted = plain(name)
    return next((wire for wire in fields if plain(wire) == wanted), None)


def client_param(wire_path: Sequence[str | int]) -> str:
    """Runway's path of a field, such as an issue's `path`, as the client's own parameter.

    `("promptImage", 0, "uri")` → `input_reference[0].uri`
    """
    text = ""
    for depth, step in enumerate(wire_path):
        if isinstance(step, int):
            text += f"[{step}]"
        elif depth == 0:
            carries = catalog.load().input_fields.get(step)
            text = ROLES[carries][0] if carries else _PARAMS.get(step) or snake(step)
        else:
            text += f".{snake(step)}"
    return text


def sort_fields(values: Mapping[str, Value]) -> tuple[dict[str, ClientField], list[ClientField]]:
    """Fields by their role, and the rest. What is empty counts as not given, as in a form."""
    roles: dict[str, ClientField] = {}
    rest: list[ClientField] = []
    for name, value in values.items():
        if name == "model" or value is None or value in ("", [], {}):
            continue
        role = _role_of(name)
        if role is None:
            rest.append(ClientField(name, value))
        elif role not in roles or roles[role].value == value:
            roles[role] = ClientField(name, value)
        else:
            raise bad_request(
                f"`{roles[role].name}` and `{name}` are two names for one field: send one.", name
            )
    return roles, rest
