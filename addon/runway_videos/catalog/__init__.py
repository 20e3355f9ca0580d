"""What each Runway model takes, per mode: the reader of `catalog.json`.

The data is generated from Runway's own SDK (`generate.py`). Nothing here is code per model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent

# A JSON Schema subset: type, properties, required, items, enum, const, anyOf, minimum, maximum,
# minLength, maxLength, minItems, maxItems. Beyond it: `media` (a string that carries a picture,
# video or sound), `open` (an object whose further keys are not known), `deprecated` (enum values
# that are legal and that we never choose).
Schema = dict[str, Any]


class Size(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a model is told the frame size.

    `how`: `ratio` (pixels `W:H` in `values`), `aspect` (a name such as `16:9` from `values` in
    `ratio`, and a tier in `resolution`), `resolution` (a tier alone), `auto` (`auto_720p` and the
    like in `ratio`), `none`. `frames_need_auto`: pictures with a `position` allow only `auto` values.
    """

    how: str
    values: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    auto: tuple[str, ...] = ()
    frames_need_auto: bool = False


class Durations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Legal seconds: either `values`, or `min` to `max`.

    `max` None: no figure is published; then `assumed` is the default rather than the shortest.
    `advisory`: `min` and `max` come from no schema; they guide the default and refuse nothing.
    `auto`: the model also takes the word `auto`.
    """

    values: tuple[int, ...] = ()
    min: int = 1
    max: int | None = None
    assumed: int | None = None
    advisory: bool = False
    auto: bool = False


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one field asks of the others; wire names.

    `when`: fields that are there (value None) or have a value; empty: always. `without`: none of
    these may be given, "*" for no other one; `needs`: all of these; `one_of`: at least one;
    `fixed`: a field that then has this value. `among`: a field that must be there, with one of
    these values. `asked_only`: sent when the client says it, never as a default of ours.
    `pictures`: `unmixed` (all of them have a position or none has) or `led` (no last frame without
    a first). `segments`: least and most seconds of `providerSettings.multiPrompt` together.
    """

    when: dict[str, str | None] = {}
    without: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    fixed: dict[str, str] = {}
    among: dict[str, tuple[str, ...]] = {}
    asked_only: tuple[str, ...] = ()
    pictures: str = ""
    segments: tuple[int, int] | None = None


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model in one mode. `picture` and `video` are the wire fields that carry them."""

    schema: Schema
    size: Size
    picture: str | None = None
    video: str | None = None
    durations: Durations | None = None
    rules: tuple[Rule, ...] = ()

    @property
    def fields(self) -> dict[str, Schema]:
        """Wire name → schema of the value."""
        properties: dict[str, Schema] = self.schema["properties"]
        return properties

    @property
    def own_modes(self) -> tuple[str, ...]:
        """The values of the model's own field `mode`: how it uses a video."""
        return tuple(self.fields.get("mode", {}).get("enum", ()))

    @property
    def required(self) -> list[str]:
        required: list[str] = self.schema["required"]
        return required


class Removed(msgspec.Struct, frozen=True):
    """A model that Runway took away and that guides still name."""

    when: str
    successor: str


class Catalog(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """All rows; `generated` is the date of the last change, `sdk` the SDK that it was made from."""

    generated: str
    sdk: str
    openapi: str
    media: dict[str, str]
    modes: dict[str, dict[str, Row]]
    removed: dict[str, Removed] = {}

    @cached_property
    def names(self) -> frozenset[str]:
        """Every wire name that occurs anywhere, also deep inside: not all are camelCase."""
        rows = (row for models in self.modes.values() for row in models.values())
        return frozenset(name for row in rows for name in _names_in(row.schema))

    @cached_property
    def inputs(self) -> dict[str, str]:
        """Mode → what it is made from: "picture", "video", or "" for words alone."""
        return {mode: _input_of(rows.values()) for mode, rows in self.modes.items()}

    @cached_property
    def input_fields(self) -> dict[str, str]:
        """Wire field → what it carries, "picture" or "video"."""
        rows = [row for models in self.modes.values() for row in models.values()]
        pictures = {row.picture: "picture" for row in rows if row.picture}
        return pictures | {row.video: "video" for row in rows if row.video}

    def mode_of(self, given: str) -> str:
        """The mode that is made from `given`: "picture", "video" or ""."""
        return next(mode for mode, kind in self.inputs.items() if kind == given)

    def row(self, mode: str, model: str) -> Row | None:
        return self.modes.get(mode, {}).get(model)

    def models(self) -> tuple[str, ...]:
        """Every model once, in Runway's order."""
        return tuple(dict.fromkeys(model for rows in self.modes.values() for model in rows))

    def modes_of(self, model: str) -> tuple[str, ...]:
        return tuple(mode for mode, rows in self.modes.items() if model in rows)

    def models_that_extend(self) -> tuple[str, ...]:
        """Models that go on after a video's end: their field `mode` says so."""
        rows = self.modes[self.mode_of("video")]
        return tuple(model for model, row in rows.items() if "extend" in row.own_modes)

    def models_with(self, mode: str) -> tuple[str, ...]:
        return tuple(self.modes.get(mode, {}))


def _input_of(rows: Iterable[Row]) -> str:
    parts = {"video" if row.video else "picture" if row.picture else "" for row in rows}
    return next(iter(parts)) if len(parts) == 1 else ""


def _names_in(schema: Schema) -> Iterator[str]:
    properties: dict[str, Schema] = schema.get("properties", {})
    yield from properties
    items = [schema["items"]] if "items" in schema else []
    for child in (*properties.values(), *schema.get("anyOf", ()), *items):
        yield from _names_in(child)


@cache
def load() -> Catalog:
    """The catalog beside this file."""
    catalog = msgspec.json.decode((HERE / "catalog.json").read_bytes(), type=Catalog)
    removed = msgspec.json.decode((HERE / "removed.json").read_bytes(), type=dict[str, Removed])
    return msgspec.structs.replace(catalog, removed=removed)
