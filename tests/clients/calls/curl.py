"""The calls as people write them with curl. Arguments: base URL, a picture, a video."""

import json
import subprocess
import sys
import time

from report import Report

base_url, picture, footage = sys.argv[1:4]
report = Report(subprocess.check_output(["curl", "--version"], text=True).split()[1])
JSON = ("-H", "Content-Type: application/json")


def curl(*arguments):
    """The body of an answer below 400."""
    command = [
        "curl",
        "-sS",
        "--fail-with-body",
        "--noproxy",
        "*",
        "-H",
        "Authorization: Bearer any",
        *arguments,
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(done.stdout.decode(errors="replace"))
    return done.stdout


def video(*arguments):
    return json.loads(curl(*arguments))


def finished(video_id):
    while True:
        found = video(f"{base_url}/videos/{video_id}")
        if found["status"] not in ("queued", "in_progress"):
            return found
        time.sleep(0.05)


CREATE = f"{base_url}/videos"
made = report.call("create, JSON", video, CREATE, *JSON, "-d", '{"prompt": "a boat", "model": "sora-2"}')
report.call("create, JSON without its type", video, CREATE, "-d", '{"prompt": "a boat", "seconds": 8}')
report.call("create, a form", video, CREATE, "-F", "prompt=a boat", "-F", "seconds=8", "-F", "size=1280x720")
report.call(
    "create, a form with a file", video, CREATE, "-F", "prompt=a boat", "-F", f"input_reference=@{picture}"
)
report.call(
    "create, a link",
    video,
    CREATE,
    *JSON,
    "-d",
    '{"prompt": "a boat", "input_reference": {"image_url": "https://example.com/boat.png"}}',
)
report.call(
    "create, chunked", video, CREATE, *JSON, "-H", "Transfer-Encoding: chunked", "-d", '{"prompt": "a boat"}'
)
if made is not None:
    at = f"{base_url}/videos/{made['id']}"
    done = report.call("retrieve to its end", finished, made["id"])
    report.check("it is completed", done is not None and done["status"] == "completed", str(done))
    report.check("content", curl("-L", f"{at}/content")[4:8] == b"ftyp", "no video")
    report.check("content, a range", len(curl("-r", "0-9", f"{at}/content")) == 10, "not ten bytes")
    report.check("thumbnail", curl(f"{at}/content?variant=thumbnail").startswith(b"RIFF"), "no webp")
    report.check("sprite sheet", curl(f"{at}/content?variant=spritesheet").startswith(b"\xff\xd8"), "no jpeg")
    report.call("remix", video, f"{at}/remix", *JSON, "-d", '{"prompt": "at night"}')
    edit = f'{{"prompt": "at night", "video": {{"id": "{made["id"]}"}}}}'
    report.call("edit, JSON", video, f"{base_url}/videos/edits", *JSON, "-d", edit)
    report.call(
        "edit, a form with a file",
        video,
        f"{base_url}/videos/edits",
        "-F",
        "prompt=at night",
        "-F",
        f"video=@{footage}",
    )
    extend = f'{{"prompt": "goes on", "seconds": "4", "video": {{"id": "{made["id"]}"}}}}'
    report.call("extend, JSON", video, f"{base_url}/videos/extensions", *JSON, "-d", extend)
    page = report.call("list", video, f"{base_url}/videos?limit=2")
    report.check("there is more", bool(page) and page["has_more"] and len(page["data"]) == 2, str(page)[:200])
    report.call("delete", video, "-X", "DELETE", at)
