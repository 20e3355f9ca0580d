"""Types rebuilt from text, and every kind of mismatch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.request_body.budget import Budget
from runway_videos.request_body.json_texts import parse_texts
from runway_videos.translate.coerce import coerce
from runway_videos.translate.describe import describe
from unit.translate.rows import CATALOG, PICTURE, ROWS, as_form, row_of

INTEGER = {"type": "integer", "minimum": 0, "maximum": 9}
NUMBER = {"type": "number", "minimum": 0, "maximum": 1}
FLAG = {"type": "boolean"}
DURATION = {"anyOf": [INTEGER, {"type": "string", "const": "auto"}]}


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        ("7", INTEGER, 7),
        (7.0, INTEGER, 7),
        ("7.0", INTEGER, 7),
        (" 7 ", INTEGER, 7),
        ("0", NUMBER, 0),
        ("0.5", NUMBER, 0.5),
        ("5e-1", NUMBER, 0.5),
        (1, NUMBER, 1),
        ("true", FLAG, True),
        ("False", FLAG, False),
        ("1", FLAG, True),
        (False, FLAG, False),
        ("auto", DURATION, "auto"),
        ("3", DURATION, 3),
        (422, {"type": "string", "enum": ["422", "4444"]}, "422"),
        ("text", {"type": "string"}, "text"),
        (["1", 2], {"type": "array", "items": INTEGER}, [1, 2]),
        ("4", {"type": "array", "items": INTEGER}, [4]),
        ({"a": "1"}, {"type": "object", "properties": {"a": INTEGER}}, {"a": 1}),
        ({"b_c": 1}, {"type": "object", "properties": {"bC": INTEGER}}, {"bC": 1}),
        ({"anyKey": {"x_y": "1"}}, {"type": "object", "open": True}, {"anyKey": {"x_y": "1"}}),
        (PICTURE, {"type": "string", "media": "image"}, PICTURE),
        ({"url": PICTURE}, {"type": "string", "media": "image"}, PICTURE),
        ({"image_url": {"url": PICTURE}}, {"type": "string", "media": "image"}, PICTURE),
    ],
)
def test_what_fits(value: Any, schema: dict[str, Any], expected: object) -> None:
    found = coerce(value, schema, "field")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (True, INTEGER),
        ("true", INTEGER),
        (7.5, INTEGER),
        ("7.5", INTEGER),
        (10, INTEGER),
        (-1, INTEGER),
        ("٣", INTEGER),
        ("9" * 5000, INTEGER),
        (2**60, {"type": "integer"}),
        (1.5, NUMBER),
        (float("nan"), NUMBER),
        ("nan", NUMBER),
        ("1e999", {"type": "number"}),
        ("yes", FLAG),
        (1, FLAG),
        (None, FLAG),
        (7, {"type": "string"}),
        ("x", {"type": "string", "enum": ["a", "b"]}),
        (["a"], {"type": "string", "enum": ["a", "b"]}),
        ("never", DURATION),
        ([3], DURATION),
        (5, {"type": "array", "items": INTEGER}),
        ("words", {"type": "object", "properties": {}}),
        ("[not json", {"type": "object", "properties": {}}),
        (5, {"type": "string", "media": "image"}),
        ("x", {"type": "string", "const": "y"}),
    ],
)
def test_what_does_not(value: Any, schema: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        coerce(value, schema, "field")
    assert (caught.value.status, caught.value.param) == (400, "field")
    assert "`field`" in caught.value.message
    assert len(caught.value.message) < 400


def test_parts_are_named_by_their_path() -> None:
    row = row_of("video_to_video", "aleph2")
    keyframes = row.fields["keyframes"]
    good = {"uri": PICTURE, "seconds": 1}
    for item, path in (
        ({**good, "range": {"start_seconds": 1}}, "keyframes[1]"),
        ({**good, "seconds": 31}, "keyframes[1]"),
        ({"uri": PICTURE}, "keyframes[1]"),
    ):
        with pytest.raises(ApiError) as caught:
            coerce([good, item], keyframes, "keyframes")  # type: ignore[list-item]
        assert caught.value.param == path
    settings_schema = row_of("text_to_video", "kling3.0_pro").fields["providerSettings"]
    shots: Any = {"multi_prompt": [{"prompt": "a", "duration": 1}, {"prompt": "b"}]}
    with pytest.raises(ApiError) as caught:
        coerce(shots, settings_schema, "provider_settings")
    assert caught.value.param == "provider_settings.multi_prompt[1].duration"


def test_both_kinds_of_keyframes() -> None:
    keyframes = row_of("video_to_video", "aleph2").fields["keyframes"]
    given_items: Any = [
        {"uri": PICTURE, "seconds": "1.5", "range": {"startSeconds": "0", "end_seconds": 3}},
        {"image_url": PICTURE, "at": "0.25"},
    ]
    assert coerce(given_items, keyframes, "keyframes") == [
        {"uri": PICTURE, "seconds": 1.5, "range": {"start_seconds": 0, "end_seconds": 3}},
        {"uri": PICTURE, "at": 0.25},
    ]


def test_a_constant_that_must_be_there_is_filled_in() -> None:
    audio = row_of("text_to_video", "seedance2").fields["referenceAudio"]
    sound = "https://example.com/a.mp3"
    assert coerce(sound, audio, "reference_audio") == [{"uri": sound, "type": "audio"}]
    with pytest.raises(ApiError, match='must be "audio"'):
        coerce([{"uri": sound, "type": "video"}], audio, "reference_audio")


def test_too_many_items_are_counted() -> None:
    references = row_of("text_to_video", "seedance2").fields["references"]
    with pytest.raises(ApiError, match="has 10 items; it takes at most 9"):
        coerce([PICTURE] * 10, references, "references")


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ApiError) as caught:
        coerce("\ud800", {"type": "string"}, "prompt")
    assert caught.value.param == "prompt"


def test_a_clients_text_is_escaped_and_short_in_refusals() -> None:
    with pytest.raises(ApiError) as caught:
        coerce("\r\nX-Evil: 1" + "y" * 500, INTEGER, "seed")
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 200


def test_descriptions() -> None:
    assert describe(INTEGER) == "a whole number from 0 to 9"
    assert describe(DURATION) == 'a whole number from 0 to 9 or "auto"'
    assert describe({"type": "string", "enum": ["768p", "768P"], "deprecated": ["768P"]}) == ('one of "768p"')
    assert describe({"type": "array", "items": FLAG, "minItems": 1, "maxItems": 5}) == (
        "a list of at least 1 and at most 5 (true or false)"
    )
    for mode, model in ROWS:
        for schema in row_of(mode, model).fields.values():
            assert describe(schema)


def legal(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema allows, typed as JSON has them."""
    if "anyOf" in schema:
        return st.one_of([legal(option) for option in schema["anyOf"]])
    if "media" in schema:
        return st.sampled_from([PICTURE, "runway://abcdefgh", "https://a.example/b?c=d"])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            low = schema.get("minimum", -(2**53) + 1)
            return st.integers(low, schema.get("maximum", 2**53 - 1))
        case "number":
            return st.floats(schema.get("minimum", 0), schema.get("maximum", 1e6), width=32).map(
                lambda x: round(x, 6)
            )
        case "array":
            least, most = schema.get("minItems", 1), min(schema.get("maxItems", 3), 3)
            return st.lists(legal(schema["items"]), min_size=least, max_size=most)
        case "object":
            required = {k: legal(schema["properties"][k]) for k in schema.get("required", ())}
            rest = {k: legal(v) for k, v in schema["properties"].items() if k not in required}
            return st.fixed_dictionaries(required, optional=rest)
        case _:
            return st.text("abc 🎬é", min_size=max(2, schema.get("minLength", 0)), max_size=20)


FIELDS = [(m, n, wire) for m, n in ROWS for wire in row_of(m, n).fields]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FIELDS), st.data())
def test_a_forms_text_becomes_what_json_would_have_been(
    field: tuple[str, str, str], data: st.DataObject
) -> None:
    mode, model, wire = field
    schema = CATALOG.modes[mode][model].fields[wire]
    value = data.draw(legal(schema))
    typed = coerce(value, schema, wire)
    assert typed == value
    assert coerce(as_form(value), schema, wire) == typed
    if isinstance(value, dict | list):
        (parsed,) = parse_texts({wire: json.dumps(value)}, Budget()).values()
        assert coerce(parsed, schema, wire) == typed


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FIELDS), json_values)
def test_any_value_fits_or_is_refused_with_a_400(field: tuple[str, str, str], value: Any) -> None:
    mode, model, wire = field
    error = refused(value, CATALOG.modes[mode][model].fields[wire], wire)
    if error is not None:
        assert error.status == 400
        assert error.param is not None
        assert error.param.startswith(wire)


def refused(value: Any, schema: dict[str, Any], param: str) -> ApiError | None:
    try:
        coerce(value, schema, param)
    except ApiError as error:
        return error
    return None
