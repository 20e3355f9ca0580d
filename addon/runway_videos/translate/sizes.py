"""`size`: from the client's `WxH` to the way in which a model wants to be told, and back.

Per model there is a list of options: what to send, and the frame that comes out of it. Some
options have no shape of their own, because the video keeps the shape of its input; they take the
shape that was asked for, which is the best guess at what will be made. Where there is no input
either (h3_max from words alone), the answer says the usual landscape shape: a portrait that is
not asked for on the wire must not be claimed. It is no refusal: no source says what Runway makes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from runway_videos.catalog import Size
from runway_videos.errors import ApiError, bad_request
from runway_videos.request_body import Value
from runway_videos.translate.describe import quoted_value
from runway_videos.translate.field_names import ClientField

SORA = (720, 1280)  # OpenAI's default
RUNWAY = (1280, 720)  # the guide's default
AUTO = "auto"
ADAPTIVE = "adaptive"  # the same as a `ratio`, of the models that have the word
TOLERANCE = 0.05  # how far the shape may differ from what was asked
WRITTEN = re.compile(r"\s*([1-9]\d{0,4})\s*[xX×*:]\s*([1-9]\d{0,4})\s*", re.ASCII)
_SMALLEST = 64  # below it, `16:9` is a shape and not a frame
_NAMED_TIERS = {"2k": 1440, "4k": 2160}  # lines of the short side

_Frame = tuple[int, int]


class Option(msgspec.Struct, frozen=True):
    """One thing to send, and the frame it makes. `short`: no shape of its own, only a short side.

    `chosen` False: legal, sent only when the client names it.
    """

    wire: dict[str, str]
    frame: _Frame | None = None
    short: int = 0
    chosen: bool = True

    def made(self, asked: _Frame) -> _Frame:
        return self.frame or scaled(asked, self.short)


class Choice(msgspec.Struct, frozen=True):
    """What to send, and the frame that it makes. `shaped`: what is sent tells the shape too, and so
    the frame is sure."""

    wire: dict[str, str]
    frame: _Frame
    shaped: bool = True


def size_text(frame: _Frame) -> str:
    return f"{frame[0]}x{frame[1]}"


def read_size(value: Value) -> _Frame | None:
    """`1280x720` as numbers; None when it is not a size in pixels."""
    match = WRITTEN.fullmatch(value) if isinstance(value, str) else None
    frame = (int(match[1]), int(match[2])) if match else None
    return frame if frame and min(frame) >= _SMALLEST else None


def is_auto(field: ClientField | None) -> bool:
    """Whether the client leaves the size to the model."""
    return field is not None and isinstance(field.value, str) and field.value.strip().lower() == AUTO


def asked_size(field: ClientField | None) -> _Frame | None:
    """The size that the client names, None where it names none or `auto`. ApiError for what is none."""
    if field is None or is_auto(field):
        return None
    if frame := read_size(field.value):
        return frame
    raise bad_request(
        f"`{field.name}` must be width x height in pixels, such as 1280x720, "
        f"not {quoted_value(field.value)}.",
        field.name,
    )


def is_smaller(made: _Frame, asked: _Frame | None) -> bool:
    """Whether a frame has clearly fewer pixels than the client asked for."""
    return asked is not None and made[0] * made[1] < asked[0] * asked[1] * (1 - TOLERANCE)


@lru_cache(maxsize=256)  # of the catalog's rows there are fewer
def _options(size: Size, placed: bool) -> tuple[Option, ...]:
    """All that can be said to the model. `placed`: a picture is given with a position."""
    auto = tuple(Option({"ratio": word}, short=lines(word)) for word in size.auto)
    match size.how:
        case "ratio" if size.frames_need_auto and placed:
            return auto
        case "ratio":
            exact = (Option({"ratio": value}, _parts(value)) for value in size.values)
            return (*exact, *(msgspec.structs.replace(option, chosen=False) for option in auto))
        case "aspect":
            return tuple(
                Option({"ratio": value, "resolution": tier}, scaled(_parts(value), lines(tier)))
                for tier in size.tiers
                for value in size.values
            )
        case "resolution":
            return tuple(Option({"resolution": tier}, short=lines(tier)) for tier in size.tiers)
        case "auto":
            return auto
        case _:
            return ()


def choose_size(
    size: Size,
    field: ClientField | None,
    default: _Frame,
    pinned: Mapping[str, str],
    placed: bool,
    model: str,
) -> Choice:
    """What to send and what will be made.

    `pinned`: `ratio` and `resolution` as the client sent them itself, already checked against the
    model's schema; they are sent on as they are. Without a size and without those, the default
    or, where nothing comes near it, the model's first landscape size. `auto`: what has no shape of
    its own, where the model has such a thing.
    """
    asked, auto = asked_size(field), is_auto(field) and "ratio" not in pinned
    everything = _options(size, placed)
    able = [option for option in everything if _agrees(option, pinned)]
    if auto:
        able = [option for option in able if option.frame is None]
        if everything and not able:
            raise _no_auto(everything, field, model)
    elif not pinned:
        able = [option for option in able if option.chosen]
    elif everything and not able:
        able = _sizes_without_ratio(everything, pinned)
        if size.frames_need_auto and placed:
            raise bad_request(
                f"`ratio` must be one of {', '.join(size.auto)} when {model} is given a first or "
                "last frame: the video takes the picture's shape.",
                "ratio",
            )
    wanted = asked or default
    if not able:
        told = read_size(pinned.get("ratio"))
        return Choice(dict(pinned), told or wanted, shaped=told is not None)
    near = [option for option in able if _fits(option.made(wanted), wanted)]
    if not near and field is not None and asked is not None:
        sizes = ", ".join(dict.fromkeys(size_text(option.made(wanted)) for option in able))
        raise bad_request(
            f"{model} has no size near {size_text(wanted)}: `{field.name}` may be {sizes}, or what has "
            f"nearly the shape of one of these (within {TOLERANCE:.0%}).",
            field.name,
        )
    if not near:
        wide = [option for option in able if option.made(wanted)[0] > option.made(wanted)[1]]
        near = able if pinned else wide[:1] or able[:1]
    best = min(near, key=lambda option: _distance(option.made(wanted), wanted))
    return Choice({**best.wire, **pinned}, best.made(wanted), shaped=best.frame is not None)


def _no_auto(options: Iterable[Option], field: ClientField | None, model: str) -> ApiError:
    sizes = ", ".join(dict.fromkeys(size_text(option.frame) for option in options if option.frame))
    name = field.name if field else "size"
    return bad_request(f"`{name}` cannot be `auto`: {model} makes {sizes}.", name)


def usual_shape(frame: _Frame) -> _Frame:
    """A frame with the same short side in the guide's shape."""
    return scaled(RUNWAY, min(frame))


def _agrees(option: Option, pinned: Mapping[str, str]) -> bool:
    # Without regard to case: "768P" is the old spelling of "768p".
    return all(option.wire.get(name, "").lower() == value.lower() for name, value in pinned.items())


def _sizes_without_ratio(everything: Iterable[Option], pinned: Mapping[str, str]) -> list[Option]:
    """Options for a ratio that has no frame of its own, such as `adaptive`."""
    tiers = {
        option.wire["resolution"]: Option(
            {"resolution": option.wire["resolution"]}, short=lines(option.wire["resolution"])
        )
        for option in everything
        if "resolution" in option.wire
    }
    rest = {name: value for name, value in pinned.items() if name != "ratio"}
    return [option for option in tiers.values() if _agrees(option, rest)]


def _fits(made: _Frame, wanted: _Frame) -> bool:
    """The same orientation (a square has none) and nearly the same shape."""
    lying = (made[0] > made[1]) - (made[0] < made[1])
    asked = (wanted[0] > wanted[1]) - (wanted[0] < wanted[1])
    shape, target = made[0] / made[1], wanted[0] / wanted[1]
    return lying * asked >= 0 and abs(shape - target) <= TOLERANCE * target


def _distance(made: _Frame, wanted: _Frame) -> tuple[float, float, int]:
    """Exact first, then the nearest area, then the nearest shape, then the smaller."""
    area, target = made[0] * made[1], wanted[0] * wanted[1]
    return abs(area - target), abs(made[0] / made[1] - wanted[0] / wanted[1]), area


def _parts(ratio: str) -> _Frame:
    width, height = ratio.split(":")
    return int(width), int(height)


def lines(tier: str) -> int:
    """`720p`, `auto_720p`, `2k` → the short side in pixels."""
    name = tier.removeprefix("auto_").lower()
    return _NAMED_TIERS.get(name) or int(name.removesuffix("p"))


def scaled(shape: _Frame, short: int) -> _Frame:
    """The shape with this short side; both sides even, as video needs them."""
    factor = short / min(shape)
    width, height = (2 * round(side * factor / 2) for side in shape)
    return width, height
