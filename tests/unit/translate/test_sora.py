"""Code that was written for Sora: its models, sizes and seconds, with the default aliases."""

from __future__ import annotations

import pytest

from runway_videos.catalog import load
from runway_videos.request_body import Value
from unit.translate.rows import PICTURE, plan, refusal, wire_body

MODELS = ("sora-2", "sora-2-pro", "sora-2-2025-10-06", "sora-2-pro-2025-10-06")
SIZES = {
    "720x1280": "720x1280",
    "1280x720": "1280x720",
    "1024x1792": "1080x1920",
    "1792x1024": "1920x1080",
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
    assert (made.model, made.seconds, made.size) == (model, seconds, SIZES[size])
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
    width, height = map(int, made.size.split("x"))
    # h3_max is told no shape, so that a portrait must not be claimed.
    assert (width < height) == (model != "h3_max")
    assert int(made.seconds) >= 4


def test_a_length_that_was_asked_for_is_never_bent() -> None:
    error = refusal(model="sora-2", prompt="a boat", seconds="3")
    assert (error.status, error.param, error.code) == (400, "seconds", "invalid_value")
    assert "seedance2_mini: `seconds` is 3; seedance2_mini makes videos of 4 to 15 seconds" in error.message
    assert "seedance2_5: `seconds` is 3; seedance2_5 makes videos of 4 to 30 seconds" in error.message
