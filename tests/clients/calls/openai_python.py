"""Every call that openai-python has for videos, in every form. Arguments: base URL, a picture, a video."""

import asyncio
import pathlib
import sys

import openai
from report import Report

base_url, picture, footage = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
report = Report(openai.__version__)
client = openai.OpenAI(base_url=base_url, api_key="any", max_retries=2)
videos = client.videos
WAIT = {"poll_interval_ms": 50}


def has(name):
    return hasattr(videos, name)


made = report.call("create", videos.create, prompt="a boat")
report.call(
    "create, all fields", videos.create, model="sora-2", prompt="a boat", seconds="8", size="1280x720"
)
report.call("create, a file", videos.create, prompt="a boat", input_reference=picture)
report.call("create, an open file", videos.create, prompt="a boat", input_reference=picture.open("rb"))
report.call("create, bytes", videos.create, prompt="a boat", input_reference=picture.read_bytes())
report.call(
    "create, a file with name and type",
    videos.create,
    prompt="a boat",
    input_reference=("boat.png", picture.read_bytes(), "image/png"),
)
report.call(
    "create, a link in extra_body",
    videos.create,
    prompt="a boat",
    extra_body={"input_reference": {"image_url": "https://example.com/boat.png"}},
)
report.call("create, extra_body", videos.create, prompt="a boat", extra_body={"seed": 42})
report.call("create, JSON", client.post, "/videos", body={"prompt": "a boat", "seconds": 4}, cast_to=object)
report.call("create_and_poll", videos.create_and_poll, prompt="a boat", **WAIT)
report.call("with_raw_response", lambda: videos.with_raw_response.create(prompt="a boat").parse().id)
failed = report.call("create_and_poll, fails", videos.create_and_poll, prompt="[fail] a boat", **WAIT)
if failed is not None:
    report.check("a failure says why", failed.status == "failed" and failed.error.code, str(failed))

done = report.call("poll", videos.poll, made.id, **WAIT) if made else None
if done is not None:
    report.check("it is completed", done.status == "completed" and done.progress == 100, str(done))
    report.call("retrieve", videos.retrieve, done.id)
    report.call("retrieve, held", videos.retrieve, done.id, extra_headers={"Prefer": "wait=5"})
    content = report.call("download_content", lambda: videos.download_content(done.id).read())
    report.check("it is a video", bool(content) and content[4:8] == b"ftyp", repr(content)[:80])
    for variant, mark in (("thumbnail", b"RIFF"), ("spritesheet", b"\xff\xd8")):
        name = f"download_content, {variant}"
        content = report.call(name, lambda: videos.download_content(done.id, variant=variant).read())  # noqa: B023
        report.check(
            f"{variant} is a picture", bool(content) and content.startswith(mark), repr(content)[:80]
        )

    def streamed():
        with videos.with_streaming_response.download_content(done.id) as response:
            return sum(len(part) for part in response.iter_bytes(1000))

    report.call("download_content, streamed", streamed)
    report.call("remix", videos.remix, done.id, prompt="at night")
    if has("edit"):
        # The client itself takes no dict for `video`.
        body = {"prompt": "at night", "video": {"id": done.id}}
        report.call("edit, an id", client.post, "/videos/edits", body=body, cast_to=object)
        report.call("edit, a file", videos.edit, prompt="at night", video=footage)
    if has("extend"):
        body = {"prompt": "goes on", "seconds": "4", "video": {"id": done.id}}
        report.call("extend, an id", client.post, "/videos/extensions", body=body, cast_to=object)
        report.call("extend, a file", videos.extend, prompt="goes on", seconds="4", video=footage)
    pages = report.call("list, every page", lambda: [video.id for video in videos.list(limit=3)])
    report.check("each video once", bool(pages) and len(set(pages)) == len(pages) > 6, str(pages))
    report.call("list, oldest first", lambda: list(videos.list(order="asc", limit=2))[0].id)
    report.call("delete", videos.delete, done.id)

    def gone():
        try:
            videos.retrieve(done.id)
        except openai.NotFoundError:
            return True
        return False

    report.check("a deleted video is gone", gone(), "it is there")
    report.check("models", "sora-2" in [model.id for model in client.models.list()], "no sora-2")


async def asynchronous():
    async with openai.AsyncOpenAI(base_url=base_url, api_key="any") as user:
        video = await user.videos.create_and_poll(prompt="a boat", **WAIT)
        content = await user.videos.download_content(video.id)
        await user.videos.delete(video.id)
        return [each.id async for each in user.videos.list(limit=2)][0] and await content.aread()


report.call("asynchronous: create_and_poll, download, delete, list", lambda: asyncio.run(asynchronous()))
