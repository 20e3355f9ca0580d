"""Rules between fields of one model, and the wire fields that only tests of their own can fill."""

from __future__ import annotations

import pytest

from runway_videos.request_body import Value
from unit.translate.rows import PICTURE, SOUND, VIDEO, plan, refusal, wire_body

EDIT = {"model": "seedance2_5", "prompt": "p", "video_uri": VIDEO, "mode": "edit"}
EXTEND = {**EDIT, "mode": "extend"}


def test_a_draft_is_enhanced_without_any_other_field() -> None:
    made = plan(True, model="seedance2_5", draft_task_id="task-1", prompt="")
    assert wire_body(made) == {"model": "seedance2_5", "draftTaskId": "task-1"}
    assert (made.seconds, made.size, made.prompt) == ("2", "1280x720", None)
    for name, value in (("prompt", "p"), ("seconds", "5"), ("size", "1280x720"), ("seed", "1")):
        values = {"model": "seedance2_5", "draft_task_id": "task-1", name: value}
        error = refusal(True, **values)
        assert (error.status, error.param) == (400, name)
        assert "`draft_task_id`" in error.message


def test_an_edit_has_automatic_length_and_the_inputs_shape() -> None:
    made = plan(**EDIT)
    assert wire_body(made) == {
        "model": "seedance2_5",
        "promptText": "p",
        "promptVideo": VIDEO,
        "mode": "edit",
        "duration": "auto",
    }
    assert made.seconds == "auto"
    assert wire_body(plan(**EDIT, seconds="auto"))["duration"] == "auto"
    assert refusal(**EDIT, seconds="5").param == "seconds"
    assert refusal(**EDIT, size="1280x720").param == "size"
    assert refusal(**EDIT, ratio="1280:720").param == "ratio"
    assert refusal(**{**EDIT, "prompt": ""}).param == "prompt"


def test_an_extension_has_a_length_and_the_inputs_shape() -> None:
    body = wire_body(plan(**EXTEND, seconds=6))
    assert body["duration"] == 6
    assert "ratio" not in body
    assert refusal(**EXTEND, size="1280x720").param == "size"


def test_a_reference_video_has_both() -> None:
    body = wire_body(plan(**{**EDIT, "mode": "reference"}))
    assert (body["duration"], body["ratio"]) == (4, "1280:720")


def test_what_an_edit_keeps_of_its_input_is_sent_only_where_the_client_says_it() -> None:
    omni: dict[str, Value] = {"model": "gemini_omni_flash_1.1", "prompt": "p", "video_uri": VIDEO}
    body = wire_body(plan(**omni, mode="edit"))
    assert set(body) == {"model", "promptText", "videoUri", "mode"}
    made = plan(**omni, mode="edit")
    assert (made.seconds, made.size) == ("2", "1280x720")
    made = plan(**omni, mode="edit", seconds=5, size="720x1280")
    assert (wire_body(made)["duration"], wire_body(made)["ratio"]) == (5, "720:1280")
    assert (made.seconds, made.size) == ("5", "720x1280")
    assert wire_body(plan(**omni, mode="edit", ratio="640:360"))["ratio"] == "640:360"
    extended = wire_body(plan(**omni, mode="extend"))
    assert extended["duration"] == 3
    assert "ratio" not in extended
    assert {"duration", "ratio"} <= set(wire_body(plan(**omni, mode="reference")))


def test_something_must_be_said() -> None:
    assert refusal(model="seedance2_5").param == "prompt"
    assert wire_body(plan(model="seedance2_5", references=[PICTURE]))


def shots(*seconds: int) -> dict[str, Value]:
    segments: list[Value] = [{"prompt": "p", "duration": length} for length in seconds]
    return {"model": "kling3.0_pro", "provider_settings": {"multi_prompt": segments}}


def test_segments_have_a_length_together() -> None:
    assert wire_body(plan(**shots(1, 2)))
    assert wire_body(plan(**shots(7, 8)))
    for wrong in (shots(2), shots(8, 8)):
        error = refusal(**wrong)
        assert (error.status, error.param) == (400, "provider_settings.multi_prompt")
        assert "3 to 15" in error.message


def pictures(model: str, *places: str | None) -> dict[str, Value]:
    items: list[Value] = [{"uri": PICTURE, "position": place} if place else {"uri": PICTURE}
                          for place in places]  # fmt: skip
    return {"model": model, "prompt": "p", "input_reference": items}


@pytest.mark.parametrize("model", ["hailuo3", "seedance2", "seedance2_mini", "seedance2_5", "wan3"])
def test_frames_and_reference_pictures_do_not_mix(model: str) -> None:
    for legal in (("first", "last"), ("last",), (None, None)):
        assert wire_body(plan(**pictures(model, *legal)))
    error = refusal(**pictures(model, "first", None))
    assert (error.status, error.param) == (400, "input_reference")
    assert model in error.message


@pytest.mark.parametrize("model", ["veo3.1", "veo3.1_fast", "h3_max"])
def test_a_last_frame_needs_a_first(model: str) -> None:
    assert wire_body(plan(**pictures(model, "last", "first")))
    error = refusal(**pictures(model, "last"))
    assert (error.status, error.param) == (400, "input_reference")
    assert "first frame" in error.message


def test_an_adaptive_shape_needs_something_to_adapt_to() -> None:
    adaptive: dict[str, Value] = {"model": "hailuo3", "prompt": "p", "ratio": "adaptive"}
    error = refusal(**adaptive)
    assert error.param == "references"
    assert "One of `references`, `reference_videos` must be given with `ratio` `adaptive`" in error.message
    inputs: list[dict[str, Value]] = [
        {"references": [PICTURE]}, {"input_reference": PICTURE}, {"video_uri": VIDEO}
    ]  # fmt: skip
    for field in inputs:
        assert wire_body(plan(**adaptive, **field))["ratio"] == "adaptive"


def test_a_reference_sound_needs_a_reference_picture() -> None:
    sound: dict[str, Value] = {"model": "grok_imagine_1_5", "prompt": "p", "reference_audio": [SOUND]}
    error = refusal(**sound)
    assert error.param == "references"
    assert error.message.startswith("`references` must be given with `reference_audio`")
    assert wire_body(plan(**sound, references=[PICTURE]))


def test_a_prores_profile_needs_a_prores_output() -> None:
    gen: dict[str, Value] = {"model": "gen4.5", "prompt": "p", "prores_profile": "4444 XQ"}
    for output in ({}, {"output_format": "mp4"}):
        assert refusal(**gen, **output).param == "output_format"
    assert wire_body(plan(**gen, output_format="prores"))
    assert refusal(**gen, output_format="hdr_prores").param == "prores_profile"
    assert wire_body(plan(**{**gen, "prores_profile": "422"}, output_format="hdr_prores"))
    assert wire_body(plan(model="gen4.5", prompt="p", output_format="prores"))
    aleph: dict[str, Value] = {"model": "aleph2", "video_uri": VIDEO, "prores_profile": 422}
    assert wire_body(plan(**aleph, output_format="prores"))
    assert refusal(**aleph).param == "output_format"
