"""What an answer says of a video's size, and what is made.

Code that was written for Sora checks what it gets: for a Sora name the answer says what was asked
for, one of OpenAI's own sizes, also where the model makes the nearest that it has. For all other
names it says what is made.
"""

from __future__ import annotations

import msgspec

from runway_videos.catalog import Size
from runway_videos.errors import bad_request
from runway_videos.translate.field_names import ClientField
from runway_videos.translate.model_names import Resolved
from runway_videos.translate.sizes import Choice, asked_size, is_smaller, size_text

# What OpenAI had, by Sora's names; 1080p since March 2026, for the larger model.
_SIZES = ((720, 1280), (1280, 720), (1024, 1792), (1792, 1024))
_PRO_SIZES = (*_SIZES, (1080, 1920), (1920, 1080))


class Framing(msgspec.Struct, frozen=True):
    """Sizes as `1280x720`; see `Plan` for the names."""

    size: str
    made_size: str
    asked_size: str
    smaller: bool


def framing_of(
    resolved: Resolved, field: ClientField | None, choice: Choice, default: tuple[int, int] | None, size: Size
) -> Framing:
    """The sizes of a create. ApiError 400 for one that neither OpenAI nor the model has.

    `default`: what was meant where `field` names none; None where other fields tell the size.
    """
    asked, made = asked_size(field), size_text(choice.frame)
    answer = made
    if resolved.sora:
        exact = choice.shaped and choice.frame == asked
        if field is not None and asked is not None and asked not in _openai_sizes(resolved) and not exact:
            raise bad_request(
                f"`{field.name}` may be {', '.join(map(size_text, _openai_sizes(resolved)))}, or exactly "
                f"one that {resolved.model} has, not {size_text(asked)}.{_own_sizes(size, resolved.model)}",
                field.name,
            )
        answer = size_text(asked or default or choice.frame)
    told = answer if resolved.sora else size_text(asked) if asked else made
    sure = choice.shaped or not resolved.sora
    return Framing(
        size=answer,
        made_size=made if choice.shaped else "",
        asked_size=told if sure and told != made else "",
        smaller=is_smaller(choice.frame, asked or default),
    )


def _openai_sizes(resolved: Resolved) -> tuple[tuple[int, int], ...]:
    return _PRO_SIZES if resolved.bare.startswith("sora-2-pro") else _SIZES


def _own_sizes(size: Size, model: str) -> str:
    values = ", ".join(value.replace(":", "x") for value in size.values) if size.how == "ratio" else ""
    return f" {model} has {values}." if values else ""
