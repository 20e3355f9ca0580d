"""A model of next week: passed on by the guide's general rules, untouched otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runway_videos.media import Media
from runway_videos.request_body import Upload, Value
from unit.translate.rows import PICTURE, VIDEO, plan, refusal

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(600)
WAV = b"RIFF\x24\x02\0\0WAVEfmt " + bytes(600)


def passed(form: bool = False, /, **values: Value) -> dict[str, Any]:
    made = plan(form, model="runway/gen9", **values)
    body: dict[str, Any] = json.loads(made.call.render({}))
    assert body.pop("model") == "gen9"
    return body


def test_only_what_was_sent() -> None:
    made = plan(model="runway/gen9", prompt="p")
    assert json.loads(made.call.render({})) == {"model": "gen9", "promptText": "p"}
    assert (made.model, made.seconds, made.size) == ("runway/gen9", "2", "1280x720")


def test_the_general_rules() -> None:
    assert passed(prompt="p", seconds="5", size="1920x1080", input_reference=PICTURE) == {
        "promptText": "p",
        "promptImage": PICTURE,
        "ratio": "1920:1080",
        "duration": 5,
    }
    assert passed(video_uri=VIDEO) == {"videoUri": VIDEO}
    assert plan(model="runway/gen9", prompt="p", video_uri=VIDEO).call.path == "/v1/video_to_video"
    assert passed(prompt="p", size="16:9")["ratio"] == "16:9"
    made = plan(model="runway/gen9", prompt="p", size="1920x1080", seconds=11)
    assert (made.seconds, made.size) == ("11", "1920x1080")
    assert plan(model="runway/gen9", prompt="p", ratio="640:480").size == "640x480"


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("video_uri", "videoUri"),
        ("videoUri", "videoUri"),
        ("video", "videoUri"),
        ("prompt_video", "promptVideo"),
        ("promptVideo", "promptVideo"),
    ],
)
def test_a_client_that_names_runways_field_gets_that_field(name: str, wire: str) -> None:
    field: dict[str, Value] = {name: VIDEO}
    assert passed(prompt="p", **field) == {"promptText": "p", wire: VIDEO}


@pytest.mark.parametrize("name", ["input_reference", "prompt_image", "promptImage"])
def test_a_picture(name: str) -> None:
    field: dict[str, Value] = {name: PICTURE}
    assert passed(**field) == {"promptImage": PICTURE}


@pytest.mark.parametrize(
    ("seconds", "duration", "size_text"),
    [
        ("2.5", 2.5, "2.5"),
        (7200, 7200, "7200"),
        ("7200", 7200, "7200"),
        (0, 0, "0"),
        ("auto", "auto", "auto"),
        ("long", "long", "long"),
        ("1e999", "1e999", "1e999"),
        ("words " * 10, "words " * 10, "2"),
        ("länger", "länger", "2"),
        ({"at_most": 9}, {"atMost": 9}, "2"),
    ],
)
def test_a_length_is_runways_to_judge(seconds: Value, duration: object, size_text: str) -> None:
    made = plan(model="runway/gen9", prompt="p", seconds=seconds)
    assert (made.call.body["duration"], made.seconds) == (duration, size_text)


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ("1920X1080", "1920:1080"),
        ("16x9", "16:9"),
        ("16:9", "16:9"),
        ("auto_720p", "auto_720p"),
        ("1280x720x3", "1280x720x3"),
        (720, 720),
    ],
)
def test_a_size_is_runways_to_judge(size: Value, ratio: object) -> None:
    assert passed(prompt="p", size=size)["ratio"] == ratio


def test_everything_else_keeps_its_value() -> None:
    body = passed(
        prompt="p",
        brand_new={"deep_key": [{"even_deeper": "1"}]},
        seed="42",
        camelAlready=1.5,
        reference_images=[{"uri": PICTURE, "tag": "a"}],
        content_moderation={"public_figure_threshold": "low"},
    )
    assert body == {
        "promptText": "p",
        "brandNew": {"deepKey": [{"evenDeeper": "1"}]},
        "seed": "42",
        "camelAlready": 1.5,
        "referenceImages": [{"uri": PICTURE, "tag": "a"}],
        "contentModeration": {"publicFigureThreshold": "low"},
    }


def test_a_forms_texts_get_the_types_that_they_spell() -> None:
    body = passed(
        True,
        prompt="5",
        seed="42",
        audio="true",
        strength="0.5",
        brand_new='{"a_b": "x"}',
        negative_prompt="7",
        prores_profile="422",
        title="hello",
    )
    assert body == {
        "promptText": "5",
        "seed": 42,
        "audio": True,
        "strength": 0.5,
        "brandNew": {"aB": "x"},
        "negativePrompt": "7",  # a text wherever it is known
        "proresProfile": "422",
        "title": "hello",
    }


@pytest.mark.parametrize(
    "text", ["007", "1.50", "+5", "-0", "1e3", "nan", "inf", "True", "5 ", ".5", "9" * 16, "0x10", ""]
)
def test_a_text_that_would_read_otherwise_as_a_number_stays_one(text: str) -> None:
    assert passed(True, prompt="p", code={"a": text})["code"] == {"a": text}


@pytest.mark.parametrize(("text", "value"), [("-7", -7), ("0", 0), ("1.5", 1.5), ("false", False)])
def test_a_text_that_is_a_number_becomes_one(text: str, value: object) -> None:
    body = passed(True, prompt="p", code=text)
    assert body["code"] == value
    assert type(body["code"]) is type(value)


def test_runways_own_names_in_snake_case_stay() -> None:
    window: Value = {"start_seconds": 1, "end_seconds": 2, "soft_edge": True}
    body = passed(prompt="p", keyframes=[{"uri": PICTURE, "range": window}])
    window = {"start_seconds": 1, "end_seconds": 2, "softEdge": True}
    assert body["keyframes"] == [{"uri": PICTURE, "range": window}]


def test_files() -> None:
    upload = Upload(PNG, "upload", "")
    frames: Value = [{"uri": upload, "position": "first"}, {"uri": PICTURE, "position": "last"}]
    body = plan(True, model="runway/gen9", prompt="p", input_reference=frames).call.body
    assert isinstance(body["promptImage"], list)
    assert isinstance(body["promptImage"][0]["uri"], Media)
    body = plan(True, model="runway/gen9", prompt="p", mask=upload, voice=Upload(WAV, "", "")).call.body
    mask, voice = body["mask"], body["voice"]
    assert isinstance(mask, Media)
    assert isinstance(voice, Media)
    assert (mask.kind, voice.kind) == ("image", "audio")
    error = refusal(True, model="runway/gen9", prompt="p", mask=Upload(b"hello", "", ""))
    assert error.param == "mask"


def test_what_cannot_be_right_for_any_model() -> None:
    assert refusal(model="runway/gen9").param == "prompt"
    assert refusal(model="runway/gen9", prompt=5).param == "prompt"
    assert refusal(model="runway/gen9", input_reference="http://a.b/c").param == "input_reference"
    assert refusal(model="runway/gen9", prompt="p", size="640x480", ratio="1:1").param == "ratio"


@pytest.mark.parametrize("name", ["user", "metadata", "quality"])
def test_habits_are_left_out_here_too(name: str) -> None:
    field: dict[str, Value] = {name: "x"}
    made = plan(model="runway/gen9", prompt="p", **field)
    assert made.ignored == (name,)
    assert made.call.body == {"promptText": "p"}


@pytest.mark.parametrize("name", ["style", "background", "stream", "store"])
def test_what_may_be_a_field_of_next_week_goes_on(name: str) -> None:
    field: dict[str, Value] = {name: "x"}
    assert passed(prompt="p", **field) == {"promptText": "p", name: "x"}
