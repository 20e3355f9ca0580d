"""The guard of addon/deploy/: what it refuses costs nothing, and what a script changes before arrives."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import openai
import pytest

from asking import client, web
from origins import Exchange, Origin
from running import ADDON, ROOT, Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

GUARD = ROOT / "addon" / "deploy" / "guard.py"
PART = b"--b\r\n%s\r\n\r\nmuch gore\r\n--b--\r\n"
CHANGES = """
from mitmproxy import http

def request(flow: http.HTTPFlow) -> None:
    flow.request.text = (flow.request.get_text(strict=False) or "").replace("a dog", "a cat")
"""


def moderate(exchange: Exchange) -> None:
    """Flags what is of violence."""
    flagged = b"violence" in exchange.asked.body
    exchange.reply(200, json.dumps({"results": [{"flagged": flagged}]}).encode())


def answer(status: int, body: bytes, exchange: Exchange) -> None:
    exchange.reply(status, body)


def test_what_the_guard_refuses_costs_nothing(folder: Callable[[], Path]) -> None:
    with SandboxServer() as server, Origin() as moderation:
        moderation.routes["/v1/moderations"] = moderate
        env = {"MODERATION_URL": f"{moderation.url}/v1/moderations"}
        with Proxy(folder(), "-s", str(ADDON), addon=GUARD, env=env, **server.options()) as proxy:
            user = client(proxy.base_url)
            for prompt in ("nude people", "much violence"):
                with pytest.raises(openai.BadRequestError) as raised:
                    user.videos.create(prompt=prompt)
                assert raised.value.code == "moderation_blocked"
            assert server.made() == 0
            video = user.videos.create(prompt="a boat")
            assert user.videos.retrieve(video.id).id == video.id
            assert server.made() == 1
            for status, body in ((500, b"{}"), (200, b"[]"), (200, b"no JSON")):
                moderation.routes["/v1/moderations"] = partial(answer, status, body)
                with pytest.raises(openai.BadRequestError):
                    user.videos.create(prompt="a boat")
            assert server.made() == 1


@pytest.mark.parametrize("path", ["/v1/videos", "/v1/%76ideos"])
def test_no_spelling_of_a_prompt_passes_the_guard(folder: Callable[[], Path], path: str) -> None:
    json_type, form, parts = (
        {"content-type": "application/json"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": 'Multipart/Form-Data; Boundary="b"'},
    )
    with (
        SandboxServer() as server,
        Proxy(folder(), "-s", str(ADDON), addon=GUARD, **server.options()) as proxy,
    ):
        with web(proxy.url) as user:
            for headers, body in (
                (json_type, b'{"prompt": "much gore"}'),
                (json_type, b'{"prompt": "much \\u0067ore"}'),
                (form, b'{"prompt": "much gore"}'),
                (form, b"prompt=much+%67ore"),
                (json_type, b'{"promptText": "much gore"}'),
                (json_type, b'{"Prom_pt": "much gore"}'),
                (json_type, b'{"prompt": "a boat", "model": "kling2.6_pro", "negative_prompt": "gore"}'),
                (json_type, b'{"prompt": "much gore", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
                (parts, PART % b'Content-Disposition: form-data; name="prompt"'),
                (parts, PART % b"Content-Disposition: form-data; NAME=prompt"),
                (parts, PART % b'Content-Type: text/plain\r\nContent-Disposition: form-data; name="prompt"'),
            ):
                assert user.post(path, content=body, headers=headers).status_code == 400, body
            assert user.post(path, files={"prompt": (None, "much gore")}).status_code == 400
        assert server.made() == 0


def test_what_a_script_before_changes_arrives(folder: Callable[[], Path], tmp_path: Path) -> None:
    script = tmp_path / "changes.py"
    script.write_text(CHANGES)
    with (
        SandboxServer() as server,
        Proxy(folder(), "-s", str(ADDON), addon=script, **server.options()) as proxy,
    ):
        user = client(proxy.base_url)
        assert user.videos.create(prompt="a dog on a boat").prompt == "a cat on a boat"
        (asked,) = server.seen("POST", "text_to_video")
        assert (asked.body or {})["promptText"] == "a cat on a boat"
