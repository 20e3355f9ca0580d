"""An edit: a video of the caller by its id, or one that is sent along, in all forms that clients send."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from runway_videos import sandbox
from runway_videos.openai.messages import PassThrough
from runway_videos.sandbox.clip_lengths import of_length
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop
from unit.operations.derived_harness import LINK, body, finished, refused
from unit.request_body.forms import TYPE, field, form, texts

UPRIGHT = Path(sandbox.__file__).with_name("portrait.mp4")
MP4 = b"\0\0\0\x18ftypisom" + bytes(600)
DATA_URI = "data:video/mp4;base64," + base64.b64encode(MP4).decode()
PROMPT = "in the rain"
JSON_TYPE = "application/json"

BY_ID = {
    "JSON": (JSON_TYPE, body(prompt=PROMPT, video={"id": "ID"})),
    "JSON in a text": (JSON_TYPE, body(prompt=PROMPT, video=json.dumps({"id": "ID"}))),
    "the whole Video": (JSON_TYPE, body(prompt=PROMPT, video={"id": "ID", "object": "video"})),
    "the id alone": (JSON_TYPE, body(prompt=PROMPT, video="ID")),
    "a form with video[id]": (TYPE, texts([("prompt", PROMPT), ("video[id]", "ID")])),
    "a form with JSON": (TYPE, texts([("video", '{"id": "ID"}'), ("prompt", PROMPT)])),
    "a form with the id alone": (TYPE, texts([("prompt", PROMPT), ("video", "ID")])),
}
OF_FILE = {
    "a data URI": (JSON_TYPE, body(prompt=PROMPT, video=DATA_URI)),
    "a data URI in an object": (JSON_TYPE, body(prompt=PROMPT, video={"video_url": DATA_URI})),
    "a file": (TYPE, form(field("video", MP4, '; filename="upload"'), field("prompt", PROMPT))),
    "a form with a data URI": (TYPE, texts([("video", DATA_URI), ("prompt", PROMPT)])),
}


@pytest.mark.parametrize("name", BY_ID)
@in_a_loop
async def test_a_video_of_the_caller_by_its_id(name: str) -> None:
    harness = ServiceHarness()
    video_id = await finished(harness, model="gen4.5", seconds=5)
    kind, sent = BY_ID[name]
    sent = sent.replace(b"ID", video_id.encode())
    video = await harness.video("POST", "/edits", sent, headers={"content-type": kind})
    assert harness.runway.bodies[-1] == {"model": "aleph2", "promptText": PROMPT, "videoUri": LINK}
    assert (video["model"], video["seconds"], video["size"]) == ("aleph2", "5", "1280x720")
    assert video["remixed_from_video_id"] == video_id


@pytest.mark.parametrize("name", OF_FILE)
@in_a_loop
async def test_a_video_that_is_sent_along(name: str) -> None:
    harness = ServiceHarness()
    kind, sent = OF_FILE[name]
    video = await harness.video("POST", "/edits", sent, headers={"content-type": kind})
    assert harness.runway.bodies == [{"model": "aleph2", "promptText": PROMPT, "videoUri": DATA_URI}]
    assert (video["model"], video["remixed_from_video_id"]) == ("aleph2", None)
    assert [name for name, _ in harness.runway.asked] == ["create"]


@pytest.mark.parametrize("name", ["a file", "a data URI"])
@in_a_loop
async def test_a_file_that_tells_its_length_and_size_keeps_them(name: str) -> None:
    data = of_length(UPRIGHT.read_bytes(), 7)
    uri = "data:video/mp4;base64," + base64.b64encode(data).decode()
    forms = {
        "a file": (TYPE, form(field("video", data, '; filename="a"'), field("prompt", PROMPT))),
        "a data URI": (JSON_TYPE, body(prompt=PROMPT, video=uri)),
    }
    harness = ServiceHarness(remix_model="seedance2")
    kind, sent = forms[name]
    video = await harness.video("POST", "/edits", sent, headers={"content-type": kind})
    assert (video["seconds"], video["size"]) == ("7", "720x1280")
    (told,) = harness.runway.bodies
    assert (told["duration"], told["ratio"]) == (7, "720:1280")


@in_a_loop
async def test_a_url_goes_on_as_in_a_create_and_any_key_may_make_it() -> None:
    keys = [{"name": "a", "value": "env.A"}, {"name": "b", "value": "env.B"}]
    harness = ServiceHarness(keys=keys)
    url = "https://cdn.example/mine.mp4"
    for _ in range(2):
        await harness.video("POST", "/edits", body(prompt=PROMPT, video=url, model="seedance2_5"))
    assert {sent["promptVideo"] for sent in harness.runway.bodies} == {url}
    assert {sent["mode"] for sent in harness.runway.bodies} == {"edit"}
    assert set(harness.runway.made_with.values()) == {"a", "b"}


@in_a_loop
async def test_a_video_of_another_service_is_passed_on() -> None:
    for path, more in (("/edits", {}), ("/extensions", {"seconds": "4"})):
        sent = body(prompt=PROMPT, video={"id": "video_68d7"}, **more)
        found = await ServiceHarness().ask("POST", path, sent)
        assert found == PassThrough("", "video_68d7", "video.id")
    sent = body(prompt=PROMPT, video=DATA_URI, model="of-somebody")
    found = await ServiceHarness().ask("POST", "/edits", sent)
    assert isinstance(found, PassThrough)
    assert "gen4.5" in found.models


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({}, 400, "video"),
        ({"video": None}, 400, "video"),
        ({"video": {"id": ""}}, 400, "video.id"),
        ({"video": {"id": 7}}, 400, "video.id"),
        ({"video": {"id": "video_rwAAAA"}}, 404, "video.id"),
        ({"video": "video_rwAAAA"}, 404, "video"),
        ({"video": {"name": "x"}}, 400, "video"),
        ({"video": "http://x.example/a.mp4"}, 400, "video"),
        ({"video": DATA_URI, "prompt": ""}, 400, "prompt"),
        ({"video": DATA_URI, "model": "gen4.5"}, 400, "model"),
        ({"video": DATA_URI, "video_uri": "https://x.example/a.mp4"}, 400, "video_uri"),
    ],
)
@in_a_loop
async def test_what_cannot_work_names_the_clients_parameter(
    fields: dict[str, Any], status: int, param: str
) -> None:
    harness = ServiceHarness()
    error = await refused(harness, "/edits", status, **{"prompt": PROMPT, **fields})
    assert error.param == param
    assert harness.runway.asked == []
