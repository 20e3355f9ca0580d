"""A Runway task call that is ready to be sent, but for the files that must be uploaded first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import msgspec

from runway_videos.media import Media, TaskOutput, data_uri


class TaskCall(msgspec.Struct, frozen=True, dict=True):
    """`POST path` with `body` under wire names; `Media` and `TaskOutput` stand where a file belongs.

    `source_seconds`: the length of `output`, if there is one and it is known.
    """

    mode: str
    model: str
    body: dict[str, object]
    source_seconds: int | None = None

    @property
    def path(self) -> str:
        return f"/v1/{self.mode}"

    @cached_property
    def files(self) -> tuple[tuple[str, Media | TaskOutput], ...]:
        """The files of the body, each with where it stands ("/references/0/uri")."""
        return tuple(_files_in(self.body))

    @property
    def media(self) -> list[Media]:
        """The files that are too large for a data URI: each wants a `runway://` URI first."""
        return [file for _, file in self.files if isinstance(file, Media) and not file.fits_inline]

    @property
    def output(self) -> TaskOutput | None:
        """The video made earlier that this one is made from, if it is."""
        return next((file for _, file in self.files if isinstance(file, TaskOutput)), None)

    def render(self, uris: Mapping[int, str]) -> bytes:
        """The JSON to send. `uris`: `id(media)` of each of `self.media` → its `runway://` URI, and
        of `self.output` → its signed link."""
        return msgspec.json.encode({"model": self.model, **_in_place(self.body, uris)})


def _in_place(body: dict[str, object], uris: Mapping[int, str]) -> dict[str, object]:
    """The body with a data URI or another URI for each file."""

    def placed(value: object) -> object:
        if isinstance(value, TaskOutput):
            return uris[id(value)]
        if isinstance(value, Media):
            return data_uri(value) if value.fits_inline else uris[id(value)]
        if isinstance(value, dict):
            return {name: placed(item) for name, item in value.items()}
        return [placed(item) for item in value] if isinstance(value, list) else value

    return {name: placed(item) for name, item in body.items()}


def _files_in(value: object, path: str = "") -> Iterator[tuple[str, Media | TaskOutput]]:
    if isinstance(value, Media | TaskOutput):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _files_in(item, f"{path}/{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _files_in(item, f"{path}/{number}")


class Plan(msgspec.Struct, frozen=True):
    """A create, understood.

    `model` is the client's own word. `seconds` and `size` ("1280x720") are the answer's: what will be
    made, or what was asked where the model is not told; for a Sora name always what was asked.
    `ignored`: the client's fields that were left out. `made_size`: what will be made, "" where the
    model is not told. `asked_size`: the size that was asked for, where another is made. `smaller`:
    fewer pixels are made than were asked for. `preferred`: what would have been chosen with keys
    for all models, where it is another; a retry is told by it, so that a change of keys between
    two tries makes no second create.
    """

    call: TaskCall
    model: str
    seconds: str
    size: str
    prompt: str | None
    ignored: tuple[str, ...]
    made_size: str = ""
    asked_size: str = ""
    smaller: bool = False
    preferred: Plan | None = None
