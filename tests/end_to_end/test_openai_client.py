"""Unchanged application code with the stock `openai` client: the proxy is its base URL."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import openai
import pytest
from openai.types import Video

from asking import CONSTANT_KEYS, PNG, check_video, client, finished, until, web
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = [
    pytest.mark.dependencies,
    pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"),
    pytest.mark.slow,
]


@pytest.fixture
def app(proxy: Proxy) -> Iterator[openai.OpenAI]:
    with client(proxy.base_url) as app:
        yield app


def body_of(video: Video) -> dict[str, Any]:
    """What was on the wire: the client keeps all keys, null ones too."""
    return check_video(video.model_dump(include=set(video.model_fields_set)))


def wait(app: openai.OpenAI, video: Video) -> Video:
    def ended() -> Video | None:
        return now if (now := app.videos.retrieve(video.id)).status in ("completed", "failed") else None

    return until(ended, video.id)


def test_create_with_a_prompt_alone_is_a_sora_2_video(
    app: openai.OpenAI, sandbox_server: SandboxServer, request: pytest.FixtureRequest
) -> None:
    prompt = f"a paper boat {request.node.name}"
    video = app.videos.create(prompt=prompt)
    body = body_of(video)
    assert (body["status"], body["progress"], body["model"]) == ("queued", 0, "sora-2")
    assert (body["seconds"], body["size"], body["prompt"]) == ("4", "720x1280", prompt)
    mode, sent = sandbox_server.task_call(prompt)
    assert mode == "text_to_video"
    assert sent == {"model": "seedance2_mini", "promptText": prompt, "duration": 4, "ratio": "720:1280"}


def test_all_that_the_client_has_parameters_for(
    app: openai.OpenAI, sandbox_server: SandboxServer, request: pytest.FixtureRequest
) -> None:
    prompt = f"a kite {request.node.name}"
    video = app.videos.create(prompt=prompt, model="sora-2-pro", seconds="8", size="1280x720")
    assert (video.model, video.seconds, video.size) == ("sora-2-pro", "8", "1280x720")
    mode, sent = sandbox_server.task_call(prompt)
    assert mode == "text_to_video"
    assert (sent["model"], sent["duration"], sent["ratio"]) == ("seedance2_5", 8, "1280:720")


@pytest.mark.parametrize("how", ["bytes", "path", "file", "tuple"])
def test_uploaded_picture_becomes_the_first_frame(
    app: openai.OpenAI,
    sandbox_server: SandboxServer,
    tmp_path: Path,
    how: str,
    request: pytest.FixtureRequest,
) -> None:
    path = tmp_path / "first frame.png"
    path.write_bytes(PNG)
    prompt = f"it comes alive {request.node.name}"
    with path.open("rb") as file:
        picture = {"bytes": PNG, "path": path, "file": file, "tuple": ("x.png", PNG, "image/png")}[how]
        video = app.videos.create(prompt=prompt, input_reference=cast(Any, picture))
    assert body_of(video)["status"] == "queued"
    mode, sent = sandbox_server.task_call(prompt)
    assert mode == "image_to_video"
    assert str(sent["promptImage"]).count("data:image/png;base64,") == 1


def test_a_large_picture_is_uploaded_whole(
    app: openai.OpenAI, sandbox_server: SandboxServer, request: pytest.FixtureRequest
) -> None:
    # Behind the end of a PNG comes what readers skip: 6 MB do not fit into a data URI.
    picture = PNG + request.node.name.encode() + bytes(6_000_000)
    prompt = f"large {request.node.name}"
    app.videos.create(prompt=prompt, model=cast(Any, "runway/gen4.5"), input_reference=("big.png", picture))
    _, sent = sandbox_server.task_call(prompt)
    assert "runway://" in str(sent["promptImage"])
    uploaded = [
        seen.body for seen in sandbox_server.seen("POST", "/uploads") if seen.body and "sha256" in seen.body
    ]
    assert hashlib.sha256(picture).hexdigest() in [body["sha256"] for body in uploaded]


def test_nested_fields_in_extra_body_reach_runway(
    app: openai.OpenAI, sandbox_server: SandboxServer, request: pytest.FixtureRequest
) -> None:
    prompt = f"extra {request.node.name}"
    video = app.videos.create(
        prompt=prompt,
        model=cast(Any, "runway/gen4.5"),
        seconds=cast(Any, "5"),
        size="1280x720",
        extra_body={"seed": 42, "content_moderation": {"public_figure_threshold": "low"}},
    )
    assert (video.model, video.seconds, video.size) == ("runway/gen4.5", "5", "1280x720")
    mode, sent = sandbox_server.task_call(prompt)
    assert (mode, sent["model"], sent["duration"]) == ("text_to_video", "gen4.5", 5)
    assert (sent["seed"], sent["contentModeration"]) == (42, {"publicFigureThreshold": "low"})


def test_lists_in_extra_body_reach_runway(
    app: openai.OpenAI, sandbox_server: SandboxServer, request: pytest.FixtureRequest
) -> None:
    prompt = f"lists {request.node.name}"
    references = [{"uri": f"https://example.com/{n}.png"} for n in "ab"]
    app.videos.create(
        prompt=prompt,
        model=cast(Any, "runway/seedance2"),
        extra_body={"references": references, "audio": True},
    )
    _, sent = sandbox_server.task_call(prompt)
    assert [each["uri"] for each in sent["references"]] == [each["uri"] for each in references]
    assert sent["audio"] is True


def test_video_is_made_of_a_video_in_extra_body(
    app: openai.OpenAI, sandbox_server: SandboxServer, request: pytest.FixtureRequest
) -> None:
    prompt = f"restyle {request.node.name}"
    uri = "https://example.com/clip.mp4"
    video = app.videos.create(prompt=prompt, model=cast(Any, "runway/aleph2"), extra_body={"video_uri": uri})
    mode, sent = sandbox_server.task_call(prompt)
    assert (video.model, mode, sent["videoUri"]) == ("runway/aleph2", "video_to_video", uri)


def test_create_and_poll_returns_the_completed_video(app: openai.OpenAI) -> None:
    # Without an interval of its own the client waits what the proxy says, a second.
    video = app.videos.create_and_poll(prompt="poll until it is done")
    body = body_of(video)
    assert (body["status"], body["progress"]) == ("completed", 100)
    assert body["expires_at"] == body["completed_at"] + 24 * 3600


def test_create_and_poll_returns_the_failed_video(app: openai.OpenAI) -> None:
    video = app.videos.create_and_poll(prompt="[fail:SAFETY.INPUT.TEXT]", poll_interval_ms=50)
    assert video.status == "failed"
    assert video.error is not None
    assert video.error.code == "SAFETY.INPUT.TEXT"
    assert "moderation" in video.error.message


def test_constant_fields_stay_the_same_through_a_videos_life(app: openai.OpenAI) -> None:
    video = app.videos.create(prompt="a long life", model="sora-2-pro", seconds="12", size="1792x1024")
    lives = [body_of(video)]

    def ended() -> bool | None:
        lives.append(body_of(app.videos.retrieve(video.id)))
        return lives[-1]["status"] == "completed" or None

    until(ended, "the end")
    assert all(life[name] == lives[0][name] for life in lives for name in CONSTANT_KEYS)
    order = ["queued", "in_progress", "completed"]
    ranks = [order.index(life["status"]) for life in lives]
    assert ranks == sorted(ranks)
    progress = [life["progress"] for life in lives]
    assert progress == sorted(progress)
    # Once more when it is over: nothing moves, the time of the end neither.
    assert body_of(app.videos.retrieve(video.id)) == lives[-1]


def test_downloads_whole_streamed_and_in_part(
    app: openai.OpenAI, sandbox_server: SandboxServer, tmp_path: Path
) -> None:
    video = wait(app, app.videos.create(prompt="to be downloaded"))
    clip = sandbox_server.sandbox.clips[True].read()
    whole = app.videos.download_content(video.id)
    assert whole.response.headers["content-type"] == "video/mp4"
    assert whole.read() == clip
    whole.write_to_file(tmp_path / "video.mp4")
    assert (tmp_path / "video.mp4").read_bytes() == clip
    with app.videos.with_streaming_response.download_content(video.id) as stream:
        pieces = list(stream.iter_bytes(10_000))
    assert len(pieces) > 1
    assert b"".join(pieces) == clip
    part = app.videos.download_content(video.id, extra_headers={"Range": "bytes=1000-"})
    assert part.response.status_code == 206
    assert part.response.headers["content-range"] == f"bytes 1000-{len(clip) - 1}/{len(clip)}"
    assert part.read() == clip[1000:]


def test_the_video_has_the_shape_that_was_asked_for(
    app: openai.OpenAI, sandbox_server: SandboxServer
) -> None:
    video = wait(app, app.videos.create(prompt="wide", size="1280x720"))
    assert app.videos.download_content(video.id).read() == sandbox_server.sandbox.clips[False].read()


def test_deleted_video_is_unknown_afterwards(
    app: openai.OpenAI, proxy: Proxy, sandbox_server: SandboxServer
) -> None:
    video = wait(app, app.videos.create(prompt="to be deleted"))
    tasks = sandbox_server.ask(lambda sandbox: len(sandbox.tasks))
    gone = app.videos.delete(video.id)
    assert gone.to_dict() == {"id": video.id, "object": "video.deleted", "deleted": True}
    assert sandbox_server.ask(lambda sandbox: len(sandbox.tasks)) == tasks - 1
    for call in (app.videos.retrieve, app.videos.download_content, app.videos.delete):
        with pytest.raises(openai.NotFoundError, match=video.id):
            call(video.id)


def test_delete_cancels_a_running_task(app: openai.OpenAI, sandbox_server: SandboxServer) -> None:
    video = app.videos.create(prompt="[slow] to be cancelled")
    app.videos.delete(video.id)
    assert sandbox_server.seen("DELETE", "/v1/tasks/")[-1].status == 204
    with pytest.raises(openai.NotFoundError):
        app.videos.retrieve(video.id)


def test_asynchronous_client_creates_and_downloads(
    proxy: Proxy, sandbox_server: SandboxServer, request: pytest.FixtureRequest
) -> None:
    prompt = f"async {request.node.name}"

    async def run() -> bytes:
        http = openai.DefaultAsyncHttpxClient(trust_env=False)
        async with openai.AsyncOpenAI(base_url=proxy.base_url, api_key="x", http_client=http) as app:
            videos = [app.videos.create_and_poll(prompt=prompt, poll_interval_ms=50) for _ in range(5)]
            done = await asyncio.gather(*videos)
            assert {video.status for video in done} == {"completed"}
            assert len({video.id for video in done}) == 5
            content = await app.videos.download_content(done[0].id)
            return await content.aread()

    assert asyncio.run(run()) == sandbox_server.sandbox.clips[True].read()
    assert len(sandbox_server.creates(prompt)) == 5


def test_ids_serve_from_any_connection(app: openai.OpenAI, proxy: Proxy) -> None:
    video = app.videos.create(prompt="from elsewhere")
    with web(proxy.url) as other:
        assert finished(other, video.id)["status"] == "completed"
