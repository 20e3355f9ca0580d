"""`seconds`: from the client's word to the model's `duration`, and the defaults."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runway_videos.catalog import Durations
from runway_videos.errors import bad_request
from runway_videos.translate.coerce import retyped
from runway_videos.translate.describe import quoted_value
from runway_videos.translate.field_names import ClientField

_SORA = 4  # OpenAI's default
_RUNWAY = 2  # the guide's default
_LONGEST = 3600  # where no limit is known: more is a slip, and the number is sealed into the id
_AUTO = "auto"


def asked_seconds(field: ClientField) -> int | str:
    """A whole number from 1, or the word `auto`."""
    value = field.value
    if isinstance(value, str) and value.strip().lower() == _AUTO:
        return _AUTO
    whole = retyped(value, {"type": "integer"})
    if isinstance(whole, int) and 1 <= whole <= _LONGEST:
        return whole
    raise bad_request(
        f"`{field.name}` must be a whole number of seconds from 1 to {_LONGEST}, such as 4, "
        f"not {quoted_value(value)}.",
        field.name,
    )


def choose_duration(
    durations: Durations, field: ClientField | None, sora: bool, model: str, source: int | None = None
) -> int | str:
    """What to send as `duration`. ApiError 400 with the model's durations."""
    if field is None:
        return default(durations, sora, source)
    asked = asked_seconds(field)
    if sora and durations.auto:
        # OpenAI's answers have a number: strict clients raise at another word, after it was paid.
        durations = msgspec.structs.replace(durations, auto=False)
    if _allowed(durations, asked):
        return asked
    raise bad_request(f"`{field.name}` is {asked}; {model} makes videos of {_listed(durations)}.", field.name)


def default(durations: Durations, sora: bool, source: int | None = None) -> int:
    """OpenAI's 4 s or the nearest longer that the model has; the guide's 2 s or its shortest.

    `source`: the length of the video that this one is made from, which goes before.
    """
    if durations.assumed is not None and not sora and source is None:
        return durations.assumed
    wanted = source or usual(sora)
    if durations.values:
        longer = [value for value in durations.values if value >= wanted]
        return min(longer, default=max(durations.values))
    most = durations.max or _LONGEST
    return min(max(wanted, durations.min), most)


def usual(sora: bool) -> int:
    """What an answer says where neither the client nor the model says anything."""
    return _SORA if sora else _RUNWAY


def of_segments(body: Mapping[str, object]) -> int | None:
    """The length of a video that is told in segments (`provider_settings.multi_prompt`).

    They bring their own durations; a default beside them could only contradict.
    """
    settings = body.get("providerSettings")
    segments = settings.get("multiPrompt") if isinstance(settings, dict) else None
    if not isinstance(segments, list) or not segments:
        return None
    return sum(int(segment["duration"]) for segment in segments)


def _allowed(durations: Durations, asked: int | str) -> bool:
    if isinstance(asked, str):
        return durations.auto
    if durations.advisory:
        return True
    if durations.values:
        return asked in durations.values
    return durations.min <= asked <= (durations.max or _LONGEST)


def _listed(durations: Durations) -> str:
    if durations.values:
        text = " or ".join(map(str, durations.values)) + " seconds"
    elif durations.max is None:
        text = f"at least {durations.min} seconds"
    else:
        text = f"{'about ' * durations.advisory}{durations.min} to {durations.max} seconds"
    return text + (", or `auto`" if durations.auto else "")
