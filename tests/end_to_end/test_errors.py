"""Bad input: OpenAI's shape, the right status, a message that helps; nothing reaches Runway."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from asking import PATIENCE_SECONDS, PNG, client, error_of, web
from end_to_end.conftest import Folders, whole
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na fox'


@pytest.fixture(autouse=True)
def nothing_made(sandbox_server: SandboxServer, plain: Proxy) -> Iterator[None]:
    before = sandbox_server.made(), len(sandbox_server.seen("POST"))
    yield
    assert (sandbox_server.made(), len(sandbox_server.seen("POST"))) == before
    whole(plain)


BODIES: list[tuple[str, dict[str, str], bytes, int, str]] = [
    ("empty", JSON, b"", 400, "empty"),
    ("blank", JSON, b" \r\n", 400, "empty"),
    ("empty without a type", {}, b"", 400, "empty"),
    ("cut JSON", JSON, b'{"prompt": "a fox', 400, "not valid JSON"),
    ("JSON with a comma too many", JSON, b'{"prompt": "a fox",}', 400, "line 1, column"),
    ("an array", JSON, b'["a fox"]', 400, "an array"),
    ("a text", JSON, b'"a fox"', 400, "a string"),
    ("not UTF-8", JSON, b'{"prompt": "\xff"}', 400, "UTF-8"),
    ("JSON without end", JSON, b'{"prompt":' + b"[" * 50_000, 400, ""),
    ("another type", {"Content-Type": "text/xml"}, b"<prompt/>", 415, "multipart/form-data"),
    ("a form without a boundary", {"Content-Type": "multipart/form-data"}, PART, 400, "boundary"),
    ("a form of another boundary", FORM, PART.replace(b"--b", b"--c"), 400, "--b"),
    ("a form that is none", FORM, b"prompt=a fox", 400, "boundary"),
    ("a part without a name", FORM, PART.replace(b"; name", b"; game") + b"\r\n--b--\r\n", 400, "name"),
    ("a form cut inside a part", FORM, PART, 400, "cut off"),
    ("a form cut inside a header", FORM, PART[:30], 400, "cut off"),
    ("a form cut at its end", FORM, PART + b"\r\n--b", 400, "cut off"),
]


@pytest.mark.parametrize(
    ("headers", "body", "status", "words"), [each[1:] for each in BODIES], ids=[each[0] for each in BODIES]
)
def test_bodies(direct: httpx.Client, headers: dict[str, str], body: bytes, status: int, words: str) -> None:
    error = error_of(direct.post("/v1/videos", content=body, headers=headers), status)
    assert error["type"] == "invalid_request_error"
    assert words in error["message"]


# What else is in the body beside a prompt, the parameter that is named, words of the message.
FIELDS: list[tuple[str, dict[str, Any], str, str]] = [
    ("no prompt", {"prompt": None}, "prompt", ""),
    ("an empty prompt", {"prompt": ""}, "prompt", ""),
    ("a prompt of blanks", {"prompt": " \n"}, "prompt", ""),
    ("a number for a prompt", {"prompt": 5}, "prompt", "text"),
    ("a long prompt", {"prompt": "x" * 40_000}, "prompt", "40000"),
    ("a list for a model", {"model": ["sora-2"]}, "model", ""),
    ("seconds that are none", {"seconds": "soon"}, "seconds", ""),
    ("seconds of no model", {"seconds": "900"}, "seconds", ""),
    ("seconds below 0", {"seconds": -4}, "seconds", ""),
    ("seconds with a fraction", {"seconds": 4.5}, "seconds", ""),
    ("seconds as a switch", {"seconds": True}, "seconds", ""),
    ("a size that is none", {"size": "large"}, "size", "x"),
    ("a size that no model makes", {"size": "123x4567"}, "size", "1280x720"),
    ("a number for a size", {"size": 720}, "size", ""),
    ("a picture by http", {"input_reference": "http://a.example/x.png"}, "input_reference", "https"),
    ("a picture by address", {"input_reference": "https://192.0.2.1/x.png"}, "input_reference", ""),
    ("a picture on disk", {"input_reference": "/etc/passwd"}, "input_reference", ""),
    ("no picture", {"input_reference": "data:image/png;base64,AAAA"}, "input_reference", "png"),
    ("a picture by number", {"input_reference": 7}, "input_reference", ""),
    ("a field of no model", {"colour_of_the_fox": "red"}, "colour_of_the_fox", ""),
    ("a seed that is none", {"seed": "lucky"}, "seed", ""),
    ("audio that is none", {"audio": "loud"}, "audio", ""),
    ("two of something", {"n": 2}, "n", ""),
    (
        "a video for nothing",
        {"model": "veo3.1", "video_uri": "https://a.example/x.mp4"},
        "video_uri",
        "aleph2",
    ),
    ("a mode without its picture", {"model": "gen4_turbo"}, "input_reference", ""),
]


@pytest.mark.parametrize(
    ("more", "param", "words"), [each[1:] for each in FIELDS], ids=[each[0] for each in FIELDS]
)
def test_fields(direct: httpx.Client, more: dict[str, Any], param: str, words: str) -> None:
    error = error_of(direct.post("/v1/videos", json={"prompt": "a fox", **more}), 400)
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert words in error["message"]


def test_fields_of_a_form_are_refused_alike(plain: Proxy) -> None:
    with client(plain.base_url) as app:
        for more, param in (
            ({"seconds": "soon"}, "seconds"),
            ({"size": "large"}, "size"),
            ({"seed": "x"}, "seed"),
        ):
            with pytest.raises(openai.BadRequestError) as refusal:
                app.videos.create(prompt="a fox", extra_body=more)
            assert refusal.value.param == param


@pytest.mark.parametrize("file", [b"GIF89a" + bytes(30), b"%PDF-1.7", b"", b"just text"])
def test_files_that_runway_does_not_take(plain: Proxy, file: bytes) -> None:
    with client(plain.base_url) as app, pytest.raises(openai.BadRequestError) as refusal:
        # Called a picture by the client: its bytes decide.
        app.videos.create(prompt="a fox", input_reference=("x.png", file, "image/png"))
    assert refusal.value.param == "input_reference"


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "GZIP"])
def test_compressed_bodies(direct: httpx.Client, encoding: str) -> None:
    body = gzip.compress(json.dumps({"prompt": "a fox"}).encode())
    headers = {**JSON, "Content-Encoding": encoding}
    error = error_of(direct.post("/v1/videos", content=body, headers=headers), 415)
    assert "Content-Encoding" in error["message"]


IDS = [
    "video_rw",
    "video_rw_",
    "video_rwAAAA",
    # Well formed, but for bits that decoding drops.
    "video_rw" + "A" * 130 + "B",
    "video_rw" + "A" * 133,
    "video_rw" + "A" * 5000,
    "video_rw%00",
    "video_rw%0d%0aX-Injected:%201",
    "video_rw%2e%2e",
    "video_rw%c3%a4",
    "video_rw%22%3cscript%3e",
]


@pytest.mark.parametrize("video_id", IDS, ids=[each[:40] for each in IDS])
def test_unknown_ids(direct: httpx.Client, video_id: str) -> None:
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        answer = direct.request(method, f"/v1/videos/{video_id}{path}")
        error = error_of(answer, 404)
        assert error["code"] == "not_found"
        assert "x-injected" not in answer.headers


@pytest.fixture(scope="module")
def small(folder: Folders, sandbox_server: SandboxServer) -> Iterator[Proxy]:
    with Proxy(folder(), runway_max_body="100k", **sandbox_server.options()) as small:
        yield small
        whole(small)


@pytest.mark.parametrize("framed", ["known", "chunked"])
def test_a_body_over_the_limit(small: Proxy, framed: str) -> None:
    body = json.dumps({"prompt": "a fox", "input_reference": "x" * 150_000}).encode()
    with web(small.url) as calls:
        content: Any = iter([body[:80_000], body[80_000:]]) if framed == "chunked" else body
        error = error_of(calls.post("/v1/videos", content=content, headers=JSON), 413)
    assert error["code"] == "request_too_large"
    assert "runway_max_body" in error["message"]
    assert "102400" in error["message"]


def test_the_client_reads_the_413(small: Proxy) -> None:
    with client(small.base_url) as app, pytest.raises(openai.APIStatusError) as refusal:
        app.videos.create(prompt="a fox", input_reference=PNG + bytes(200_000))
    assert refusal.value.status_code == 413


def test_a_client_that_leaves_before_the_end(plain: Proxy, direct: httpx.Client) -> None:
    head = b"POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", plain.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(head + b'{"prompt": "cut off"')
        connection.shutdown(socket.SHUT_WR)
        # The proxy has seen the end when it closes.
        connection.recv(65_536)
    assert direct.get("/v1/videos/video_rw").status_code == 404


def test_a_clients_text_is_escaped_in_the_log(plain: Proxy, direct: httpx.Client) -> None:
    text = "red\x1b[31m\r\n[00:00:00] forged"
    error_of(direct.post("/v1/videos", json={"prompt": "a fox", "seconds": text}), 400)
    error_of(direct.post("/v1/videos", json={"prompt": "a fox", text: 1}), 400)
    assert "\x1b[31m" not in plain.log
    assert not any(line.startswith("[00:00:00] forged") for line in plain.log.splitlines())
