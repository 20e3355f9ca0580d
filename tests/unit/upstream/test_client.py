"""What goes over the wire to Runway, and what never goes along."""

from __future__ import annotations

import gzip

import httpx
import pytest

from runway_videos.keys.pool import Key
from runway_videos.upstream.client import Reply, RunwayClient
from runway_videos.upstream.timeouts import Timeouts
from unit.loopback import Loopback, always, fields, respond
from unit.upstream.client_calls import (
    KEY,
    TASK,
    Ask,
    all_calls,
    create,
    delete,
    get,
    organization,
    slot,
    using,
)

pytestmark = pytest.mark.dependencies


def test_each_call_is_what_runway_expects() -> None:
    create, get, delete, upload, put, probe, organization = using(all_calls).asked
    assert (create.method, create.target, create.body) == (
        "POST",
        "/v1/text_to_video",
        b'{"model":"gen4.5"}',
    )
    assert (get.method, get.target, get.body) == ("GET", f"/v1/tasks/{TASK}", b"")
    assert (delete.method, delete.target, delete.body) == ("DELETE", f"/v1/tasks/{TASK}", b"")
    assert (upload.method, upload.target) == ("POST", "/v1/uploads")
    assert fields(upload) == {"filename": "frame.png", "type": "ephemeral"}
    assert (put.method, put.target) == ("POST", "/bucket")
    assert (probe.method, probe.target) == ("GET", "/file.mp4?Signature=s")
    assert (organization.method, organization.target) == ("GET", "/v1/organization")
    for call in (create, get, delete, upload, organization):
        assert call.headers["authorization"] == "Bearer key_hush"
        assert call.headers["x-runway-version"] == "2024-11-06"
        assert call.headers["accept"] == "application/json"
    for call in (create, upload):
        assert call.headers["content-type"] == "application/json"
    assert probe.headers["range"] == "bytes=0-0"


def test_the_file_store_gets_no_credentials() -> None:
    *_, put, probe, _ = using(all_calls).asked
    for call in (put, probe):
        assert "authorization" not in call.headers
        assert not any(name.startswith("x-runway") for name in call.headers)
        assert "key_hush" not in str(call)


def test_for_whom_is_said_at_creates_alone() -> None:
    asked = using(all_calls).asked
    assert [call.headers.get("x-runway-on-behalf-of") for call in asked] == ["org-1", *[None] * 6]

    async def own(api: RunwayClient, server: Loopback) -> None:
        await api.create(Key("own", "key_own"), "/v1/text_to_video", b"{}")

    assert "x-runway-on-behalf-of" not in using(own).asked[0].headers


@pytest.mark.parametrize("task", ["../../v1/x", "a b", "a?b", "a#b", "ä", "a/b", "%2e", "\r\nX: y"])
def test_a_task_stays_one_piece_of_the_path(task: str) -> None:
    async def use(api: RunwayClient, server: Loopback) -> None:
        await api.get_task(KEY, task)
        await api.delete_task(KEY, task)

    for call in using(use).asked:
        assert call.target.startswith("/v1/tasks/")
        piece = call.target.removeprefix("/v1/tasks/")
        assert httpx.URL(f"http://x/{piece}").path == f"/{task}"
        assert not set("/?#") & set(piece)


def test_a_redirect_is_an_answer_like_others() -> None:
    statuses: list[int] = []

    async def use(api: RunwayClient, server: Loopback) -> None:
        statuses.append((await api.create(KEY, "/v1/text_to_video", b"{}")).status)
        statuses.append((await api.get_task(KEY, TASK)).status)
        statuses.append(await api.probe(f"{server.url}/x.mp4"))

    answer = always(respond(307, b"", "location: /elsewhere"))
    assert [call.target for call in using(use, answer).asked] == [
        "/v1/text_to_video",
        f"/v1/tasks/{TASK}",
        "/x.mp4",
    ]
    assert statuses == [307] * 3


def test_the_time_outs_are_those_of_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = Timeouts()
    assert (seconds.connect, seconds.create, seconds.read, seconds.all_tries) == (10, 120, 30, 180)
    assert (seconds.upload_of(0), seconds.upload_of(64 << 20)) == (60, 316)
    found: list[tuple[str, dict[str, float]]] = []
    send = httpx.AsyncClient.send

    async def spy(client: httpx.AsyncClient, request: httpx.Request, *, stream: bool) -> httpx.Response:
        found.append((f"{request.method} {request.url.path[:9]}", request.extensions["timeout"]))
        return await send(client, request, stream=stream)

    monkeypatch.setattr(httpx.AsyncClient, "send", spy)
    using(all_calls)
    assert [what for what, _ in found] == [
        *(
            "POST /v1/text_",
            "GET /v1/tasks",
            "DELETE /v1/tasks",
            "POST /v1/uploa",
            "POST /bucket",
            "GET /file.mp4",
            "GET /v1/organ",
        ),
    ]
    assert [(each["connect"], each["read"]) for _, each in found] == [
        *((10, 120), (10, 30), (10, 30), (10, 30), (10, 120), (10, 30), (10, 30)),
    ]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"id": "x"}', {"id": "x"}),
        (b"{}", {}),
        *((body, None) for body in (b"", b"[]", b'"x"', b"null", b"5", b"<html>", b'{"a":', b'{"a":1}x')),
        *((body, None) for body in (b'{"a":"\xff"}', b"\xff\xfe", b"[" * 200_000, b'{"a":' * 200_000)),
    ],
)
def test_a_body_is_a_json_object_or_nothing(body: bytes, found: dict[str, object] | None) -> None:
    assert Reply(200, body).json() == found


def test_an_answer_is_read_whole_and_unpacked() -> None:
    packed = gzip.compress(b'{"id": "x"}')
    replies: list[Reply] = []

    async def use(api: RunwayClient, server: Loopback) -> None:
        replies.append(await api.get_task(KEY, TASK))

    using(use, always(respond(418, packed, "content-encoding: gzip")))
    assert replies == [Reply(418, b'{"id": "x"}')]


@pytest.mark.parametrize("ask", [create, get, delete, slot, organization])
def test_a_key_that_runway_repeats_is_in_no_reply(ask: Ask) -> None:
    """Whatever the call: a task's text, a refusal, a success."""
    replies: list[Reply] = []

    async def use(api: RunwayClient, server: Loopback) -> None:
        found = await ask(api, server.url)
        assert isinstance(found, Reply)
        replies.append(found)

    using(use, always(respond(200, b'{"failure": "No key_hush, key_hush!"}')))
    assert replies[0].json() == {"failure": "No …, …!"}


def test_a_value_too_short_for_a_key_leaves_replies_as_they_are() -> None:
    replies: list[Reply] = []

    async def use(api: RunwayClient, server: Loopback) -> None:
        replies.extend([await api.get_task(Key("a", value), TASK) for value in ("a", "statu")])

    using(use, always(respond(200, b'{"status": "a"}')))
    assert [reply.body for reply in replies] == [b'{"status": "a"}'] * 2


def test_a_value_with_a_quotation_mark_is_replaced_as_json_writes_it() -> None:
    replies: list[Reply] = []

    async def use(api: RunwayClient, server: Loopback) -> None:
        replies.append(await api.get_task(Key("a", 'key"hush'), TASK))

    using(use, always(respond(200, b'{"failure": "key\\"hush"}')))
    assert replies[0].json() == {"failure": "…"}
