"""A guard of one's own, before the proxy: `mitmdump -s addon/deploy/guard.py -s addon/runway.py`.

It refuses prompts by a pattern, and by an OpenAI-compatible moderation endpoint where `MODERATION_URL`
names one. What it refuses costs nothing; what it changes in a request is what the proxy reads.
"""

import json
import os
import re
from collections.abc import Iterator
from urllib.parse import unquote

import httpx
from mitmproxy import http

REFUSED = re.compile(r"\b(gore|nude)\b", re.IGNORECASE)


async def request(flow: http.HTTPFlow) -> None:
    """Looks at what a create says, before the proxy does: the script that is named first comes first."""
    if flow.request.method != "POST" or "/videos" not in unquote(flow.request.path):
        return
    prompt = prompt_of(flow.request)
    if REFUSED.search(prompt) or await is_flagged(prompt):
        error = {"message": "This prompt is not allowed here.", "type": "invalid_request_error"}
        body = json.dumps({"error": {**error, "param": "prompt", "code": "moderation_blocked"}})
        flow.response = http.Response.make(400, body, {"content-type": "application/json"})


def prompt_of(request: http.Request) -> str:
    """Every prompt of a create, read as the proxy reads it: another reading would miss what it takes."""
    # By now the proxy has been loaded.
    from runway_videos.errors import ApiError
    from runway_videos.request_body import read_fields

    try:
        fields = read_fields(request.headers.get("content-type", ""), request.raw_content or b"")
    except ApiError:
        return ""  # the proxy refuses it
    # `prompt`, `promptText`, `negative_prompt` …: the proxy takes names in any case, with any underscores.
    prompts = [value for name, value in fields.values.items() if "prompt" in name.replace("_", "").lower()]
    return "\n".join(texts_of(prompts))


def texts_of(value: object) -> Iterator[str]:
    """The texts in a value, however deep."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_of(item)
    else:
        yield str(value)


async def is_flagged(prompt: str) -> bool:
    """What the moderation endpoint says. Without its answer nothing passes."""
    if not (url := os.environ.get("MODERATION_URL")):
        return False
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.post(url, json={"input": prompt})
            return any(result["flagged"] for result in answer.raise_for_status().json()["results"])
    except Exception:  # of whatever kind
        return True
