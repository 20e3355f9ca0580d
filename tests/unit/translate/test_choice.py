"""Which of the models behind a name is used: the first that can take the create and has a key."""

from __future__ import annotations

import gc
import tracemalloc
from base64 import b64encode
from collections.abc import Callable

import pytest

from runway_videos.errors import ApiError
from runway_videos.idempotency.fingerprint import fingerprint_of
from runway_videos.request_body import Fields, Upload, Value
from runway_videos.translate import Plan, plan_create
from runway_videos.translate.model_names import Resolved
from unit.translate.rows import CATALOG, PICTURE, VIDEO

SORA = ("seedance2_mini", "seedance2_5")


def chosen(
    models: tuple[str, ...] = SORA, serves: Callable[[str], bool] = lambda model: True, /, **values: Value
) -> Plan:
    fields = Fields({"prompt": "a boat", **values}, form=False)
    asked = "sora-2" if models[0] == SORA[0] else "clip"
    return plan_create(fields, CATALOG, Resolved(asked, models, alias=True), serves)


def refused(models: tuple[str, ...] = SORA, /, **values: Value) -> ApiError:
    with pytest.raises(ApiError) as caught:
        chosen(models, **values)
    return caught.value


@pytest.mark.parametrize(
    ("values", "model"),
    [
        ({}, "seedance2_mini"),
        ({"seconds": "15"}, "seedance2_mini"),
        ({"seconds": "16"}, "seedance2_5"),
        ({"size": "1280x720"}, "seedance2_mini"),
        ({"size": "1920x1080"}, "seedance2_5"),
        ({"prompt": "p" * 3500}, "seedance2_mini"),
        ({"prompt": "p" * 3501}, "seedance2_5"),
        ({"output_format": "mov"}, "seedance2_5"),
        ({"references": [PICTURE] * 10}, "seedance2_5"),
        ({"user": "me"}, "seedance2_mini"),
    ],
)
def test_the_first_that_can_take_it(values: dict[str, Value], model: str) -> None:
    assert chosen(**values).call.model == model


def test_inputs_choose_too() -> None:
    models = ("gen4.5", "gen4_turbo", "aleph2")
    assert chosen(models).call.model == "gen4.5"
    assert chosen(models[1:], input_reference=PICTURE).call.model == "gen4_turbo"
    assert chosen(models, video_uri=VIDEO).call.model == "aleph2"


def test_a_smaller_frame_than_asked_for_is_made_only_where_no_model_has_more() -> None:
    assert chosen(size="1024x1792").call.model == "seedance2_5"
    assert chosen(("seedance2_mini", "gen4.5"), size="1024x1792").call.model == "seedance2_mini"


def test_a_model_without_a_key_is_passed_over() -> None:
    plan = chosen(SORA, lambda model: model == "seedance2_5")
    assert (plan.call.model, plan.size) == ("seedance2_5", "720x1280")
    # A smaller frame is better than none.
    plan = chosen(SORA, lambda model: model == "seedance2_mini", size="1024x1792")
    assert plan.call.model == "seedance2_mini"


def test_without_any_key_the_first_stays_and_the_refusal_is_about_keys() -> None:
    assert chosen(SORA, lambda model: False).call.model == "seedance2_mini"
    assert chosen(SORA, lambda model: False, seconds="20").call.model == "seedance2_5"


@pytest.mark.parametrize("size", ["720x1280", "1024x1792"])
def test_a_retry_is_known_also_when_the_keys_have_changed_between(size: str) -> None:
    prints = {
        fingerprint_of("create", chosen(SORA, serves, size=size))
        for serves in (
            lambda model: True,
            lambda model: False,
            lambda model: model == "seedance2_5",
            lambda model: model == "seedance2_mini",
        )
    }
    assert len(prints) == 1


def test_none_can_take_it_says_why_for_each() -> None:
    error = refused(seconds="40")
    assert (error.status, error.param, error.code) == (400, "seconds", "invalid_value")
    assert error.message == (
        "No model behind `sora-2` can take this: "
        "seedance2_mini: `seconds` is 40; seedance2_mini makes videos of 4 to 15 seconds; "
        "seedance2_5: `seconds` is 40; seedance2_5 makes videos of 4 to 30 seconds."
    )


def test_each_reason_is_short() -> None:
    error = refused(negative_prompt="rain")
    assert (error.param, error.code) == ("negative_prompt", "unknown_parameter")
    assert error.message == (
        "No model behind `sora-2` can take this: "
        "seedance2_mini: seedance2_mini takes no `negative_prompt` in text to video; "
        "seedance2_5: seedance2_5 takes no `negative_prompt` in text to video."
    )


def test_a_prompt_too_long_for_all_says_how_long_each_may_be() -> None:
    error = refused(prompt="p" * 32_000)
    assert (error.status, error.param, error.code) == (400, "prompt", "string_too_long")
    assert "seedance2_mini: `prompt` is 32000 characters" in error.message
    assert "at most 3500 are taken" in error.message
    assert "at most 15000 are taken" in error.message


def test_reasons_that_differ_in_their_parameter_name_that_of_the_last() -> None:
    error = refused(prompt="p" * 5000, seconds="40")
    assert error.param == "seconds"
    assert "`prompt`" in error.message


def test_what_is_wrong_for_all_alike_is_said_once() -> None:
    error = refused(prompt=5)
    assert error.message == "`prompt` must be a text."
    bad = Upload(data=b"no picture", filename="a.png", label="image/png")
    assert refused(input_reference=bad).param == "input_reference"


def test_one_model_refuses_in_its_own_words() -> None:
    assert refused(("seedance2_mini",), seconds="40").message.startswith("`seconds` is 40; seedance2_mini")


def test_a_model_that_cannot_holds_none_of_the_requests_bytes() -> None:
    """Without the garbage collector: what was decoded for the first model goes with its refusal."""
    picture = "data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n" + bytes(3_000_000)).decode()
    gc.disable()
    tracemalloc.start()
    try:
        assert chosen(seconds="20", input_reference=picture).call.model == "seedance2_5"
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.enable()
    assert held < 1_000_000


@pytest.mark.parametrize("prompt", [{}, {"prompt": ""}, {"prompt": " \n"}])
@pytest.mark.parametrize("others", [{}, {"size": "1920x1080"}, {"seconds": "20"}])
@pytest.mark.parametrize("models", [SORA, SORA[1:]])
def test_a_missing_prompt_is_one_rule_whatever_the_models(
    prompt: dict[str, Value], others: dict[str, Value], models: tuple[str, ...]
) -> None:
    with pytest.raises(ApiError) as caught:
        plan_create(Fields({**prompt, **others}, form=False), CATALOG, Resolved("sora-2", models, alias=True))
    error = caught.value
    assert (error.status, error.param, error.code) == (400, "prompt", "missing_required_parameter")
    assert error.message == (
        "`prompt` is required, a text that is not blank: `sora-2` cannot make this video without it."
    )


def test_a_picture_needs_no_prompt() -> None:
    assert chosen(prompt="", input_reference=PICTURE).call.model == "seedance2_mini"
