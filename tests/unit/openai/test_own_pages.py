"""The proxy's own address: what it says of itself, and of paths that miss `/v1/videos`."""

from __future__ import annotations

import tomllib

import pytest

from running import ROOT
from runway_videos import VERSION
from runway_videos.openai.own_pages import front_page, refusal_of


def test_the_version_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("/videos", "/v1/videos"),
        ("/videos?limit=2", "/v1/videos"),
        ("//videos/video_rw1/content", "/v1/videos/video_rw1/content"),
        ("/v1/video", "/v1/videos"),
        ("/v1/video/video_rw1", "/v1/videos/video_rw1"),
        ("/v1/v1/videos", "/v1/videos"),
        ("/api/v1/videos/video_rw1", "/v1/videos/video_rw1"),
    ],
)
def test_a_misspelt_path_is_told_the_right_one(path: str, right: str) -> None:
    error = refusal_of(path)
    assert error is not None
    assert (error.status, error.code) == (404, "unknown_url")
    assert f"it is {right}: " in error.message


@pytest.mark.parametrize(
    "path", ["/api/providers", "/api/providers/", "/api/providers/1?x=key_hush", "//api/providers"]
)
def test_keys_are_not_taken(path: str) -> None:
    error = refusal_of("//api/providers" + path)
    assert error is not None
    assert (error.status, error.code) == (404, "admin_not_configured")
    assert "with runway_admin also by /api/providers" in error.message
    assert "hush" not in error.message


@pytest.mark.parametrize(
    "path",
    ["/", "/v1/models", "/v1/chat/completions", "/videography", "/v1/videos2", "/api/provider", "/x/videos"],
)
def test_other_paths_go_on(path: str) -> None:
    assert refusal_of(path) is None


def test_a_clients_path_is_escaped() -> None:
    error = refusal_of("/videos/\x1b[31m\udcff" + "x" * 5000)
    assert error is not None
    assert error.message.isprintable()
    assert len(error.message) < 600


def test_the_front_page_is_text_or_html_by_accept() -> None:
    text = front_page("http://127.0.0.1:8080", "https://api.openai.com", "*/*")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    lines = text.body.decode().splitlines()
    assert VERSION in lines[0]
    assert "http://127.0.0.1:8080/v1 " in lines[1]
    assert lines[2] == "Other calls go to https://api.openai.com (runway_fallback)."
    page = front_page('http://<b>"', None, "text/html,*/*;q=0.8")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"http://&lt;b&gt;" in page.body
    assert b"<b>" not in page.body
    assert b"Other calls are not passed on." in page.body
