from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from runwayml import RunwayML

from unit.sandbox.harness import HEADERS, Running, Start

FILE = b"\x89PNG\r\n\x1a\n" + bytes(1000)


def code(response: httpx.Response) -> str | None:
    """The code in a refusal in XML."""
    assert response.headers["content-type"] == "application/xml"
    return ElementTree.fromstring(response.text).findtext("Code")


def open_slot(sandbox: Running, filename: str = "a.png") -> dict[str, Any]:
    response = sandbox.api.post("/v1/uploads", json={"filename": filename, "type": "ephemeral"})
    assert response.status_code == 200, response.text
    slot: dict[str, Any] = response.json()
    return slot


def put(sandbox: Running, slot: dict[str, Any], **options: Any) -> httpx.Response:
    files = {"file": ("a.png", FILE, "image/png")}
    return sandbox.plain.post(slot["uploadUrl"], data=slot["fields"], files=files, **options)


def test_a_download_without_a_range_is_the_whole_video(sandbox: Running) -> None:
    url = sandbox.output()
    response = sandbox.plain.get(url)
    data = sandbox.sandbox.clips[0].read()
    assert (response.status_code, response.content) == (200, data)
    headers = response.headers
    assert headers["content-type"] == "video/mp4"
    assert headers["accept-ranges"] == "bytes"
    assert headers["content-length"] == str(len(data))
    assert headers["etag"] == sandbox.sandbox.clips[0].etag
    assert headers["last-modified"] == "Fri, 15 Jan 2027 08:00:04 GMT"

    head = sandbox.plain.head(url, headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "accept-ranges", "content-length", "etag", "last-modified"):
        assert head.headers[name] == headers[name]


def test_a_download_with_a_range_is_a_part_of_the_video(start: Start) -> None:
    sandbox = start(video_bytes=1_000_000)
    url, clip = sandbox.output(), sandbox.sandbox.clips[0]
    for wanted, start_at, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=40000-900000", 40_000, 900_001),
        ("bytes=999990-", 999_990, 1_000_000),
        ("bytes=-20", 999_980, 1_000_000),
    ):
        response = sandbox.plain.get(url, headers={"Range": wanted})
        assert response.status_code == 206
        assert response.headers["content-range"] == f"bytes {start_at}-{stop - 1}/1000000"
        assert response.content == clip.read(start_at, stop)

    for wanted in ("bytes=0-1,3-4", "nonsense"):
        assert sandbox.plain.get(url, headers={"Range": wanted}).status_code == 200

    response = sandbox.plain.get(url, headers={"Range": "bytes=1000000-"})
    assert (response.status_code, code(response)) == (416, "InvalidRange")
    assert response.headers["content-range"] == "bytes */1000000"


def test_if_range_of_another_version_gives_the_whole_video(sandbox: Running) -> None:
    url = sandbox.output()
    seen = sandbox.plain.head(url).headers
    for condition, status in (
        (seen["etag"], 206),
        (seen["last-modified"], 206),
        ('"other"', 200),
        ("Fri, 15 Jan 2027 08:00:05 GMT", 200),
    ):
        headers = {"Range": "bytes=0-9", "If-Range": condition}
        assert sandbox.plain.get(url, headers=headers).status_code == status


def test_a_link_expires_and_a_new_one_is_given(start: Start) -> None:
    sandbox = start(url_seconds=100)
    task = sandbox.task()
    sandbox.clock.now += 4
    old = sandbox.status(task)["output"][0]
    sandbox.clock.now += 100
    assert sandbox.plain.get(old).status_code == 200
    sandbox.clock.now += 1
    refused = sandbox.plain.get(old)
    assert (refused.status_code, code(refused)) == (403, "AccessDenied")
    assert sandbox.plain.head(old).status_code == 403
    new = sandbox.status(task)["output"][0]
    assert sandbox.plain.get(new).status_code == 200


def test_a_link_is_for_one_video_alone(sandbox: Running) -> None:
    url, other = sandbox.output(), sandbox.output()
    path, query = url.split("?")
    assert sandbox.plain.get(f"{other.split('?')[0]}?{query}").status_code == 403
    assert sandbox.plain.get(url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 403
    assert code(sandbox.plain.get(path)) == "MissingKey-Pair-Id"


def test_a_signed_link_with_credentials_is_refused(sandbox: Running) -> None:
    response = sandbox.api.get(sandbox.output())
    assert (response.status_code, code(response)) == (400, "InvalidArgument")


def test_a_deleted_video_is_gone(sandbox: Running) -> None:
    url = sandbox.output()
    (task,) = [seen.made for seen in sandbox.sandbox.requests if seen.made]
    sandbox.api.delete(f"/v1/tasks/{task}")
    response = sandbox.plain.get(url)
    assert (response.status_code, code(response)) == (404, "NoSuchKey")


def test_a_download_ends_when_its_client_disconnects(start: Start) -> None:
    sandbox = start(video_bytes=1 << 40)
    url = sandbox.output()
    with sandbox.plain.stream("GET", url) as response:
        assert response.headers["content-length"] == str(1 << 40)
        assert next(response.iter_raw(1 << 16)) == sandbox.sandbox.clips[0].read(0, 1 << 16)
        # The terabyte is on its way, and others are served beside it.
        assert sandbox.api.get("/v1/organization").status_code == 200
    assert sandbox.api.get("/v1/organization").status_code == 200


def test_an_upload_in_two_steps_makes_a_video(sandbox: Running) -> None:
    slot = open_slot(sandbox)
    assert slot["runwayUri"].startswith("runway://")
    assert put(sandbox, slot).status_code == 204
    seen = sandbox.sandbox.requests[-1]
    assert (seen.method, seen.path, seen.organisation) == ("POST", "/uploads", "sandbox")
    assert seen.body == {
        "fields": slot["fields"],
        "filename": "a.png",
        "size": len(FILE),
        "sha256": hashlib.sha256(FILE).hexdigest(),
    }
    made = sandbox.create("image_to_video", promptImage=slot["runwayUri"])
    assert made.status_code == 200


def test_the_official_client_can_upload(sandbox: Running) -> None:
    with httpx.Client(trust_env=False) as http:
        client = RunwayML(api_key="sandbox", base_url=sandbox.sandbox.url, http_client=http)
        upload = client.uploads.create_ephemeral(file=("a.png", FILE), file_metadata="x")
    assert sandbox.create("image_to_video", promptImage=upload.uri).status_code == 200


def test_an_upload_that_did_not_happen_makes_none(sandbox: Running) -> None:
    for uri in (open_slot(sandbox)["runwayUri"], "runway://elsewhere"):
        response = sandbox.create("image_to_video", promptImage=uri)
        assert response.status_code == 400
        (issue,) = response.json()["issues"]
        assert (issue["code"], issue["path"]) == ("custom", ["promptImage"])


def test_an_upload_belongs_to_its_organisation(start: Start) -> None:
    sandbox = start(keys={"sandbox": "ours", "other": "theirs"})
    slot = open_slot(sandbox)
    put(sandbox, slot)
    body = {"model": "gen4_turbo", "promptImage": slot["runwayUri"], "ratio": "1280:720"}
    for key, status in (("sandbox", 200), ("other", 400)):
        headers = HEADERS | {"Authorization": f"Bearer {key}"}
        response = sandbox.plain.post("/v1/image_to_video", json=body, headers=headers)
        assert response.status_code == status


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"filename": "a.png"}, "type"),
        ({"filename": "a.png", "type": "eternal"}, "type"),
        ({"type": "ephemeral"}, "filename"),
        ({"filename": "a", "type": "ephemeral"}, "filename"),
        ({"filename": "a" * 252 + ".png", "type": "ephemeral"}, "filename"),
        ({"filename": "a.gif", "type": "ephemeral"}, "filename"),
        ({"filename": "noextension", "type": "ephemeral"}, "filename"),
    ],
)
def test_a_slot_that_is_not_given(sandbox: Running, body: dict[str, str], path: str) -> None:
    response = sandbox.api.post("/v1/uploads", json=body)
    assert response.status_code == 400
    assert [issue["path"] for issue in response.json()["issues"]] == [[path]]


def test_refusals_of_the_file_store(sandbox: Running) -> None:
    slot = open_slot(sandbox)
    response = put(sandbox, slot, headers={"Authorization": "Bearer sandbox"})
    assert (response.status_code, code(response)) == (400, "InvalidArgument")
    wrong = slot | {"fields": slot["fields"] | {"key": "x"}}
    assert put(sandbox, wrong).status_code == 403

    def pieces() -> Iterator[bytes]:
        yield b"--a--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=a"}
    response = sandbox.plain.post("/uploads", content=pieces(), headers=headers)
    assert (response.status_code, code(response)) == (411, "MissingContentLength")
    response = sandbox.plain.post("/uploads", content=b"--a--\r\n", headers=headers)
    assert (response.status_code, code(response)) == (400, "IncorrectNumberOfFilesInPostRequest")
    assert sandbox.create("image_to_video", promptImage=slot["runwayUri"]).status_code == 400
    assert put(sandbox, slot).status_code == 204


def test_a_client_that_breaks_off_an_upload_leaves_nothing(sandbox: Running) -> None:
    slot = open_slot(sandbox)
    host, port = sandbox.sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
            b"Content-Type: multipart/form-data; boundary=a\r\n\r\n--a\r\n"
        )
    assert sandbox.create("image_to_video", promptImage=slot["runwayUri"]).status_code == 400
    assert put(sandbox, slot).status_code == 204


def test_a_json_body_without_end_is_not_read(sandbox: Running) -> None:
    host, port = sandbox.sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /v1/text_to_video HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sandbox\r\n"
            b"Content-Length: 100000000\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
