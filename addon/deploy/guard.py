"""A guard of one's own, before the proxy: `mitmdump -s addon/deploy/guard.py -s addon/runway.py`.

It refuses creates by a pattern, and by an OpenAI-compatible moderation endpoint where `MODERATION_URL`
names one. What it refuses costs nothing; what it changes in a request is what the proxy reads.
"""

import json
import os
import re

import httpx
from mitmproxy import http

REFUSED = re.compile(r"\b(gore|nude)\b", re.IGNORECASE)


async def request(flow: http.HTTPFlow) -> None:
    """Looks at what a create says, before the proxy does: the first script comes first."""
    if flow.request.method != "POST" or "/videos" not in flow.request.path:
        return
    text = flow.request.get_text(strict=False) or ""
    if REFUSED.search(text) or await is_flagged(text):
        error = {"message": "This prompt is not allowed here.", "type": "invalid_request_error"}
        body = json.dumps({"error": {**error, "param": "prompt", "code": "moderation_blocked"}})
        flow.response = http.Response.make(400, body, {"content-type": "application/json"})


async def is_flagged(text: str) -> bool:
    """What the moderation endpoint says. Without its answer nothing passes."""
    if not (url := os.environ.get("MODERATION_URL")):
        return False
    async with httpx.AsyncClient(timeout=10) as client:
        try:
            answer = await client.post(url, json={"input": text[:100_000]})
            return any(result["flagged"] for result in answer.raise_for_status().json()["results"])
        except (httpx.HTTPError, ValueError, KeyError):
            return True
