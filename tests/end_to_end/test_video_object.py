"""The Video object and the errors around it, seen without a client's leniency."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from asking import check_video, error_of, finished, raw, until
from running import Proxy
from sandbox_server import SandboxServer


def create(direct: httpx.Client, prompt: str, **more: Any) -> dict[str, Any]:
    response = direct.post("/v1/videos", json={"prompt": prompt, **more})
    assert response.status_code == 200, response.text
    return check_video(response.json())


def test_every_answer_is_json_and_says_when_to_ask_again(direct: httpx.Client) -> None:
    made = direct.post("/v1/videos", json={"prompt": "marks"})
    polled = direct.get(f"/v1/videos/{made.json()['id']}")
    for response in (made, polled):
        assert response.headers["content-type"] == "application/json"
        ended = response.json()["status"] == "completed"
        assert response.headers.get("openai-poll-after-ms") == (None if ended else "1000")
        assert "x-runway-sandbox" not in response.headers


def test_ids_are_opaque_and_short(direct: httpx.Client) -> None:
    video_id = create(direct, "an id", model="runway/gen4.5")["id"]
    assert video_id.startswith("video_rw")
    assert len(video_id) <= 140
    assert video_id.replace("_", "").replace("-", "").isalnum()


def test_created_at_is_now(direct: httpx.Client) -> None:
    before = int(time.time())
    made = create(direct, "now")
    assert before <= made["created_at"] <= time.time()
    done = finished(direct, made["id"])
    assert done["created_at"] == made["created_at"]
    assert done["created_at"] <= done["completed_at"] <= time.time()


def test_progress_counts_in_whole_percent(direct: httpx.Client) -> None:
    made = create(direct, "[slow] long enough to be seen running")

    def running() -> dict[str, Any] | None:
        video = check_video(direct.get(f"/v1/videos/{made['id']}").json())
        return video if video["status"] == "in_progress" and video["progress"] > 0 else None

    assert 0 < until(running, "progress")["progress"] < 100
    direct.delete(f"/v1/videos/{made['id']}")


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("[fail]", "INTERNAL.BAD_OUTPUT.CODE01"),
        ("[fail:SAFETY.INPUT.TEXT]", "SAFETY.INPUT.TEXT"),
        ("[fail:ASSET.INVALID]", "ASSET.INVALID"),
        ("[fail:none]", "generation_failed"),
        ("[cancel]", "cancelled"),
    ],
)
def test_failed_video_has_openais_error_code_and_a_reason(
    direct: httpx.Client, prompt: str, code: str
) -> None:
    made = create(direct, prompt)
    failed = finished(direct, made["id"])
    assert failed["status"] == "failed"
    assert failed["error"]["code"] == code
    assert failed["error"]["message"]
    for name in ("model", "seconds", "size", "prompt", "created_at"):
        assert failed[name] == made[name]
    assert error_of(direct.get(f"/v1/videos/{made['id']}/content"), 400)["code"] == "video_failed"


def test_a_throttled_task_is_queued(direct: httpx.Client, sandbox_server: SandboxServer) -> None:
    made = create(direct, "[throttle][slow] full house")
    assert check_video(direct.get(f"/v1/videos/{made['id']}").json())["status"] == "queued"
    assert direct.delete(f"/v1/videos/{made['id']}").json()["deleted"] is True


def test_content_before_completion_is_a_404(direct: httpx.Client) -> None:
    made = create(direct, "[slow] not yet")
    error = error_of(direct.get(f"/v1/videos/{made['id']}/content"), 404)
    assert error["code"] == "video_not_ready"


@pytest.mark.parametrize("what", ["not ready", "failed", "unknown", "a wrong variant"])
def test_a_refused_head_has_no_body(plain: Proxy, direct: httpx.Client, what: str) -> None:
    # A body would be taken for the next answer on the connection.
    made = create(direct, "[fail]" if what == "failed" else "[slow] not yet")["id"]
    if what == "failed":
        finished(direct, made)
    video_id = "video_rw_unknown" if what == "unknown" else made
    path = f"/v1/videos/{video_id}/content" + ("?variant=picture" if what == "a wrong variant" else "")
    expected = {"not ready": 404, "failed": 400, "unknown": 404, "a wrong variant": 400}[what]
    head = f"HEAD {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    answer = raw(plain.port, head.encode())
    assert answer.startswith(b"HTTP/1.1 %d " % expected)
    assert answer.endswith(b"\r\n\r\n")


def test_other_variants_are_refused(direct: httpx.Client) -> None:
    made = create(direct, "what OpenAI had")
    response = direct.get(f"/v1/videos/{made['id']}/content", params={"variant": "<script>"})
    error = error_of(response, 400)
    assert error["param"] == "variant"
    assert "thumbnail or spritesheet" in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("POST", "/v1/videos/characters", "haracters"),
        ("GET", "/v1/videos/characters/char_1", "reference_images"),
    ],
)
def test_operations_that_are_not_built_are_refused_and_make_nothing(
    direct: httpx.Client, sandbox_server: SandboxServer, method: str, path: str, words: str
) -> None:
    made = sandbox_server.made()
    body = {"prompt": "again", "video": {"id": "video_rw"}} if method == "POST" else None
    error = error_of(direct.request(method, path, json=body), 400)
    assert error["code"] == "unsupported_operation"
    assert error["type"] == "invalid_request_error"
    assert words in error["message"]
    assert sandbox_server.made() == made


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/v1/videos"), ("PATCH", "/v1/videos/{id}"), ("POST", "/v1/videos/{id}/content")],
)
def test_wrong_methods_are_a_405(direct: httpx.Client, method: str, path: str) -> None:
    path = path.replace("{id}", create(direct, "methods")["id"])
    assert error_of(direct.request(method, path), 405)["code"] == "method_not_allowed"


def test_a_status_is_asked_of_runway_with_the_task_of_the_id(
    plain: Proxy, direct: httpx.Client, sandbox_server: SandboxServer
) -> None:
    made = create(direct, "which task")
    task = sandbox_server.creates("which task")[-1].made
    direct.get(f"/v1/videos/{made['id']}")
    seen = sandbox_server.seen("GET", f"/v1/tasks/{task}")
    assert seen
    assert seen[-1].headers["x-runway-version"] == "2024-11-06"
    # The application's own key is nobody's business.
    assert not any("sk-of" in value for value in seen[-1].headers.values())


@pytest.mark.slow
def test_video_whose_task_runway_has_no_more_is_a_404(
    direct: httpx.Client, sandbox_server: SandboxServer
) -> None:
    made = create(direct, "forgotten by Runway")["id"]
    task = str(sandbox_server.creates("forgotten by Runway")[0].made)
    sandbox_server.ask(lambda sandbox: sandbox.tasks.remove("only", task))
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        assert error_of(direct.request(method, f"/v1/videos/{made}{path}"), 404)["code"] == "not_found"


def tampered(video_id: str) -> Iterator[str]:
    """The id with one thing changed, everywhere."""
    for at in range(len("video_rw"), len(video_id)):
        other = "A" if video_id[at] != "A" else "B"
        yield video_id[:at] + other + video_id[at + 1 :]
    yield video_id[:-1]
    yield video_id + "A"
    yield video_id + "="
    yield video_id + "%20"


def test_tampered_ids_are_a_404(direct: httpx.Client, sandbox_server: SandboxServer) -> None:
    made = create(direct, "tampered")["id"]
    asked = len(sandbox_server.seen())
    for video_id in tampered(made):
        answer = direct.get(f"/v1/videos/{video_id}")
        # In its first characters stands which key made it: another one is not configured.
        assert answer.status_code in (404, 503), video_id
        error_of(answer, answer.status_code)
    assert len(sandbox_server.seen()) == asked
    assert direct.get(f"/v1/videos/{made}").status_code == 200
