"""Clients that call the first picture otherwise than OpenAI did, through the real proxy."""

from __future__ import annotations

from typing import Any, cast

import httpx
import openai
import pytest

from asking import PNG, client
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = [pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"), pytest.mark.slow]

FIRST, LAST = "https://example.com/first.png", "https://example.com/last.png"


@pytest.mark.parametrize("name", ["image", "images", "first_frame", "image_url"])
def test_a_picture_by_another_name_in_extra_body(
    plain: Proxy, sandbox_server: SandboxServer, name: str, request: pytest.FixtureRequest
) -> None:
    prompt = f"named {request.node.name}"
    with client(plain.base_url) as app:
        value: Any = [FIRST] if name == "images" else FIRST
        app.videos.create(prompt=prompt, model="sora-2", extra_body={name: value, "last_frame": LAST})
    mode, sent = sandbox_server.task_call(prompt)
    assert mode == "image_to_video"
    assert sent["promptImage"] == [{"uri": FIRST, "position": "first"}, {"uri": LAST, "position": "last"}]


@pytest.mark.parametrize("name", ["image", "image[]", "images", "images[]", "first_frame"])
def test_a_file_by_another_name(
    direct: httpx.Client, sandbox_server: SandboxServer, name: str, request: pytest.FixtureRequest
) -> None:
    prompt = f"file {request.node.name}"
    files = {name: ("a.png", PNG, "image/png"), "last_frame": ("b.png", PNG, "image/png")}
    answer = direct.post("/v1/videos", data={"prompt": prompt, "model": "sora-2"}, files=files)
    assert answer.status_code == 200, answer.text
    mode, sent = sandbox_server.task_call(prompt)
    assert mode == "image_to_video"
    assert [frame["position"] for frame in sent["promptImage"]] == ["first", "last"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "sora-2", "images": [FIRST, LAST]}, "images"),
        ({"model": "runway/gen4.5", "image": FIRST, "last_frame": LAST}, "last_frame"),
        ({"model": "sora-2", "background": "data:image/png;base64,iVBORw0KGgo="}, "background"),
    ],
)
def test_a_picture_without_a_place_is_a_400_and_not_a_video_of_words(
    plain: Proxy, sandbox_server: SandboxServer, body: dict[str, Any], param: str
) -> None:
    before = sandbox_server.ask(lambda sandbox: len(sandbox.tasks))
    rest = {name: value for name, value in body.items() if name != "model"}
    with client(plain.base_url) as app, pytest.raises(openai.BadRequestError) as caught:
        app.videos.create(prompt="refused", model=cast(Any, body["model"]), extra_body=rest)
    assert caught.value.param == param
    assert sandbox_server.ask(lambda sandbox: len(sandbox.tasks)) == before
