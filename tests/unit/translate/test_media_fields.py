"""Pictures and videos in every shape that clients send."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from runway_videos.media import Media
from runway_videos.request_body import Upload, Value
from unit.translate.rows import PICTURE, VIDEO, plan, refusal, wire_body

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(600)
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(600)
SECOND = "https://example.com/last.png"


def picture(value: Value, model: str = "gen4.5", form: bool = False) -> Any:
    return wire_body(plan(form, model=model, prompt="p", input_reference=value))["promptImage"]


@pytest.mark.parametrize(
    "value",
    [
        PICTURE,
        {"image_url": PICTURE},
        {"image_url": {"url": PICTURE}},
        {"url": PICTURE},
        {"uri": PICTURE},
        [PICTURE],
        json.dumps({"image_url": PICTURE}),
        [{"image_url": PICTURE}],
    ],
)
def test_one_picture(value: Value) -> None:
    assert picture(value) == PICTURE


def test_a_list_with_positions_stays_one() -> None:
    items: Value = [{"uri": PICTURE, "position": "first"}]
    assert picture(items) == items
    assert picture({"uri": PICTURE, "position": "first"}) == items


@pytest.mark.parametrize("form", [False, True])
def test_first_and_last_frame(form: bool) -> None:
    frames = [{"uri": PICTURE, "position": "first"}, {"uri": SECOND, "position": "last"}]
    assert picture([PICTURE, SECOND], "veo3.1", form) == frames
    assert picture([{"image_url": PICTURE}, {"uri": SECOND}], "veo3.1", form) == frames
    swapped: Value = [{"uri": SECOND, "position": "last"}, PICTURE]
    assert picture(swapped, "veo3.1", form) == [frames[1], frames[0]]
    assert picture(json.dumps(frames), "veo3.1", form) == frames


def test_pictures_without_positions_are_references_where_positions_are_optional() -> None:
    for model in ("seedance2", "hailuo3", "wan3"):
        assert picture([PICTURE, SECOND], model) == [{"uri": PICTURE}, {"uri": SECOND}]
        assert picture([{"uri": PICTURE}], model) == [{"uri": PICTURE}]
        assert picture(PICTURE, model) == PICTURE


def test_open_items_keep_what_the_client_says() -> None:
    items: Value = [{"uri": PICTURE, "position": "middle", "seconds": 2}]
    assert picture(items, "kling_4") == items


def test_a_file_in_a_place_that_nothing_is_known_of() -> None:
    mask: Value = [{"uri": PICTURE, "mask": [Upload(PNG, "a.png", "image/png")]}]
    error = refusal(model="kling_4", prompt="p", input_reference=mask)
    assert (error.status, error.param) == (400, "input_reference[0].mask[0]")


def test_more_pictures_than_the_model_takes() -> None:
    error = refusal(model="gen4.5", prompt="p", input_reference=[PICTURE, SECOND])
    assert (error.status, error.param) == (400, "input_reference")
    assert "at most 1" in error.message
    position: Value = [{"uri": PICTURE, "position": "last"}]
    error = refusal(model="gen4.5", prompt="p", input_reference=position)
    assert error.param == "input_reference[0].position"


@pytest.mark.parametrize("value", [{"file_id": "file-1"}, [{"file_id": "file-1"}, PICTURE]])
def test_openais_files_cannot_be_read(value: Value) -> None:
    error = refusal(model="veo3.1", prompt="p", input_reference=value)
    assert error.status == 400
    assert error.param is not None
    assert error.param.endswith("file_id")
    assert "OpenAI" in error.message


@pytest.mark.parametrize("value", [5, True, {"detail": "high"}, [None], "http://x.y/z"])
def test_what_is_no_picture(value: Value) -> None:
    error = refusal(model="gen4.5", prompt="p", input_reference=value)
    assert error.status == 400
    assert error.param is not None
    assert error.param.startswith("input_reference")


def test_an_uploaded_picture_travels_inside_the_body() -> None:
    upload = Upload(memoryview(PNG), "upload", "application/octet-stream")
    made = plan(True, model="gen4.5", prompt="p", input_reference=upload)
    assert isinstance(made.call.body["promptImage"], Media)
    assert made.call.media == []
    expected = "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert wire_body(made)["promptImage"] == expected


def test_a_large_upload_waits_for_its_uri() -> None:
    upload = Upload(PNG + bytes(4_000_000), "a.png", "image/png")
    frames: Value = [upload, PICTURE]
    made = plan(True, model="veo3.1", prompt="p", input_reference=frames)
    (media,) = made.call.media
    assert media.mime == "image/png"
    body = json.loads(made.call.render({id(media): "runway://uploaded"}))
    assert body["promptImage"] == [
        {"uri": "runway://uploaded", "position": "first"},
        {"uri": PICTURE, "position": "last"},
    ]
    # For another key the same call is rendered again, with a URI of that key's organisation.
    assert b"runway://again" in made.call.render({id(media): "runway://again"})


def test_uploads_and_data_uris_in_references() -> None:
    upload = Upload(PNG, "a.png", "image/png")
    data = "data:image/gif;base64," + base64.b64encode(PNG).decode()
    made = plan(True, model="seedance2", prompt="p", references=[upload, data, {"uri": upload}])
    uris = {item["uri"] for item in wire_body(made)["references"]}
    assert uris == {"data:image/png;base64," + base64.b64encode(PNG).decode()}
    error = refusal(model="seedance2", prompt="p", references=[Upload(MP4, "a.png", "image/png")])
    assert error.param == "references[0].uri"
    assert "image/png" in error.message


@pytest.mark.parametrize("name", ["video_uri", "video", "prompt_video", "videoUri", "promptVideo"])
@pytest.mark.parametrize(("model", "wire"), [("aleph2", "videoUri"), ("seedance2", "promptVideo")])
def test_a_video_under_any_name_goes_where_the_model_wants_it(name: str, model: str, wire: str) -> None:
    field: dict[str, Value] = {name: VIDEO}
    made = plan(model=model, prompt="p", **field)
    assert made.call.path == "/v1/video_to_video"
    assert wire_body(made)[wire] == VIDEO


def test_videos_in_other_shapes() -> None:
    upload = Upload(MP4, "clip", "")
    shapes: list[Value] = [{"url": VIDEO}, [VIDEO], {"uri": VIDEO}, upload]
    for value in shapes:
        assert wire_body(plan(model="aleph2", prompt="p", video_uri=value))["videoUri"]
    error = refusal(model="aleph2", prompt="p", video={"id": "video_123"})
    assert error.param == "video.id"


def test_a_picture_beside_a_video() -> None:
    error = refusal(model="seedance2", prompt="p", input_reference=PICTURE, video_uri=VIDEO)
    assert (error.status, error.param) == (400, "input_reference")
    assert "`references`" in error.message


def test_a_reference_of_another_shape() -> None:
    made = plan(model="klingO3_pro", prompt="p", input_reference=PICTURE, references=SECOND)
    assert wire_body(made)["references"] == [{"uri": SECOND}]
    tagged: Value = {"uri": SECOND, "tag": "hero", "position": "last"}
    made = plan(model="klingO3_pro", prompt="p", input_reference=PICTURE, references=tagged)
    assert wire_body(made)["references"] == [{"uri": SECOND, "position": "last"}]
    assert made.ignored == ("references[0].tag",)
