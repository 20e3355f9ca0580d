"""Code that was written for Sora: its models, sizes and seconds, with the default aliases."""

from __future__ import annotations

import pytest

from runway_videos.catalog import load
from runway_videos.errors import ApiError
from runway_videos.request_body import Value
from unit.translate.rows import PICTURE, plan, refusal, wire_body

MODELS = ("sora-2", "sora-2-pro", "sora-2-2025-10-06", "sora-2-pro-2025-10-06")
SIZES = {
    "720x1280": "720x1280",
    "1280x720": "1280x720",
    "1024x1792": "1080x1920",
    "1792x1024": "1920x1080",
    "1080x1920": "1080x1920",
    "1920x1080": "1920x1080",
}
INPUTS: list[dict[str, Value]] = [{}, {"input_reference": PICTURE}]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seconds", ["4", "8", "12", "16", "20"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("field", INPUTS, ids=["text", "picture"])
def test_all_that_sora_offered(model: str, seconds: str, size: str, field: dict[str, Value]) -> None:
    made = plan(True, model=model, prompt="a boat", seconds=seconds, size=size, **field)
    body = wire_body(made)
    assert body["duration"] == int(seconds)
    assert body["ratio"] == SIZES[size].replace("x", ":")
    small = size in ("720x1280", "1280x720") and int(seconds) <= 15 and "pro" not in model
    assert body["model"] == ("seedance2_mini" if small else "seedance2_5")
    # The answer keeps what was asked for; what is made is said beside it.
    assert (made.model, made.seconds, made.size) == (model, seconds, size)
    assert made.made_size == SIZES[size]
    assert made.asked_size == (size if size != SIZES[size] else "")
    assert body.get("promptImage") == field.get("input_reference")


@pytest.mark.parametrize("field", INPUTS, ids=["text", "picture"])
def test_the_defaults_of_openai(field: dict[str, Value]) -> None:
    for model in (None, "", "sora-2", "sora-2-pro", "runway/sora-2"):
        made = plan(model=model, prompt="a boat", **field)
        assert (made.seconds, made.size) == ("4", "720x1280")
        assert made.model == (model or "sora-2")
        wire_body(made)


def test_a_name_of_runways_keeps_runways_defaults_also_as_an_alias() -> None:
    made = plan(model="gen4_aleph", prompt="snow", video_uri="https://example.com/v.mp4")
    assert (made.seconds, made.size) == ("2", "1280x720")


@pytest.mark.parametrize("model", load().models_with("text_to_video"))
def test_any_text_model_can_stand_behind_sora(model: str) -> None:
    """Defaults alone never end in a refusal: the nearest that the model has is taken."""
    made = plan(False, [("sora-2*", (model,))], model="sora-2", prompt="a boat")
    wire_body(made)
    # OpenAI's default, whatever the nearest is that the model has; h3_max is told no shape.
    assert made.size == "720x1280"
    assert (made.made_size == "") == (model == "h3_max")
    if made.made_size:
        width, height = map(int, made.made_size.split("x"))
        assert width < height
    assert int(made.seconds) >= 4


@pytest.mark.parametrize("model", [*MODELS, "openai/sora-2", "azure/sora-2-pro"])
@pytest.mark.parametrize("size", ["100x100", "1280x721", "1900x1080", "4000x2250"])
def test_a_size_that_neither_openai_nor_the_model_has_is_refused(model: str, size: str) -> None:
    error = refusal(model=model, prompt="a boat", size=size)
    assert (error.status, error.param, error.code) == (400, "size", "invalid_value")
    for known in ("720x1280", "1792x1024", "or exactly one that seedance2_5 has"):
        assert known in error.message
    assert ("may be 720x1280, 1280x720, 1024x1792, 1792x1024, 1080x1920" in error.message) == ("pro" in model)


@pytest.mark.parametrize(
    ("model", "size", "runway_model"),
    [("sora-2", "960x960", "seedance2_mini"), ("sora-2", "1440x1440", "seedance2_5"),
     ("sora-2", "1080x1920", "seedance2_5"), ("sora-2-pro", "960X960", "seedance2_5")],
)  # fmt: skip
def test_a_size_that_the_model_has_exactly_is_taken(model: str, size: str, runway_model: str) -> None:
    made = plan(model=model, prompt="a boat", size=size)
    assert (made.size, made.made_size, made.call.model) == (size.lower(), size.lower(), runway_model)


def test_where_the_model_is_not_told_a_size_openais_own_are_taken() -> None:
    aliases = [("sora-2*", ("kling2.5_turbo_pro",))]
    asked: dict[str, Value] = {"prompt": "p", "seconds": "5", "input_reference": PICTURE}
    made = plan(False, aliases, size="1024x1792", **asked)
    assert (made.size, made.made_size, made.asked_size) == ("1024x1792", "", "")
    with pytest.raises(ApiError, match="`size` may be 720x1280, "):
        plan(False, aliases, size="100x100", **asked)
    with pytest.raises(ApiError, match=r"not 100x100\. seedance2_mini has 992x432, .*, 720x1280\.$"):
        plan(False, [("sora-2", ("seedance2_mini",))], size="100x100", prompt="p")


def test_a_frame_that_the_client_tells_in_runways_words_is_the_answers() -> None:
    made = plan(model="sora-2-pro", prompt="p", ratio="1440:1440")
    assert (made.size, made.made_size) == ("1440x1440", "1440x1440")


@pytest.mark.parametrize("size", ["auto", " AUTO "])
def test_the_size_is_left_to_a_model_that_has_such_a_thing(size: str) -> None:
    made = plan(False, [("sora-2*", ("wan3",))], model="sora-2", prompt="words", size=size)
    assert (made.call.body["ratio"], made.size, made.made_size) == ("auto_720p", "720x1280", "")
    made = plan(model="runway/hailuo3", prompt="words", size=size, input_reference=PICTURE)
    assert (made.call.body["ratio"], made.call.body["resolution"]) == ("adaptive", "768p")
    made = plan(model="runway/happyhorse_1_0", prompt="words", size=size, input_reference=PICTURE)
    assert made.call.body["resolution"] == "720p"
    assert plan(model="runway/aleph2", prompt="words", size=size, video_uri="https://example.com/v.mp4")
    error = refusal(model="sora-2", prompt="words", size=size)
    assert error.param == "size"
    assert "`size` cannot be `auto`: seedance2_5 makes 992x432" in error.message


def test_a_length_that_was_asked_for_is_never_bent() -> None:
    error = refusal(model="sora-2", prompt="a boat", seconds="3")
    assert (error.status, error.param, error.code) == (400, "seconds", "invalid_value")
    assert "seedance2_mini: `seconds` is 3; seedance2_mini makes videos of 4 to 15 seconds" in error.message
    assert "seedance2_5: `seconds` is 3; seedance2_5 makes videos of 4 to 30 seconds" in error.message
