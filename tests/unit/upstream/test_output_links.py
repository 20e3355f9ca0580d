"""A task's links are followed to the internet alone, unless Runway itself is in this network."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.upstream.client import Reply
from runway_videos.upstream.output_links import is_output_link, without_link

RUNWAY = "https://api.dev.runwayml.com"
INTERNAL = ["http://127.0.0.1:8099", "http://[::1]:1", "http://localhost:5", "https://10.0.0.1/runway"]


@pytest.mark.parametrize("base_url", [RUNWAY, "https://gateway.example", *INTERNAL])
@pytest.mark.parametrize(
    "url",
    [
        "https://files.example/v.mp4?Expires=1&Signature=hush~-_&Key-Pair-Id=K",
        "https://dnznrvs05pmza.cloudfront.net/a/b.mp4?_jwt=a.b-c",
        "HTTPS://files.example:443/v",
        "https://8.8.8.8/v.mp4",
        "https://files.example",
    ],
)
def test_https_to_the_internet_is_followed(url: str, base_url: str) -> None:
    assert is_output_link(url, base_url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://files.example/v.mp4", "http://127.0.0.1/v", "https://127.0.0.1/v", "https://[::1]:8/v"),
        *("https://localhost/v", "https://db.internal/v", "https://10.0.0.1/v", "https://[fd00::1]/v"),
        *("https://169.254.169.254/latest/meta-data", "https://[::ffff:127.0.0.1]/v", "https://2130706433/v"),
    ],
)
def test_this_network_only_where_runway_is_in_it(url: str) -> None:
    assert not is_output_link(url, RUNWAY)
    for base_url in INTERNAL:
        assert is_output_link(url, base_url)


@pytest.mark.parametrize("base_url", [RUNWAY, INTERNAL[0]])
@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "/v.mp4", "//files.example/v", "ftp://files.example/v", "file:///etc/passwd", "data:,x"),
        *("https://", "https:///v", "https://:443/v", "https://files.example:99999/v", "https://a:0/v"),
        *("https://a:x/v", "https://[zz]/v", "https://[::1/v", "https://user@files.example/v"),
        *("https://files.example\\@127.0.0.1/v", "https://a b/v", "https://a/v\n", "https://a/\x00"),
        *("https://\N{FULLWIDTH DIGIT ONE}27.0.0.1/", "https://a/\u00e9"),
    ],
)
def test_what_is_no_link_is_not_followed(url: str, base_url: str) -> None:
    assert not is_output_link(url, base_url)


@settings(max_examples=300)
@given(st.text("ahtps:/.0127[]@\\?#%:x9-", max_size=16).map("https://".__add__))
def test_a_link_that_is_followed_is_one_for_the_client_too(url: str) -> None:
    if is_output_link(url, RUNWAY):
        host = httpx.URL(url).host
        assert host
        assert not is_output_link(url.replace(host, "127.0.0.1", 1), RUNWAY)


LINK = "https://cdn.example/a/v.mp4?Expires=1&Key-Pair-Id=K&Signature=hush"


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (f'{{"error": "no {LINK} here"}}', '{"error": "no [link] here"}'),
        (f'{{"error": "no {LINK}"}}', '{"error": "no [link]"}'),
        (f'{{"error": "\\"{LINK}\\" is gone"}}', '{"error": "\\"[link]\\" is gone"}'),
        (f'{{"error": "{LINK[:-3]}… is gone"}}', '{"error": "[link] is gone"}'),
        ('{"error": "' + LINK.replace("/", "\\/") + '"}', '{"error": "[link]"}'),
        ('{"error": "' + LINK.replace("&", "\\u0026") + '."}', '{"error": "[link]"}'),
        (f'["{LINK}", "{LINK}"]', '["[link]", "[link]"]'),
        ('{"error": "https://cdn.example/other"}', '{"error": "https://cdn.example/other"}'),
        ('{"id": "t1"}', '{"id": "t1"}'),
    ],
)
def test_a_link_is_taken_out_of_what_runway_says(body: str, after: str) -> None:
    reply = without_link(Reply(400, body.encode()), LINK)
    assert (reply.status, reply.body.decode()) == (400, after)
