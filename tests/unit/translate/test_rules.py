"""Rules between fields of one model, and the wire fields that only tests of their own can fill."""

from __future__ import annotations

from unit.translate.rows import PICTURE, VIDEO, plan, refusal, wire_body

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
    assert wire_body(plan(model="gemini_omni_flash_1.1", prompt="p", video_uri=VIDEO, mode="edit"))


def test_something_must_be_said() -> None:
    assert refusal(model="seedance2_5").param == "prompt"
    assert wire_body(plan(model="seedance2_5", references=[PICTURE]))
    error = refusal(model="kling3.0_pro")
    assert (error.status, error.param) == (400, "prompt")
    assert "`provider_settings`" in error.message
