from __future__ import annotations

import pytest

from runway_videos.catalog import Durations
from runway_videos.errors import ApiError
from runway_videos.request_body import Value
from runway_videos.translate.field_names import ClientField
from runway_videos.translate.seconds import choose_duration, default
from unit.translate.rows import VIDEO, plan, refusal, wire_body

RANGE = Durations(min=5, max=15)
LIST = Durations(values=(4, 6, 8))
OPEN = Durations(min=1, assumed=5)


@pytest.mark.parametrize(
    ("durations", "sora", "expected"),
    [
        (RANGE, False, 5),
        (RANGE, True, 5),
        (Durations(min=2, max=10), False, 2),
        (Durations(min=1, max=15), False, 2),
        (Durations(min=1, max=15), True, 4),
        (LIST, False, 4),
        (Durations(values=(5, 10)), True, 5),
        (Durations(values=(2, 3)), True, 3),
        (OPEN, False, 5),
        (OPEN, True, 4),
        (Durations(min=5, max=15, advisory=True), False, 5),
    ],
)
def test_defaults(durations: Durations, sora: bool, expected: int) -> None:
    assert default(durations, sora) == expected


def test_a_choice_is_one_of_the_models_own() -> None:
    assert choose_duration(LIST, ClientField("seconds", "6"), False, "m") == 6
    assert choose_duration(OPEN, ClientField("seconds", 60), False, "m") == 60
    assert (
        choose_duration(Durations(min=3, max=15, advisory=True), ClientField("seconds", 16), False, "m") == 16
    )
    assert choose_duration(Durations(min=4, auto=True), ClientField("seconds", "auto"), False, "m") == "auto"


@pytest.mark.parametrize(
    ("model", "seconds", "listed"),
    [
        ("veo3.1", 5, "4 or 6 or 8"),
        ("kling2.5_turbo_pro", 4, "5 or 10"),
        ("gen4.5", 11, "2 to 10"),
        ("hailuo3", 4, "5 to 15"),
        ("seedance2", 3, "`auto`"),
        ("gen4.5", "auto", "2 to 10"),
        ("h3_max", "auto", "about 5 to 15"),
    ],
)
def test_refusals_list_what_is_legal(model: str, seconds: Value, listed: str) -> None:
    error = refusal(model=model, prompt="p", seconds=seconds)
    assert (error.status, error.param) == (400, "seconds")
    assert listed in error.message
    assert refusal(model=model, prompt="p", duration=seconds).param == "duration"


def test_auto_is_sent_and_said() -> None:
    made = plan(model="seedance2", prompt="p", seconds="auto")
    assert (wire_body(made)["duration"], made.seconds) == ("auto", "auto")


def test_where_a_mode_takes_none_the_answer_says_what_was_asked() -> None:
    for model in ("aleph2", "klingO3_pro", "gemini_omni_flash", "kling_4"):
        made = plan(model=model, prompt="p", video_uri=VIDEO, seconds="9")
        assert "duration" not in wire_body(made)
        assert made.seconds == "9"
        assert plan(model=model, prompt="p", video_uri=VIDEO).seconds == "2"


def test_segments_bring_their_own_durations() -> None:
    shots = [{"prompt": "a", "duration": "3"}, {"prompt": "b", "duration": 4}]
    settings: Value = {"multi_prompt": shots, "shot_type": "customize"}  # type: ignore[dict-item]
    made = plan(model="kling3.0_pro", provider_settings=settings)
    body = wire_body(made)
    assert "duration" not in body
    assert body["providerSettings"]["multiPrompt"][0] == {"prompt": "a", "duration": 3}
    assert made.seconds == "7"
    made = plan(model="kling3.0_pro", provider_settings=settings, seconds=8)
    assert (wire_body(made)["duration"], made.seconds) == (8, "8")


def test_a_sora_name_has_a_number_of_seconds() -> None:
    durations = Durations(min=4, max=15, auto=True)
    with pytest.raises(ApiError) as raised:
        choose_duration(durations, ClientField("seconds", "auto"), True, "seedance2")
    assert (raised.value.status, raised.value.param) == (400, "seconds")
    assert "`auto`" not in raised.value.message.partition(";")[2]
    assert choose_duration(durations, ClientField("seconds", "8"), True, "seedance2") == 8
