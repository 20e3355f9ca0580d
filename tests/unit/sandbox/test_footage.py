"""Videos as inputs: outputs of the sandbox itself, uploads, data URIs; and what is made of them."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from runway_videos.sandbox.clip_lengths import of_length, seconds_of
from runway_videos.sandbox.footage import Footage, made
from unit.sandbox.harness import Running


def video_to_video(sandbox: Running, **fields: object) -> float | None:
    """The length of the video that comes of a body, by its bytes."""
    answer = sandbox.api.post("/v1/video_to_video", json={"promptText": "rain", **fields})
    assert answer.status_code == 200, answer.text
    sandbox.clock.now += 60
    (url,) = sandbox.status(answer.json()["id"])["output"]
    return seconds_of(sandbox.plain.get(url).content)


def test_a_video_is_as_long_as_asked_for(sandbox: Running) -> None:
    for seconds in (2, 4, 9):
        assert seconds_of(sandbox.plain.get(sandbox.output(duration=seconds)).content) == seconds


def test_of_an_output_its_length_and_what_is_added(sandbox: Running) -> None:
    url = sandbox.output(duration=6)
    assert video_to_video(sandbox, model="aleph2", videoUri=url) == 6
    extended = {"promptVideo": url, "mode": "extend"}
    assert video_to_video(sandbox, model="seedance2_5", **extended, duration=9) == 15
    assert video_to_video(sandbox, model="seedance2_5", promptVideo=url, mode="edit", duration="auto") == 6
    assert video_to_video(sandbox, model="seedance2", promptVideo=url, duration=5) == 5


def test_of_an_upright_output_an_upright_video(sandbox: Running) -> None:
    url = sandbox.output(ratio="720:1280")
    answer = sandbox.api.post("/v1/video_to_video", json={"model": "aleph2", "videoUri": url})
    sandbox.clock.now += 60
    (output,) = sandbox.status(answer.json()["id"])["output"]
    assert sandbox.plain.get(output).content == sandbox.sandbox.clips[True].read()


def test_of_a_data_uri_and_of_an_upload(sandbox: Running) -> None:
    data = of_length(sandbox.sandbox.clips[False].read(), 7)
    uri = "data:video/mp4;base64," + base64.b64encode(data).decode()
    assert video_to_video(sandbox, model="aleph2", videoUri=uri) == 7
    slot = sandbox.api.post("/v1/uploads", json={"filename": "a.mp4", "type": "ephemeral"}).json()
    sandbox.plain.post(slot["uploadUrl"], data=slot["fields"], files={"file": ("a.mp4", data)})
    assert video_to_video(sandbox, model="aleph2", videoUri=slot["runwayUri"]) == 7


def test_of_a_video_elsewhere_the_usual_length(sandbox: Running) -> None:
    assert video_to_video(sandbox, model="aleph2", videoUri="https://example.com/a.mp4") == 4


@pytest.mark.parametrize(
    ("change", "mode", "field", "word"),
    [
        (lambda url: url, "image_to_video", "promptImage", "Expected image"),
        (lambda url: url.replace("Signature=", "Signature=0"), "video_to_video", "videoUri", "403"),
        (lambda url: url.replace("Expires=", "Expires=9"), "video_to_video", "videoUri", "403"),
    ],
)
def test_a_link_that_does_not_open_is_refused(
    sandbox: Running, change: Callable[[str], str], mode: str, field: str, word: str
) -> None:
    url = change(sandbox.output())
    model = {"model": "aleph2" if mode == "video_to_video" else "gen4_turbo"}
    answer = sandbox.api.post(
        f"/v1/{mode}", json={**model, "promptText": "a", "ratio": "1280:720", field: url}
    )
    assert answer.status_code == 400
    assert word in answer.text


def test_a_link_is_of_no_use_when_it_has_expired_or_its_video_is_gone(sandbox: Running) -> None:
    url = sandbox.output()
    body = {"model": "aleph2", "videoUri": url}
    task = url.partition("?")[0].rpartition("/")[2].removesuffix(".mp4")
    sandbox.clock.now += 90_000
    assert "HTTP 403" in sandbox.api.post("/v1/video_to_video", json=body).text
    fresh = sandbox.status(task)["output"][0]
    sandbox.api.delete(f"/v1/tasks/{task}")
    assert "HTTP 404" in sandbox.api.post("/v1/video_to_video", json={**body, "videoUri": fresh}).text


def test_without_a_length_an_extension_adds_the_usual_one() -> None:
    assert made({"mode": "extend", "duration": "auto"}, Footage(6.0)) == Footage(10.0)
    assert made({"mode": "extend", "duration": 5}, Footage()) == Footage(5.0)
