"""JSON texts -> values, with messages that say where a text is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from runway_videos.errors import ApiError, bad_request
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.content_type import text_of
from runway_videos.request_body.fields import Upload, Value
from runway_videos.request_body.large_data_uris import take_out
from runway_videos.request_body.limits import DEPTH, INTEGERS

_BOM = b"\xef\xbb\xbf"
_AT_BYTE = re.compile(r" \(byte (\d+)\)$")
_HIGH_SURROGATE = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}")
_KINDS = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}


class NotJson(ValueError):
    """The text is not JSON. str() says what is wrong and where, and ends with a full stop."""


def read_json(body: bytes, budget: Budget, charset: str = "") -> dict[str, Value]:
    """A whole body, which must be one object. Raises ApiError 400."""
    try:
        value = parse_json(body.removeprefix(_BOM), budget, charset=charset)
    except NotJson as error:
        raise bad_request(f"The body is not valid JSON: {error}", code="invalid_json") from None
    if not isinstance(value, dict):
        kind = _KINDS.get(type(value), "a number")
        raise bad_request(
            f"The body is JSON, but {kind}. It must be an object such as "
            '{"model": "sora-2", "prompt": "…"}.',
            code="invalid_json",
        )
    return value


def parse_json(text: bytes, budget: Budget, param: str | None = None, charset: str = "") -> Value:
    """One JSON text, without the nulls of its objects; its large data URIs are files.

    Raises NotJson, and ApiError 400 (naming `param`, else the top-level key) for JSON that goes
    beyond the limits.
    """
    budget.spend_values(text, param)
    rest, files = take_out(text)
    budget.spend_text(len(rest), param)
    if charset and charset.lower() not in ("utf-8", "utf8"):
        text = rest = text_of(rest, charset, f"The field {param!r}" if param else "The body", param).encode()
    try:
        value = _decode(rest, text)
    except RecursionError:
        raise _too_deep(param) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotJson(_explain(text, error)) from None
    return _clean(value, 0, param, files)


def _decode(rest: bytes, text: bytes) -> Any:
    try:
        return msgspec.json.decode(rest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if rest is text:
            raise
    return msgspec.json.decode(text)  # for the place in what the client sent


def _clean(value: Any, depth: int, param: str | None, files: Mapping[str, Upload]) -> Value:
    if isinstance(value, dict | list) and depth >= DEPTH:
        raise _too_deep(param)
    if isinstance(value, dict):
        given = ((key, item) for key, item in value.items() if item is not None)
        return {key: _clean(item, depth + 1, param or key, files) for key, item in given}
    if isinstance(value, list):
        return [_clean(item, depth + 1, param, files) for item in value]
    if files and isinstance(value, str):
        return files.get(value, value)
    if isinstance(value, int) and value not in INTEGERS:
        raise bad_request("A whole number does not fit into 64 bits.", param)
    scalar: Value = value
    return scalar


def _too_deep(param: str | None) -> ApiError:
    return bad_request(f"The JSON is nested more than {DEPTH} levels deep.", param)


def _explain(text: bytes, error: Exception) -> str:
    """What and where, in the client's terms. Only run for a text that is refused."""
    if isinstance(error, UnicodeDecodeError):
        try:
            str(text, "utf-8")
        except UnicodeDecodeError as whole:  # msgspec's position is that within one string
            return f"not UTF-8 at {_place(text, whole.start)}."
    problem = str(error).removeprefix("JSON is malformed: ").partition(" - at `")[0]
    if "truncated" in problem:
        # At the very end, msgspec takes half of a surrogate pair for a cut text.
        half = text.endswith(b"}") and _HIGH_SURROGATE.search(text[-12:])
        return "half of a surrogate pair near its end." if half else "it ends too early."
    if at := _AT_BYTE.search(problem):
        what = "half of a surrogate pair" if "surrogate" in problem else problem[: at.start()]
        return f"{what} at {_place(text, int(at[1]))}."
    return f"{problem}."


def _place(text: bytes, at: int) -> str:
    line_start = text.rfind(b"\n", 0, at) + 1
    line = text.count(b"\n", 0, at) + 1
    return f"line {line}, column {at - line_start + 1}"
