from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.request_body import Value
from runway_videos.translate import client_param
from runway_videos.translate.field_names import camel, plain, snake
from unit.translate.rows import CATALOG, PICTURE, plan, refusal


@pytest.mark.parametrize(
    ("path", "param"),
    [
        (["promptText"], "prompt"),
        (["promptImage"], "input_reference"),
        (["promptImage", 0, "uri"], "input_reference[0].uri"),
        (["ratio"], "size"),
        (["duration"], "seconds"),
        (["videoUri"], "video_uri"),
        (["promptVideo"], "video_uri"),
        (["contentModeration", "publicFigureThreshold"],
         "content_moderation.public_figure_threshold"),
        (["providerSettings", "multiPrompt", 1, "duration"],
         "provider_settings.multi_prompt[1].duration"),
        (["model"], "model"),
        ([], ""),
    ],
)  # fmt: skip
def test_client_param(path: list[str | int], param: str) -> None:
    assert client_param(path) == param


def test_snake_and_camel_undo_each_other_for_every_name_of_the_catalog() -> None:
    for rows in CATALOG.modes.values():
        for row in rows.values():
            for wire in row.fields:
                assert camel(snake(wire)) == wire
                assert plain(snake(wire)) == plain(wire)


@settings(deadline=None)
@given(st.text("abcdefgXYZ_09", max_size=20))
def test_the_plain_form_does_not_care_how_a_name_is_written(name: str) -> None:
    assert plain(snake(name)) == plain(camel(name)) == plain(name)


def test_two_names_for_one_field() -> None:
    pairs: list[dict[str, Value]] = [
        {"seconds": 4, "duration": 5},
        {"prompt": "a", "prompt_text": "b"},
        {"negative_prompt": "a", "negativePrompt": "b"},
        {"input_reference": PICTURE, "prompt_image": "https://example.com/b.png"},
    ]
    for pair in pairs:
        values: dict[str, Value] = {"prompt": "p", "model": "veo3.1", **pair}
        error = refusal(**values)
        assert error.status == 400
        assert error.param == list(pair)[1]
        assert "two names" in error.message
    assert plan(model="gen4.5", prompt="p", seconds=4, duration=4).seconds == "4"


def test_habits_of_openai_clients_are_left_out_and_listed() -> None:
    habits: dict[str, Value] = {
        "user": "u-1",
        "metadata": {"k": "v"},
        "n": 1,
        "quality": "hd",
        "stream": False,
    }
    made = plan(model="gen4.5", prompt="p", **habits)
    assert made.ignored == tuple(habits)
    assert set(made.call.body) == {"promptText", "duration", "ratio"}
    assert plan(True, model="runway/next", prompt="p", n="1").ignored == ("n",)
    assert plan(model="gen4.5", prompt="p", n=1.0).ignored == ("n",)


@pytest.mark.parametrize("model", ["gen4.5", "runway/next"])
def test_more_than_one_video(model: str) -> None:
    for n in (2, "2", 0, True, "x", 1.5):
        error = refusal(model=model, prompt="p", n=n)
        assert (error.status, error.param) == (400, "n")


def test_what_is_empty_is_not_given() -> None:
    empty: dict[str, Value] = {
        "seconds": "",
        "size": None,
        "input_reference": "",
        "references": [],
        "seed": None,
    }
    made = plan(model="gen4.5", prompt="p", **empty)
    assert made.call.mode == "text_to_video"
    assert set(made.call.body) == {"promptText", "duration", "ratio"}


def test_an_unknown_field_says_where_it_has_a_place() -> None:
    error = refusal(model="kling_4", prompt="p", video_uri="https://e.com/v", reference_videos=["x"])
    assert error.param == "reference_videos"
    assert "text to video" in error.message
    assert "image to video" in error.message
    error = refusal(model="gen4.5", prompt="p", keyframes="x")
    assert error.param == "keyframes"
