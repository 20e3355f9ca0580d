"""Remixes, edits and extensions with the stock `openai` client, in JSON and in forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import httpx
import openai
import pytest
from openai.types import Video

from asking import check_video, client, curl, error_of, finished, needs_curl, web
from end_to_end.conftest import Folders
from origins import Origin
from running import Proxy
from runway_videos.sandbox.clip_lengths import of_length, seconds_of
from sandbox_server import SandboxServer

pytestmark = [
    pytest.mark.dependencies,
    pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def app(plain: Proxy) -> Iterator[openai.OpenAI]:
    with client(plain.base_url) as app:
        yield app


@pytest.fixture(scope="module")
def original(direct: httpx.Client, app: openai.OpenAI) -> Video:
    """A finished video."""
    video = app.videos.create(prompt="a paper boat", model="sora-2", seconds="8", size="1280x720")
    finished(direct, video.id)
    return video


@pytest.fixture
def prompt(request: pytest.FixtureRequest) -> str:
    """A prompt that no other test has."""
    return f"in the rain {request.node.name}"


def sent_for(sandbox_server: SandboxServer, prompt: str) -> dict[str, Any]:
    """The body of the only create with this prompt, without its link; that it is a good one is checked."""
    mode, body = sandbox_server.task_call(prompt)
    assert mode == "video_to_video"
    link = body.pop("promptVideo", None) or body.pop("videoUri")
    assert link.startswith(f"{sandbox_server.url}/outputs/")
    assert "Signature=" in link
    return body


def bytes_of(app: openai.OpenAI, direct: httpx.Client, video_id: str) -> bytes:
    """A video's bytes, when it is finished."""
    assert finished(direct, video_id)["status"] == "completed"
    return app.videos.download_content(video_id).read()


def test_remix(
    app: openai.OpenAI, direct: httpx.Client, sandbox_server: SandboxServer, original: Video, prompt: str
) -> None:
    remix = app.videos.remix(original.id, prompt=prompt)
    body = check_video(remix.model_dump(include=set(remix.model_fields_set)))
    assert (body["remixed_from_video_id"], body["prompt"]) == (original.id, prompt)
    assert (body["model"], body["seconds"], body["size"]) == ("sora-2", "8", "1280x720")
    assert sent_for(sandbox_server, prompt)["duration"] == 8
    assert seconds_of(bytes_of(app, direct, remix.id)) == 8
    assert app.videos.retrieve(remix.id).remixed_from_video_id == original.id
    # A remix can be remixed, and lives when its original is gone.
    again = app.videos.remix(remix.id, prompt=f"{prompt}, again")
    assert again.remixed_from_video_id == remix.id
    assert app.videos.delete(remix.id).deleted
    assert finished(direct, again.id)["remixed_from_video_id"] == remix.id


def test_remix_of_what_is_not_finished_failed_or_is_gone(app: openai.OpenAI, direct: httpx.Client) -> None:
    slow, failed, gone = (app.videos.create(prompt=f"{word} early") for word in ("[slow]", "[fail]", "a"))
    finished(direct, failed.id)
    app.videos.delete(gone.id)
    for video, code in ((slow, "video_not_ready"), (failed, "video_failed"), (gone, "video_gone")):
        with pytest.raises(openai.BadRequestError) as caught:
            app.videos.remix(video.id, prompt="too early")
        assert caught.value.code == code


@pytest.mark.parametrize("way", ["video[id]", "JSON", "JSON in a form", "litellm"])
def test_edit_by_id(
    app: openai.OpenAI,
    plain: Proxy,
    direct: httpx.Client,
    sandbox_server: SandboxServer,
    original: Video,
    prompt: str,
    way: str,
) -> None:
    by_id = {"id": original.id}
    none = cast(Any, openai.omit)
    match way:
        case "video[id]":
            video = app.videos.edit(prompt=prompt, video=none, extra_body={"video": by_id})
        case "JSON":
            body = {"prompt": prompt, "video": by_id, "model": "runway/aleph2"}
            video = app.post("/videos/edits", body=body, cast_to=Video)
        case "JSON in a form":
            more = {"video": json.dumps(by_id), "seed": 7, "model": "aleph2"}
            video = app.videos.edit(prompt=prompt, video=none, extra_body=more)
        case _:
            with web(plain.url) as calls:
                answer = calls.post("/v1/videos/edits", json={"prompt": prompt, "video": by_id})
            video = Video.model_validate(check_video(answer.json()))
    assert (video.seconds, video.remixed_from_video_id) == ("8", original.id)
    sent = sent_for(sandbox_server, prompt)
    assert sent["promptText"] == prompt
    assert seconds_of(bytes_of(app, direct, video.id)) == 8


@pytest.mark.parametrize("large", [False, True], ids=["small", "uploaded"])
def test_edit_of_a_file(
    app: openai.OpenAI, direct: httpx.Client, sandbox_server: SandboxServer, prompt: str, large: bool
) -> None:
    clip = of_length(sandbox_server.sandbox.clips[False].read(), 6)
    data = clip + (8 + (5 << 20)).to_bytes(4) + b"free" + bytes(5 << 20) if large else clip
    video = app.videos.edit(prompt=prompt, video=("clip.mp4", data))
    assert (video.model, video.seconds, video.size) == ("aleph2", "6", "1280x720")
    assert video.remixed_from_video_id is None
    _, sent = sandbox_server.task_call(prompt)
    assert sent["videoUri"].startswith("runway://" if large else "data:video/mp4;base64,")
    assert seconds_of(bytes_of(app, direct, video.id)) == 6


def test_extend_by_id_and_of_a_file(
    app: openai.OpenAI, direct: httpx.Client, sandbox_server: SandboxServer, original: Video, prompt: str
) -> None:
    none = cast(Any, openai.omit)
    video = app.videos.extend(
        prompt=prompt, seconds="12", video=none, extra_body={"video": {"id": original.id}}
    )
    assert (video.model, video.seconds, video.remixed_from_video_id) == ("sora-2", "20", None)
    sent = sent_for(sandbox_server, prompt)
    assert sent == {"model": "seedance2_5", "promptText": prompt, "mode": "extend", "duration": 12}
    assert seconds_of(bytes_of(app, direct, video.id)) == 20
    clip = sandbox_server.sandbox.clips[True].read()
    of_file = app.videos.extend(prompt=f"{prompt} of a file", seconds="4", video=clip)
    assert of_file.seconds == "8"  # the file's own four seconds are in it
    assert seconds_of(bytes_of(app, direct, of_file.id)) == 8
    longer = {"prompt": f"{prompt} JSON", "seconds": "4", "video": {"id": video.id}}
    assert app.post("/videos/extensions", body=longer, cast_to=Video).seconds == "24"


def test_the_key_that_made_it_makes_another(folder: Folders) -> None:
    organisations = {"key_of_team_a_0123": "team-a", "key_of_team_b_0123": "team-b"}
    with (
        SandboxServer(organisations) as runway,
        Proxy(folder(), **runway.options()) as proxy,
        client(proxy.base_url) as app,
        web(proxy.url) as calls,
    ):
        videos = [app.videos.create(prompt=f"original {number}") for number in range(2)]
        for number, video in enumerate(videos):
            finished(calls, video.id)
            for time in range(3):
                app.videos.remix(video.id, prompt=f"remix {number} {time}")
            (made,) = runway.creates(f"original {number}")
            remixes = [runway.creates(f"remix {number} {time}")[0] for time in range(3)]
            assert {each.organisation for each in remixes} == {made.organisation}


def test_characters_are_refused_in_words(app: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="reference_images") as caught:
        app.videos.create_character(name="a cat", video=b"x")
    assert caught.value.code == "unsupported_operation"
    with pytest.raises(openai.BadRequestError, match="reference_images"):
        app.videos.get_character("char_1")


def test_a_video_of_another_service_is_a_404_or_passed_on(
    plain: Proxy, direct: httpx.Client, origin: Origin
) -> None:
    body = {"prompt": "theirs", "video": {"id": "video_68d7"}, "seconds": "4"}
    for path in ("edits", "extensions"):
        assert error_of(direct.post(f"/v1/videos/{path}", json=body), 404)["code"] == "not_found"
        with httpx.Client(proxy=plain.url, trust_env=False) as through:
            answer = through.post(f"{origin.url}/v1/videos/{path}", json=body)
        assert answer.status_code == 200


@needs_curl
def test_curl_remixes(direct: httpx.Client, plain: Proxy, original: Video, prompt: str) -> None:
    url = f"{plain.base_url}/videos/{original.id}/remix"
    done = curl(url, "-d", json.dumps({"prompt": prompt}))
    assert check_video(json.loads(done.stdout))["remixed_from_video_id"] == original.id
    done = curl(url, "-F", f"prompt={prompt} in a form")
    assert check_video(json.loads(done.stdout))["prompt"] == f"{prompt} in a form"
