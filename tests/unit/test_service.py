"""What happens to a call: one task for one create, one owner for one video, an answer for every call."""

from __future__ import annotations

import json

import pytest

from runway_videos.errors import ApiError
from runway_videos.openai.messages import Answer, PassThrough
from unit.fake_runway import PROMPT, ServiceHarness
from unit.loopback import in_a_loop

PRIVATE = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
HEADERS = {"content-type": "application/json", "openai-poll-after-ms": "5000", **PRIVATE}


async def refused(
    harness: ServiceHarness, method: str, path: str = "", body: bytes = b"", status: int = 400
) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await harness.ask(method, path, body)
    assert caught.value.status == status
    return caught.value


# Create


@in_a_loop
async def test_a_create_is_one_task_and_a_whole_video() -> None:
    harness = ServiceHarness()
    answer = await harness.ask("POST", "", b'{"prompt": "a cat", "model": "gen4.5", "seconds": 8}')
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers) == (200, HEADERS | {"x-runway-credits": "96"})
    video = json.loads(answer.body)
    video_id = video.pop("id")
    assert video_id.startswith("video_rw")
    assert video == {
        "object": "video",
        "model": "gen4.5",
        "status": "queued",
        "progress": 0,
        "created_at": 1_790_001_000,
        "completed_at": None,
        "expires_at": None,
        "prompt": "a cat",
        "size": "1280x720",
        "seconds": "8",
        "remixed_from_video_id": None,
        "error": None,
    }
    assert harness.runway.asked == [("create", "/v1/text_to_video")]
    (body,) = harness.runway.bodies
    assert (body["model"], body["promptText"], body["duration"]) == ("gen4.5", "a cat", 8)


@in_a_loop
async def test_the_video_stays_what_it_was_through_its_life() -> None:
    harness = ServiceHarness()
    before = await harness.video("POST", "", b'{"prompt": "a cat", "model": "sora-2-pro", "seconds": "8"}')
    assert before["model"] == "sora-2-pro"
    harness.set(status="SUCCEEDED", output=["https://x/v.mp4"])
    after = await harness.video("GET", f"/{before['id']}")
    ended = {"status", "progress", "completed_at", "expires_at"}
    assert {name for name in before if before[name] != after[name]} == ended
    assert after["expires_at"] - after["completed_at"] == 24 * 3600


@pytest.mark.parametrize("poll", [(0, "1000"), (1, "1000"), (7, "7000")])
@in_a_loop
async def test_answers_say_when_to_ask_again_while_that_helps_and_mark_the_sandbox(
    poll: tuple[int, str],
) -> None:
    harness = ServiceHarness(poll_seconds=poll[0], sandbox=True)
    headers = {
        "content-type": "application/json",
        "x-runway-sandbox": "true",
        "x-runway-model": "seedance2_mini",
        "x-runway-size": "720x1280",
        **PRIVATE,
    }
    created = await harness.ask("POST", "", PROMPT)
    assert isinstance(created, Answer)
    video_id = json.loads(created.body)["id"]
    running = await harness.ask("GET", f"/{video_id}")
    harness.now += 10
    harness.set(status="SUCCEEDED", output=["https://x/v.mp4"])
    done = await harness.ask("GET", f"/{video_id}")
    deleted = await harness.ask("DELETE", f"/{video_id}")
    for answer, after in ((created, poll[1]), (running, poll[1]), (done, None), (deleted, None)):
        assert isinstance(answer, Answer)
        polled = {"openai-poll-after-ms": after} if after else {}
        assert {**answer.headers, "x-runway-credits": ""} == {**headers, **polled, "x-runway-credits": ""}


@in_a_loop
async def test_a_model_that_is_not_ours_is_passed_on_with_the_names_that_are() -> None:
    harness = ServiceHarness(aliases=["mine*=gen4.5"])
    found = await harness.ask("POST", "", b'{"prompt": "x", "model": "veo-of-somebody"}')
    assert isinstance(found, PassThrough)
    assert found.models.startswith("mine*, ")
    assert "gen4.5" in found.models.split(", ")


@in_a_loop
async def test_without_a_key_the_operator_is_told_what_to_set() -> None:
    error = await refused(ServiceHarness(keys=[]), "POST", "", PROMPT, 503)
    assert (error.code, error.retry) == ("no_runway_key", False)
    assert "RUNWAY_API_KEY" in error.message
    assert "runway_keys" in error.message


# Other calls


@in_a_loop
async def test_a_status_is_asked_with_the_key_that_made_it_and_not_too_often() -> None:
    harness = ServiceHarness(keys=[{"name": "a", "value": "env.A"}, {"name": "b", "value": "env.B"}])
    ids = [await harness.create() for _ in range(4)]
    assert set(harness.runway.made_with.values()) == {"a", "b"}
    for _ in range(3):
        for video_id in ids:  # with another key each would be a 404
            assert (await harness.video("GET", f"/{video_id}"))["id"] == video_id
        harness.now += 2.5
    assert harness.runway.times("get") == 8


@in_a_loop
async def test_a_deleted_video_is_gone() -> None:
    harness = ServiceHarness()
    video_id = await harness.create()
    deleted = await harness.video("DELETE", f"/{video_id}")
    assert deleted == {"id": video_id, "object": "video.deleted", "deleted": True}
    for method, end in (("GET", ""), ("DELETE", ""), ("GET", "/content")):
        error = await refused(harness, method, f"/{video_id}{end}", status=404)
        assert (error.code, error.param) == ("not_found", "video_id")


@in_a_loop
async def test_a_video_is_its_callers_alone() -> None:
    tokens = {"T1": "tok_1", "T2": "tok_2"}
    harness = ServiceHarness(tokens, callers=[{"name": name, "value": f"env.{name}"} for name in tokens])
    video_id = await harness.create(caller="T1")
    asked = list(harness.runway.asked)
    messages = set()
    for method, end in (("GET", ""), ("DELETE", ""), ("GET", "/content"), ("HEAD", "/content")):
        for caller in ("T2", ""):
            with pytest.raises(ApiError) as caught:
                await harness.ask(method, f"/{video_id}{end}", caller=caller)
            messages.add((caught.value.status, caught.value.message, caught.value.code))
    assert messages == {(404, f"Video with id '{video_id}' not found.", "not_found")}
    assert harness.runway.asked == asked
    assert (await harness.video("GET", f"/{video_id}", caller="T1"))["prompt"] == "a cat"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/characters", b'{"video": {"id": "video_68a"}}'),
        ("POST", "/characters", b"\xff"),
        ("POST", "/characters", b""),
        ("GET", "/characters/char_1", b""),
    ],
)
@in_a_loop
async def test_characters_of_others_are_for_others(method: str, path: str, body: bytes) -> None:
    assert await ServiceHarness().ask(method, path, body) == PassThrough("", unsupported=True)


@in_a_loop
async def test_what_runway_has_nothing_like_is_said_with_what_to_use() -> None:
    harness = ServiceHarness()
    body = json.dumps({"video": {"id": await harness.create()}}).encode()
    error = await refused(harness, "POST", "/characters", body)
    assert (error.code, error.type) == ("unsupported_operation", "invalid_request_error")
    assert "Runway has no characters" in error.message
    assert "`reference_images`" in error.message


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/video_rwX"), ("POST", "/video_rwX"), ("GET", "/video_rwX/x")]
)
@in_a_loop
async def test_a_method_that_means_nothing_is_told_those_that_do(method: str, path: str) -> None:
    error = await refused(ServiceHarness(), method, path, status=405)
    assert error.code == "method_not_allowed"
    assert "GET /v1/videos/{id}/content" in error.message
