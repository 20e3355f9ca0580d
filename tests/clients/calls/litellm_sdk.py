"""Every call that LiteLLM's SDK has for videos. Arguments: base URL, a picture, a video."""

import importlib.metadata
import pathlib
import sys
import time

import litellm
from report import Report

base_url, picture = sys.argv[1], pathlib.Path(sys.argv[2])
report = Report(importlib.metadata.version("litellm"))
KNOWN = {"api_base": base_url, "api_key": "any"}
AT = {**KNOWN, "custom_llm_provider": "openai"}


def finished(video_id):
    while True:
        video = litellm.video_status(video_id=video_id, **AT)
        if video.status not in ("queued", "in_progress"):
            return video
        time.sleep(0.05)


made = report.call(
    "video_generation", litellm.video_generation, model="openai/sora-2", prompt="a boat", **KNOWN
)
report.call(
    "video_generation, all fields",
    litellm.video_generation,
    model="openai/sora-2",
    prompt="a boat",
    seconds="8",
    size="1280x720",
    **KNOWN,
)
report.call(
    "video_generation, a file",
    litellm.video_generation,
    model="openai/sora-2",
    prompt="a boat",
    input_reference=picture.open("rb"),
    **KNOWN,
)
if made is not None:
    done = report.call("video_status to its end", finished, made.id)
    report.check("it is completed", done is not None and done.status == "completed", str(done))
    content = report.call("video_content", litellm.video_content, video_id=made.id, **AT)
    report.check("it is a video", bool(content) and content[4:8] == b"ftyp", repr(content)[:80])
    report.call("video_remix", litellm.video_remix, video_id=made.id, prompt="at night", **AT)
    if hasattr(litellm, "video_edit"):
        report.call("video_edit", litellm.video_edit, video_id=made.id, prompt="at night", **AT)
    if hasattr(litellm, "video_extension"):
        report.call(
            "video_extension",
            litellm.video_extension,
            video_id=made.id,
            prompt="goes on",
            seconds="4",
            **AT,
        )
    report.call("video_list", litellm.video_list, **AT)
