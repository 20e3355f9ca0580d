"""A text that spells out JSON is decoded once, whichever way the body came."""

from __future__ import annotations

import json

import pytest

from runway_videos.errors import ApiError
from runway_videos.request_body import Value, read_fields
from runway_videos.request_body.limits import VALUES
from unit.request_body.forms import TYPE, texts

ITEMS: list[Value] = [{"uri": "https://x", "tag": "a"}]


@pytest.mark.parametrize("name", ["references", "providerSettings", "input_reference", "of_a_future_model"])
def test_a_text_of_json_and_of_a_form_is_the_same_value(name: str) -> None:
    text = json.dumps(ITEMS)
    assert read_fields("", json.dumps({name: text}).encode()).values == {name: ITEMS}
    assert read_fields(TYPE, texts([(name, text)])).values == {name: ITEMS}


def test_texts_in_a_list_are_parsed_and_those_in_objects_stay() -> None:
    body: Value = {"references": ['{"uri": "https://x", "tag": null}', "https://y"], "a": {"tag": "[1]"}}
    assert read_fields("", json.dumps(body).encode()).values == {
        "references": [{"uri": "https://x"}, "https://y"],
        "a": {"tag": "[1]"},
    }


@pytest.mark.parametrize("name", ["prompt", "prompt_text", "promptText", "negative_prompt", "negativePrompt"])
@pytest.mark.parametrize("text", ['{"scene": 1}', "[1]", "[" * 200])
def test_a_prompt_stays_prose(name: str, text: str) -> None:
    assert read_fields("", json.dumps({name: text}).encode()).values == {name: text}
    assert read_fields(TYPE, texts([(name, text)])).values == {name: text}


@pytest.mark.parametrize("text", ["[Verse 1] la", "{not json}", '{"a": NaN}', "5", "true", '"x"', "null"])
def test_what_is_no_object_or_array_is_a_text(text: str) -> None:
    assert read_fields("", json.dumps({"a": text}).encode()).values == {"a": text}


def test_it_is_decoded_once() -> None:
    inner = json.dumps({"b": json.dumps([1])})
    assert read_fields("", json.dumps({"a": inner}).encode()).values == {"a": {"b": "[1]"}}


def test_its_marks_are_those_of_the_body() -> None:
    half = "[" + "0," * (VALUES // 2) + "0]"
    with pytest.raises(ApiError) as caught:
        read_fields("", json.dumps({"a": half, "b": half}).encode())
    assert str(VALUES) in caught.value.message
