"""Answers of Runway's, as its API gives them."""

from __future__ import annotations

import json

from runway_videos.upstream.client import Reply


def reply(status: int, body: object = None) -> Reply:
    return Reply(status, body if isinstance(body, bytes) else json.dumps(body).encode())


def error(text: object, **more: object) -> dict[str, object]:
    return {"error": text, "docUrl": "https://docs.dev.runwayml.com", **more}
