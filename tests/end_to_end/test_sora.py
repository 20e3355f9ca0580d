"""All that OpenAI had for its Sora names, with the stock client: a sample of each, end to end."""

from __future__ import annotations

from typing import Any, cast

import openai
import pytest

from asking import PNG, client
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = [
    pytest.mark.dependencies,
    pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"),
    pytest.mark.slow,
]


@pytest.mark.parametrize(
    ("model", "seconds", "size", "picture", "runway_model", "made"),
    [
        ("sora-2", "4", "720x1280", False, "seedance2_mini", "720x1280"),
        ("sora-2-2025-10-06", "12", "1280x720", True, "seedance2_mini", "1280x720"),
        ("openai/sora-2", "16", "1280x720", False, "seedance2_5", "1280x720"),
        ("azure/sora-2", "8", "1024x1792", True, "seedance2_5", "1080x1920"),
        ("sora-2-pro", "20", "1792x1024", True, "seedance2_5", "1920x1080"),
        ("sora-2-pro-2025-10-06", "20", "1920x1080", False, "seedance2_5", "1920x1080"),
    ],
)
def test_what_openai_had_gives_a_video(
    plain: Proxy,
    sandbox_server: SandboxServer,
    model: str,
    seconds: str,
    size: str,
    picture: bool,
    runway_model: str,
    made: str,
    request: pytest.FixtureRequest,
) -> None:
    prompt = f"sora {request.node.name}"
    with client(plain.base_url) as app:
        asked: dict[str, Any] = {"input_reference": ("a.png", PNG, "image/png")} if picture else {}
        raw = app.videos.with_raw_response.create(
            prompt=prompt, model=cast(Any, model), seconds=cast(Any, seconds), size=cast(Any, size), **asked
        )
        headers = {"x-runway-model": runway_model, "x-runway-size": made}
        assert headers.items() <= dict(raw.headers).items()
        video = raw.parse()
        later = app.videos.with_raw_response.retrieve(video.id)
        assert headers.items() <= dict(later.headers).items()
        for one in (video, later.parse()):
            assert (one.model, one.seconds, one.size) == (model, seconds, size)
    mode, sent = sandbox_server.task_call(prompt)
    assert mode == ("image_to_video" if picture else "text_to_video")
    assert (sent["model"], sent["duration"], sent["ratio"]) == (
        runway_model,
        int(seconds),
        made.replace("x", ":"),
    )
    plain.wait_for(f"creating: {model} → {runway_model}, {mode}, {seconds} s, {made}")


@pytest.mark.parametrize(
    ("asked", "param", "says"),
    [
        ({"size": "100x100"}, "size", "seedance2_5"),
        ({"seconds": "40"}, "seconds", "4 to 30 seconds"),
        ({"prompt": "p" * 32_000}, "prompt", "at most 15000"),
    ],
)
def test_what_no_model_takes_is_refused_before_it_is_paid(
    plain: Proxy, sandbox_server: SandboxServer, asked: dict[str, str], param: str, says: str
) -> None:
    before = sandbox_server.ask(lambda sandbox: len(sandbox.tasks))
    with client(plain.base_url) as app, pytest.raises(openai.BadRequestError) as caught:
        app.videos.create(**cast(Any, {"prompt": "refused", "model": "sora-2", **asked}))
    assert caught.value.param == param
    for part in ("No model behind `sora-2` can take this: seedance2_mini: ", f"`{param}`", says):
        assert part in caught.value.message
    assert sandbox_server.ask(lambda sandbox: len(sandbox.tasks)) == before
