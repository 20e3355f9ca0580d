"""A task's output link is followed only to where a video may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_videos.upstream.output_links import may_follow

RUNWAY = "https://api.dev.runwayml.com"
LOCAL = (
    "http://127.0.0.1:8081",
    "http://localhost:1",
    "http://[::1]:8081",
    "http://10.1.2.3",
    "http://runway",
)


@pytest.mark.parametrize(
    "link",
    [
        "https://dnznrvs05pmza.cloudfront.net/a.mp4?_jwt=x.y.z",
        "https://bucket.s3.amazonaws.com:443/a/b.mp4#t",
        "https://1.1.1.1/a.mp4",
        "https://[2606:4700:4700::1111]/a.mp4",
    ],
)
def test_public_https_is_followed(link: str) -> None:
    assert may_follow(link, RUNWAY)
    assert all(may_follow(link, base) for base in LOCAL)


@pytest.mark.parametrize(
    "link",
    [
        "http://cdn.example.com/a.mp4",
        "http://127.0.0.1:9/a.mp4",
        "https://127.0.0.1/a.mp4",
        "https://127.1/a.mp4",
        "https://2130706433/a.mp4",
        "https://0x7f000001/a.mp4",
        "https://0177.0.0.1/a.mp4",
        "https://10.0.0.1/a.mp4",
        "https://192.168.1.1/a.mp4",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/a.mp4",
        "https://0.0.0.0/a.mp4",
        "https://224.0.0.1/a.mp4",
        "https://[::1]/a.mp4",
        "https://[::]/a.mp4",
        "https://[fe80::1%25eth0]/a.mp4",
        "https://[fd00::1]/a.mp4",
        "https://[::ffff:127.0.0.1]/a.mp4",
        "https://[2002:7f00:1::]/a.mp4",
        "https://localhost/a.mp4",
        "https://localhost./a.mp4",
        "https://metadata.google.internal/a.mp4",
        "https://printer.local/a.mp4",
        "https://intranet/a.mp4",
    ],
)
def test_what_is_not_public_is_followed_only_from_what_is_not_either(link: str) -> None:
    assert not may_follow(link, RUNWAY)
    assert not may_follow(link, "http://runway.example.com")
    assert all(may_follow(link, base) for base in LOCAL)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "a.mp4",
        "https:///a.mp4",
        "https://cdn.example.com:99999/a.mp4",
        "https://cdn.example.com:0/a.mp4",
        "https://cdn.example.com:x/a.mp4",
        "https://user:pw@cdn.example.com/a.mp4",
        "https://cdn.example.com\\@127.0.0.1/a.mp4",
        "https://cdn.example.com/a b.mp4",
        "https://cdn.example.com/a\r\nx: y",
        "https://[::1/a.mp4",
        "https://exämple.com/a.mp4",
        "ftp://cdn.example.com/a.mp4",
        "file:///etc/passwd",
        "runway://x",
    ],
)
def test_what_is_no_link_is_followed_from_nowhere(link: str) -> None:
    assert not any(may_follow(link, base) for base in (RUNWAY, *LOCAL))


@given(st.text() | st.text(alphabet="htps:/.@[]%0189aefx\\?#", max_size=40).map("https://".__add__))
def test_any_text_is_answered(link: str) -> None:
    assert may_follow(link, RUNWAY) in (True, False)
