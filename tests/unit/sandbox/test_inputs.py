from __future__ import annotations

import base64

import pytest

from runway_videos.sandbox.inputs import MAX_DATA_URI, problem

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)


def data(label: str, content: bytes) -> str:
    return f"data:{label};base64,{base64.b64encode(content).decode()}"


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/a.png",
        "https://sub.example.co.uk:8443/a?b=c#d",
        "https://user@example.com/",
        "https://3d.example.com",
        "HTTPS://EXAMPLE.COM/A",
        "https://example.com/" + "a" * (2048 - 20),
    ],
)
def test_urls_that_runway_takes(text: str) -> None:
    assert problem(text, "image") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://example.com/a.png", "Only HTTPS URLs are allowed."),
        ("ftp://example.com/a.png", "Only HTTPS URLs are allowed."),
        ("https://11.22.33.44/a", "URLs must be hosted on a domain."),
        ("https://127.1/a", "URLs must be hosted on a domain."),
        ("https://2130706433/a", "URLs must be hosted on a domain."),
        ("https://1.2.0x7f/a", "URLs must be hosted on a domain."),
        ("https://1.2.3.4./a", "URLs must be hosted on a domain."),
        ("https://[::1]/a", "URLs must be hosted on a domain."),
        ("https://[::ffff:1.2.3.4]/a", "URLs must be hosted on a domain."),
        ("https://localhost/a", "URLs must be hosted on a domain."),
        ("https://example.com/" + "a" * (2049 - 20), "at most 2048"),
        ("https://", "URLs must be hosted"),
        ("https://[::1", "Invalid URL"),
        ("example.com/a.png", "Invalid URL"),
        ("", "Invalid URL"),
        ("a fox", "Invalid URL"),
        ("file:///etc/passwd", "Invalid URL"),
    ],
)
def test_urls_that_runway_refuses(text: str, reason: str) -> None:
    found = problem(text, "image")
    assert found is not None
    assert reason in found


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (data("image/png", PNG), "image"),
        (data("image/jpg", JPEG), "image"),
        (data("image/webp", b"RIFF....WEBPVP8 "), "image"),
        (data("video/mp4", b"\0\0\0 ftypisom"), "video"),
        (data("video/quicktime", b"\0\0\0 ftypqt  "), "video"),
        (data("audio/wav", b"RIFF....WAVEfmt "), "audio"),
        (data("audio/mpeg", b"ID3"), "audio"),
        (data("image/png;charset=x", PNG), "image"),
    ],
)
def test_data_uris_that_runway_takes(text: str, kind: str) -> None:
    assert problem(text, kind) is None


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        (data("application/octet-stream", PNG), "image", "Unsupported asset type"),
        (data("image/gif", b"GIF89a"), "image", "Unsupported asset type"),
        (data("video/mp4", b"\0\0\0 ftypisom"), "image", "Unsupported asset type"),
        (data("image/png", PNG), "video", "Unsupported asset type"),
        (data("image/png", b"GIF89a"), "image", "its content is image/gif"),
        (data("image/png", JPEG), "image", "its content is image/jpeg"),
        (data("video/mp4", b"\0\0\0 ftypqt  "), "video", "its content is video/quicktime"),
        ("data:image/png,abc", "image", "must be base64"),
        ("data:image/png;base64,iVBO Rw0K", "image", "not valid base64"),
        ("data:image/png;base64,iVBO\nRw0K", "image", "not valid base64"),
        ("data:image/png;base64,abc", "image", "not valid base64"),
        ("data:image/png;base64,é===", "image", "not valid base64"),
        ("data:image/png;base64,", "image", "empty"),
        ("data:;base64,AAAA", "image", "Invalid data URI"),
        ("data:", "image", "Invalid data URI"),
    ],
)
def test_data_uris_that_runway_refuses(text: str, kind: str, reason: str) -> None:
    found = problem(text, kind)
    assert found is not None
    assert reason in found


def test_the_longest_data_uri() -> None:
    head = "data:image/png;base64,"
    whole = head + base64.b64encode(PNG + bytes(3_932_140)).decode()
    room = (MAX_DATA_URI - len(head)) // 4 * 4
    assert problem(whole[: len(head) + room], "image") is None
    refused = problem(whole[: len(head) + room] + "AAAA", "image")
    assert refused is not None
    assert "at most 5242880" in refused


def test_a_runway_uri_is_not_checked_as_an_input() -> None:
    assert problem("runway://anything", "image") is None
