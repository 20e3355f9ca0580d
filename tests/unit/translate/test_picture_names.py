"""The names that other clients have for the first picture and the last: all are sent, or a 400."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.media import Media
from runway_videos.request_body import Upload, Value
from runway_videos.translate import Plan
from unit.translate.rows import CATALOG, PICTURE, VIDEO, plan, refusal

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(600)
SECOND = "https://example.com/last.png"
OTHERS = ("image", "images", "image_url", "first_frame")
NAMES = ("input_reference", "promptImage", *OTHERS, "imageUrl", "firstFrame")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("model", ["gen4.5", "seedance2_5", "runway/of-tomorrow", "sora-2"])
def test_what_other_clients_call_the_first_picture(name: str, model: str) -> None:
    forms: list[Value] = [
        PICTURE,
        [PICTURE],
        {"url": PICTURE},
        {"image_url": {"url": PICTURE}},
        json.dumps([PICTURE]),
    ]
    for value in forms:
        made = plan(model=model, prompt="p", **{name: value})
        assert made.call.mode == "image_to_video"
        assert made.call.body["promptImage"] == PICTURE
    made = plan(True, model=model, prompt="p", **{name: Upload(PNG, "upload", "")})
    assert isinstance(made.call.body["promptImage"], Media)


@pytest.mark.parametrize("name", OTHERS)
def test_a_list_of_one_under_another_name_is_a_first_frame(name: str) -> None:
    listed: Value = [{"url": PICTURE}]
    made = plan(model="seedance2_5", prompt="p", **{name: listed})
    assert made.call.body["promptImage"] == PICTURE


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", ["gen4.5", "seedance2_5", "runway/of-tomorrow", "sora-2"])
def test_several_pictures_whose_part_is_not_plain_are_refused(name: str, model: str) -> None:
    several: Value = [PICTURE, SECOND]
    error = refusal(model=model, prompt="p", **{name: several})
    assert (error.status, error.param) == (400, name)
    for other in ("`input_reference`", "`last_frame`", "`reference_images`"):
        assert other in error.message
    both: Value = [{"uri": PICTURE, "position": "first"}, {"uri": SECOND, "position": "last"}]
    assert plan(model="veo3.1", prompt="p", **{name: both}).call.body["promptImage"] == both


@pytest.mark.parametrize("model", ["veo3.1", "seedance2_5", "sora-2", "kling3.0_pro", "runway/of-tomorrow"])
@pytest.mark.parametrize("first", ["input_reference", "first_frame", "image"])
def test_a_last_frame_beside_the_first(model: str, first: str) -> None:
    value: Value = [PICTURE] if first == "image" else PICTURE
    made = plan(model=model, prompt="p", last_frame={"image_url": SECOND}, **{first: value})
    assert made.call.mode == "image_to_video"
    assert made.call.body["promptImage"] == [
        {"uri": PICTURE, "position": "first"},
        {"uri": SECOND, "position": "last"},
    ]


def test_a_last_frame_alone() -> None:
    made = plan(model="sora-2", prompt="p", lastFrame=[SECOND])
    assert made.call.body["promptImage"] == [{"uri": SECOND, "position": "last"}]
    error = refusal(model="veo3.1", prompt="p", last_frame=SECOND)
    assert error.param == "last_frame"
    assert "needs a first frame" in error.message


def test_a_last_frame_without_a_place_is_refused() -> None:
    for model in ("gen4.5", "kling_4", "gen4_turbo"):
        error = refusal(model=model, prompt="p", image=PICTURE, last_frame=SECOND)
        assert (error.status, error.param, error.code) == (400, "last_frame", "unknown_parameter")
        assert "seedance2_5" in error.message
        assert "gen4" not in error.message.partition("Models")[2]
    error = refusal(model="aleph2", prompt="p", video_uri=VIDEO, last_frame=SECOND)
    assert error.param == "last_frame"
    error = refusal(model="aleph2", prompt="p", last_frame=SECOND)
    assert error.param == "last_frame"


def test_a_last_frame_beside_a_list_with_positions_is_refused() -> None:
    listed: Value = [{"uri": PICTURE, "position": "first"}]
    values: list[Value] = [listed, [PICTURE, SECOND]]
    for value in values:
        error = refusal(model="veo3.1", prompt="p", input_reference=value, last_frame=SECOND)
        assert error.param == "last_frame"
    error = refusal(
        model="veo3.1", prompt="p", image=PICTURE, last_frame=Upload(b"none", "a.png", "image/png")
    )
    assert error.param == "last_frame"


def test_two_first_pictures_are_refused() -> None:
    error = refusal(model="gen4.5", prompt="p", image=PICTURE, first_frame=SECOND)
    assert (error.param, "two names" in error.message) == ("first_frame", True)
    assert plan(model="gen4.5", prompt="p", image=PICTURE, first_frame=PICTURE).call.mode == "image_to_video"


def test_a_model_without_pictures_names_the_clients_own_parameter() -> None:
    error = refusal(model="aleph2", prompt="p", images=[PICTURE])
    assert error.param == "images"
    assert "`images`" in error.message


@pytest.mark.parametrize("name", ["background", "style", "metadata", "quality"])
def test_a_picture_is_never_left_out(name: str) -> None:
    data = "data:image/png;base64," + base64.b64encode(PNG).decode()
    values: list[Value] = [Upload(PNG, "a.png", "image/png"), data, {"picture": [data]}]
    for value in values:
        error = refusal(model="sora-2", prompt="p", **{name: value})
        assert (error.status, error.param) == (400, name)


def planned(model: str, pictures: dict[str, Value]) -> Plan | ApiError:
    try:
        return plan(model=f"runway/{model}", prompt="words", **pictures)
    except ApiError as error:
        return error


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(CATALOG.models()),
    st.dictionaries(st.sampled_from([*NAMES, "last_frame"]), st.sampled_from([PICTURE, SECOND]), min_size=1),
)
def test_every_picture_is_sent_or_the_create_is_refused(model: str, pictures: dict[str, Value]) -> None:
    made = planned(model, pictures)
    if isinstance(made, ApiError):
        assert made.status == 400
        assert made.param in pictures
        return
    assert made.call.mode == "image_to_video"
    sent = json.dumps(made.call.body["promptImage"])
    assert all(str(url) in sent for url in pictures.values())
