"""An extension: the video goes on for some seconds; the answer's `seconds` are both together."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop
from unit.operations.derived_harness import LINK, body, finished, refused

DATA_URI = "data:video/mp4;base64," + base64.b64encode(b"\0\0\0\x18ftypisom" + bytes(600)).decode()


@pytest.mark.parametrize(
    ("original", "seconds", "sent", "answers"),
    [
        # gen4.5 extends nothing: `runway_extend_model` does.
        (
            {"model": "gen4.5", "seconds": 5},
            "8",
            {"model": "seedance2_5", "promptVideo": LINK, "duration": 8},
            ("seedance2_5", "13", "1280x720"),
        ),
        (
            {"model": "sora-2-pro", "seconds": 12},
            20,
            {"model": "seedance2_5", "promptVideo": LINK, "duration": 20},
            ("sora-2-pro", "32", "720x1280"),
        ),
        (
            {"model": "gemini_omni_flash_1.1", "seconds": 6},
            "4",
            {"model": "gemini_omni_flash_1.1", "videoUri": LINK, "duration": 4},
            ("gemini_omni_flash_1.1", "10", "1280x720"),
        ),
        # More than the original's model adds at once.
        (
            {"model": "gemini_omni_flash_1.1", "seconds": 6},
            "12",
            {"model": "seedance2_5", "promptVideo": LINK, "duration": 12},
            ("seedance2_5", "18", "1280x720"),
        ),
        (
            {"model": "seedance2_5", "seconds": "auto"},
            "6",
            {"model": "seedance2_5", "promptVideo": LINK, "duration": 6},
            ("seedance2_5", "6", "1280x720"),
        ),
    ],
)
@in_a_loop
async def test_the_length_is_told_to_runway_and_the_total_to_the_client(
    original: dict[str, Any], seconds: object, sent: dict[str, Any], answers: tuple[str, str, str]
) -> None:
    harness = ServiceHarness(aliases=["sora-2*=seedance2_5"])
    video_id = await finished(harness, **original)
    asked = body(prompt="it sails on", video={"id": video_id}, seconds=seconds)
    video = await harness.video("POST", "/extensions", asked)
    assert harness.runway.bodies[-1] == {"promptText": "it sails on", "mode": "extend", **sent}
    assert (video["model"], video["seconds"], video["size"]) == answers
    assert video["remixed_from_video_id"] is None  # OpenAI's name for remixes alone
    harness.set(status="SUCCEEDED", output=[LINK])
    assert (await harness.video("GET", f"/{video['id']}"))["seconds"] == answers[1]


@in_a_loop
async def test_a_video_that_is_sent_along_is_extended_too() -> None:
    harness = ServiceHarness(extend_model="gemini_omni_flash_1.1")
    video = await harness.video(
        "POST", "/extensions", body(prompt="on", video=DATA_URI, seconds="4", size="1280x720")
    )
    assert harness.runway.bodies == [
        {
            "model": "gemini_omni_flash_1.1",
            "mode": "extend",
            "promptText": "on",
            "videoUri": DATA_URI,
            "duration": 4,
            "ratio": "1280:720",
        }
    ]
    assert video["seconds"] == "4"  # how long the file is nobody has said


@pytest.mark.parametrize(
    ("fields", "param", "word"),
    [
        ({"seconds": None}, "seconds", "required"),
        ({"seconds": "3"}, "seconds", "4 to 30"),
        ({"seconds": "31"}, "seconds", "4 to 30"),
        ({"seconds": "soon"}, "seconds", "whole number"),
        ({"model": "aleph2"}, "model", "seedance2_5"),
        ({"mode": "edit"}, "mode", "`extend`"),
        ({"prompt": None}, "prompt", "required"),
        ({"video": None}, "video", "required"),
        ({"size": "1280x720", "model": "seedance2_5"}, "size", "cannot be given"),
    ],
)
@in_a_loop
async def test_what_cannot_work_names_the_clients_parameter(
    fields: dict[str, Any], param: str, word: str
) -> None:
    harness = ServiceHarness()
    video_id = await finished(harness)
    given: dict[str, Any] = {"prompt": "on", "video": {"id": video_id}, "seconds": "4"}
    error = await refused(harness, "/extensions", 400, **(given | fields))
    assert error.param == param
    assert word in error.message
