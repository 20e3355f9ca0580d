"""What Bifrost's Runway guide promises its users, row by row."""

from __future__ import annotations

import pytest

from runway_videos.request_body import Value
from unit.translate.rows import PICTURE, VIDEO, plan, refusal, wire_body


def test_the_guides_own_example_gets_a_helpful_refusal() -> None:
    error = refusal(model="runway/gen4_turbo", prompt="A sunset over the sea", seconds="5", size="1280x720")
    assert (error.status, error.param) == (400, "input_reference")
    assert "gen4_turbo" in error.message
    assert "`input_reference`" in error.message
    assert "gen4.5" in error.message


def test_the_guides_own_example_works_with_todays_model_and_with_a_picture() -> None:
    asked = {"prompt": "A sunset over the sea", "seconds": "5", "size": "1280x720"}
    made = plan(model="runway/gen4.5", **asked)
    assert wire_body(made) == {
        "model": "gen4.5",
        "promptText": "A sunset over the sea",
        "duration": 5,
        "ratio": "1280:720",
    }
    assert (made.model, made.seconds, made.size) == ("runway/gen4.5", "5", "1280x720")
    assert wire_body(plan(model="runway/gen4_turbo", input_reference=PICTURE, **asked))


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ({}, "/v1/text_to_video"),
        ({"input_reference": PICTURE}, "/v1/image_to_video"),
        ({"video_uri": VIDEO}, "/v1/video_to_video"),
    ],
)
def test_the_mode_follows_from_the_input(field: dict[str, str], path: str) -> None:
    made = plan(model="runway/seedance2", prompt="p", **field)
    assert made.call.path == path
    wire_body(made)


def test_seconds_are_two_and_a_size_becomes_a_ratio() -> None:
    body = wire_body(plan(model="runway/gen4.5", prompt="p"))
    assert (body["duration"], body["ratio"]) == (2, "1280:720")
    assert wire_body(plan(model="runway/gen4.5", prompt="p", size="720x1280"))["ratio"] == "720:1280"
    for seconds in (7, "7", 7.0, " 7 "):
        assert wire_body(plan(model="gen4.5", prompt="p", seconds=seconds))["duration"] == 7


def test_seed_of_the_gen_models_and_audio_of_the_veo_models() -> None:
    assert wire_body(plan(model="runway/gen4.5", prompt="p", seed=42))["seed"] == 42
    assert wire_body(plan(True, model="runway/veo3.1", prompt="p", audio="false"))["audio"] is False
    assert "veo3.1" in refusal(model="runway/gen4.5", prompt="p", audio=True).message


def test_gen4_aleph_is_aleph2_today() -> None:
    made = plan(model="runway/gen4_aleph", prompt="make it snow", video_uri=VIDEO, seed=1)
    assert wire_body(made) == {
        "model": "aleph2",
        "promptText": "make it snow",
        "videoUri": VIDEO,
        "seed": 1,
    }
    assert made.model == "runway/gen4_aleph"
    # aleph2 has no references any more: the refusal says which models have.
    error = refusal(model="runway/gen4_aleph", prompt="p", video_uri=VIDEO, references=[{"uri": PICTURE}])
    assert error.param == "references"
    assert "seedance2" in error.message


def test_references_and_their_tags() -> None:
    references: Value = [{"uri": PICTURE, "tag": "hero"}, {"uri": PICTURE, "tag": "car"}]
    made = plan(model="runway/klingO3_pro", prompt="p", video_uri=VIDEO, references=references)
    assert wire_body(made)["references"] == [{"uri": PICTURE}, {"uri": PICTURE}]
    assert made.ignored == ("references[0].tag", "references[1].tag")


def test_reference_images_land_in_references() -> None:
    made = plan(model="runway/seedance2", prompt="p", reference_images=[PICTURE, {"uri": PICTURE}])
    assert wire_body(made)["references"] == [{"uri": PICTURE}, {"uri": PICTURE}]
    both = plan(model="seedance2", prompt="p", references=[PICTURE], reference_images=[PICTURE])
    assert len(wire_body(both)["references"]) == 2
    error = refusal(model="runway/gen4.5", prompt="p", reference_images=[PICTURE])
    assert error.param == "reference_images"


def test_content_moderation() -> None:
    body = wire_body(plan(model="gen4.5", prompt="p", content_moderation={"public_figure_threshold": "low"}))
    assert body["contentModeration"] == {"publicFigureThreshold": "low"}
    error = refusal(model="gen4.5", prompt="p", content_moderation={"public_figure_threshold": "none"})
    assert error.param == "content_moderation.public_figure_threshold"
    assert '"auto", "low"' in error.message


def test_no_model_is_sora() -> None:
    assert plan(prompt="p").model == "sora-2"
