"""A guard of one's own, before the proxy: `mitmdump -s addon/deploy/guard.py -s addon/runway.py`.

It refuses prompts by a pattern, and by an OpenAI-compatible moderation endpoint where `MODERATION_URL`
names one. What it refuses costs nothing; what it changes in a request is what the proxy reads.
"""

import json
import os
import re
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
    """Of JSON, whatever it is labelled as, or of a form."""
    try:
        fields = json.loads(request.content or b"")
    except ValueError:
        parts = [*request.urlencoded_form.items(multi=True)]
        for name, data in request.multipart_form.items(multi=True):
            parts.append((name.decode(errors="replace"), data.decode(errors="replace")))
        return " ".join(text for name, text in parts if name.startswith("prompt"))
    return str(fields.get("prompt", "")) if isinstance(fields, dict) else ""


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
