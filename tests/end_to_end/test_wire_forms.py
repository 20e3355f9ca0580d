"""Every way in which clients write a create, and every parameter; Runway gets what its SDK allows."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from asking import PNG, check_video, client, curl, error_of, needs_curl
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")

GEN45 = {"model": "gen4.5", "duration": 5, "ratio": "1280:720"}
PICTURE = "https://example.com/first.png"
CLIP = "https://example.com/clip.mp4"
DATA_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.fixture
def prompt(request: pytest.FixtureRequest) -> str:
    """A prompt that no other test has."""
    return f"a fox in {request.node.name}"


def make(direct: httpx.Client, path: str = "/v1/videos", **body: Any) -> dict[str, Any]:
    response = direct.post(path, json=body)
    assert response.status_code == 200, response.text
    return check_video(response.json())


# Ways of writing


def test_json_by_client_post(plain: Proxy, sandbox_server: SandboxServer, prompt: str) -> None:
    body = {"model": "runway/gen4.5", "prompt": prompt, "seconds": 5, "size": "1280x720", "seed": None}
    with client(plain.base_url) as app:
        answer = app.post("/videos", body=body, cast_to=httpx.Response)
    video = check_video(answer.json())
    assert (video["seconds"], video["model"]) == ("5", "runway/gen4.5")
    assert sandbox_server.task_call(prompt) == ("text_to_video", {**GEN45, "promptText": prompt})


@needs_curl
@pytest.mark.parametrize("header", [[], ["-H", "Content-Type: application/json"]], ids=["bare", "labelled"])
def test_curl_with_json(plain: Proxy, sandbox_server: SandboxServer, prompt: str, header: list[str]) -> None:
    body = json.dumps({"model": "runway/gen4.5", "prompt": prompt, "seconds": "5"})
    done = curl(f"{plain.base_url}/videos", "-H", "Authorization: Bearer x", *header, "-d", body)
    assert check_video(json.loads(done.stdout))["status"] == "queued"
    assert sandbox_server.task_call(prompt) == ("text_to_video", {**GEN45, "promptText": prompt})


@needs_curl
def test_curl_with_a_form_and_a_file(
    plain: Proxy, sandbox_server: SandboxServer, prompt: str, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    fields = ["-F", f"prompt={prompt}", "-F", "model=runway/gen4.5", "-F", "seconds=5", "-F", "size=1280x720"]
    done = curl(f"{plain.base_url}/videos", *fields, "-F", f"input_reference=@{tmp_path}/a.png")
    check_video(json.loads(done.stdout))
    mode, sent = sandbox_server.task_call(prompt)
    assert (mode, sent["promptImage"]) == ("image_to_video", DATA_URI)


@needs_curl
def test_curl_with_a_form_that_needs_no_file(
    plain: Proxy, sandbox_server: SandboxServer, prompt: str
) -> None:
    curl(f"{plain.base_url}/videos", "--data-urlencode", f"prompt={prompt}", "-d", "seconds=8")
    _, sent = sandbox_server.task_call(prompt)
    assert (sent["model"], sent["duration"]) == ("seedance2_mini", 8)


@needs_curl
@pytest.mark.slow
def test_the_tour_with_curl_alone(
    plain: Proxy, sandbox_server: SandboxServer, prompt: str, tmp_path: Path
) -> None:
    video = json.loads(curl(f"{plain.base_url}/videos", "-d", json.dumps({"prompt": prompt})).stdout)
    one = f"{plain.base_url}/videos/{video['id']}"
    # curl itself asks again while the proxy says 404 "not ready".
    retry = ["--fail", "--retry", "60", "--retry-all-errors", "--retry-delay", "1"]
    curl(f"{one}/content", *retry, "-o", str(tmp_path / "video.mp4"))
    assert (tmp_path / "video.mp4").read_bytes() == sandbox_server.sandbox.clips[True].read()
    assert check_video(json.loads(curl(one).stdout))["status"] == "completed"
    head = curl("--head", f"{one}/content").stdout.decode().lower()
    assert f"content-length: {sandbox_server.sandbox.clips[True].size}" in head
    assert json.loads(curl("-X", "DELETE", one).stdout)["deleted"] is True
    assert curl("-o", "/dev/null", "-w", "%{http_code}", one).stdout == b"404"


@pytest.mark.parametrize("path", ["/v1/videos", "/openai/v1/videos", "/v1/videos/", "/v1//videos"])
def test_paths_that_clients_use(
    direct: httpx.Client, sandbox_server: SandboxServer, prompt: str, path: str
) -> None:
    made = make(direct, path, prompt=prompt)
    assert sandbox_server.task_call(prompt)[0] == "text_to_video"
    assert direct.get(f"{path.rstrip('/')}/{made['id']}").json()["id"] == made["id"]


def test_chunked_body_makes_a_video(direct: httpx.Client, sandbox_server: SandboxServer, prompt: str) -> None:
    data = json.dumps({"prompt": prompt}).encode()
    response = direct.post("/v1/videos", content=iter([data[:9], data[9:]]))
    assert response.status_code == 200, response.text
    assert sandbox_server.task_call(prompt)[0] == "text_to_video"


# Parameters, row by row of the guide that people come from


@pytest.mark.parametrize(
    ("model", "wire"),
    [
        ("runway/gen4.5", "gen4.5"),
        ("gen4.5", "gen4.5"),
        ("runway/veo3.1", "veo3.1"),
        ("sora-2", "seedance2_mini"),
        ("sora-2-2025-10-06", "seedance2_mini"),
        ("sora-2-pro", "seedance2_5"),
        (None, "seedance2_mini"),
    ],
)
def test_model_name_chooses_the_runway_model(
    direct: httpx.Client, sandbox_server: SandboxServer, prompt: str, model: str | None, wire: str
) -> None:
    made = make(direct, prompt=prompt, model=model)
    assert made["model"] == (model or "sora-2")
    assert sandbox_server.task_call(prompt)[1]["model"] == wire


def test_an_alias_of_a_model_that_runway_removed(
    direct: httpx.Client, sandbox_server: SandboxServer, prompt: str
) -> None:
    made = make(direct, prompt=prompt, model="gen4_aleph", video_uri=CLIP)
    assert made["model"] == "gen4_aleph"
    assert sandbox_server.task_call(prompt)[1]["model"] == "aleph2"


@pytest.mark.parametrize(
    ("picture", "position"),
    [
        (PICTURE, None),
        (DATA_URI, None),
        ({"image_url": PICTURE}, None),
        ([{"uri": PICTURE, "position": "first"}], "first"),
    ],
    ids=["url", "data", "object", "list"],
)
def test_input_reference_becomes_the_first_frame(
    direct: httpx.Client, sandbox_server: SandboxServer, prompt: str, picture: object, position: str | None
) -> None:
    make(direct, prompt=prompt, model="runway/gen4.5", input_reference=picture)
    mode, sent = sandbox_server.task_call(prompt)
    found = sent["promptImage"]
    uri = DATA_URI if picture == DATA_URI else PICTURE
    assert mode == "image_to_video"
    assert found == ([{"uri": uri, "position": position}] if position else uri)


def test_input_reference_by_file_id_is_refused(
    direct: httpx.Client, sandbox_server: SandboxServer, prompt: str
) -> None:
    body = {"prompt": prompt, "input_reference": {"file_id": "file-1"}}
    response = direct.post("/v1/videos", json=body)
    assert response.status_code == 400
    assert "file_id" in response.json()["error"]["message"]
    assert sandbox_server.creates(prompt) == []


@pytest.mark.parametrize("seconds", ["8", 8])
def test_seconds_are_the_duration_however_written_and_size_the_ratio(
    direct: httpx.Client, sandbox_server: SandboxServer, prompt: str, seconds: object
) -> None:
    made = make(direct, prompt=prompt, model="runway/gen4.5", seconds=seconds, size="720x1280")
    assert (made["seconds"], made["size"]) == ("8", "720x1280")
    sent = sandbox_server.task_call(prompt)[1]
    assert (sent["duration"], sent["ratio"]) == (8, "720:1280")


def test_defaults_of_runway_names(direct: httpx.Client, sandbox_server: SandboxServer, prompt: str) -> None:
    made = make(direct, prompt=prompt, model="runway/gen4.5")
    assert (made["seconds"], made["size"]) == ("2", "1280x720")
    assert sandbox_server.task_call(prompt)[1]["duration"] == 2


@pytest.mark.parametrize(
    ("extra", "wire"),
    [
        ({"model": "runway/gen4.5", "seed": 7}, {"seed": 7}),
        ({"model": "runway/veo3.1", "audio": False}, {"audio": False}),
        (
            {"model": "runway/gen4.5", "content_moderation": {"public_figure_threshold": "low"}},
            {"contentModeration": {"publicFigureThreshold": "low"}},
        ),
        ({"model": "runway/aleph2", "video_uri": CLIP}, {"videoUri": CLIP}),
        (
            {"model": "runway/seedance2", "references": [{"uri": PICTURE, "tag": "fox"}]},
            {"references": [{"uri": PICTURE}]},
        ),
        (
            {"model": "runway/seedance2", "reference_images": [{"uri": PICTURE}]},
            {"references": [{"uri": PICTURE}]},
        ),
    ],
    ids=["seed", "audio", "content_moderation", "video_uri", "references", "reference_images"],
)
@pytest.mark.parametrize("form", [False, True], ids=["json", "multipart"])
def test_further_parameters_reach_runway_in_its_spelling(
    plain: Proxy,
    direct: httpx.Client,
    sandbox_server: SandboxServer,
    prompt: str,
    extra: Any,
    wire: dict[str, Any],
    form: bool,
) -> None:
    if form:
        with client(plain.base_url) as app:
            app.videos.create(prompt=prompt, extra_body=extra)
    else:
        make(direct, prompt=prompt, **extra)
    _, sent = sandbox_server.task_call(prompt)
    assert {name: sent[name] for name in wire} == wire


def test_example_of_the_bifrost_guide_works(
    direct: httpx.Client, sandbox_server: SandboxServer, prompt: str
) -> None:
    # gen4_turbo takes only pictures today: the refusal says so. With gen4.5 it works.
    example = {"prompt": prompt, "seconds": "5", "size": "1280x720"}
    refused = direct.post("/v1/videos", json={**example, "model": "runway/gen4_turbo"})
    assert "input_reference" in error_of(refused, 400)["message"]
    assert sandbox_server.creates(prompt) == []
    make(direct, **example, model="runway/gen4.5")
    assert sandbox_server.task_call(prompt) == ("text_to_video", {**GEN45, "promptText": prompt})


def test_a_model_of_next_week_is_passed_on(
    direct: httpx.Client, sandbox_server: SandboxServer, prompt: str
) -> None:
    response = direct.post("/v1/videos", json={"prompt": prompt, "model": "runway/gen9", "seconds": "5"})
    # Runway itself refuses it; its reason comes back under the client's own parameter.
    assert error_of(response, 400)["param"] == "model"
    (seen,) = sandbox_server.creates(prompt)
    assert (seen.path, seen.status) == ("/v1/text_to_video", 400)
