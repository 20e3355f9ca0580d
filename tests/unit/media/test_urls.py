from __future__ import annotations

import pytest

from runway_videos.errors import ApiError
from runway_videos.media.urls import HTTPS_LENGTH, RUNWAY_LENGTH, check_https, check_runway


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/",
        "https://a.b.example.com:8443/x.png?sig=a%2Fb&u=ada@example.com#f",
        "https://example.com./x.png",
        "https://example.com:/x.png",
        "https://bücher.example/ü.png",
        "https://xn--bcher-kva.example/x",
        "https://under_score.example.com/",
        "https://1.2.3.4.example.com/x",
        "https://123.example/x",
        "https://example.co.uk/http://127.0.0.1/",
        "https://bucket.s3.amazonaws.com/a.png?X-Amz-Signature=0",
        "https://localhost.example.com/",
    ],
)
def test_urls_that_runway_takes(url: str) -> None:
    assert check_https(url, "p") == url


def test_the_scheme_is_sent_in_lower_case() -> None:
    assert check_https("HTTPS://Example.com/A", "p") == "https://Example.com/A"
    assert check_runway("Runway://AbCdEf", "p") == "runway://AbCdEf"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "8.8.8.8",
        "8.8.8.8:443",
        "8.8.8.8.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0X7F.1",
        "0x",
        "0177.0.0.01",
        "[::1]",
        "[2001:db8::1]:443",
        "[::ffff:127.0.0.1]",
        "１２７.0.0.1",
        "127。0。0。1",
        "127．0．0．①",
        "example.123",
    ],
)
def test_ip_addresses_in_every_spelling(host: str) -> None:
    with pytest.raises(ApiError, match="IP address") as caught:
        check_https(f"https://{host}/a.png", "input_reference")
    assert (caught.value.status, caught.value.param) == (400, "input_reference")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://localhost/a.png", "upload the file"),
        ("https://LOCALHOST:3000/a.png", "upload the file"),
        ("https://app.localhost/a.png", "upload the file"),
        ("https://printer.local/a.png", "upload the file"),
        ("https://cdn.internal/a.png", "upload the file"),
        ("https://intranet/a.png", "upload the file"),
        ("https://user:pass@example.com/a", "signed URL"),
        ("https://@example.com/a", "signed URL"),
        ("https:///a.png/bcdef", "no domain name"),
        ("https://?example.com", "no domain name"),
        ("https://a..example.com", "no domain name"),
        ("https://.example.com", "no domain name"),
        ("https://example.com:99999", "port"),
        ("https://example.com:http", "no domain name"),
        ("https://ex%61mple.com", "no domain name"),
        ("https://℀example.com", "no domain name"),
        ("https://" + "a" * 64 + ".com", "no domain name"),
        ("https://" + "a." * 130 + "com", "no domain name"),
        ("https://::1/abcdef", "no domain name"),
        ("https://example.com/a b.png", "escape it"),
        ("https://example.com/a\nb.png", "escape it"),
        ("https://example.com/\x00", "escape it"),
        ("https://example.com\\@evil.com", "escape it"),
        ("https://example.com/\ud800", "escape it"),
        ("https://a.b", "11 characters"),
        ("https://example.com/" + "a" * HTTPS_LENGTH, "2068 characters; Runway takes 13 to 2,048"),
    ],
)
def test_urls_that_runway_would_refuse(url: str, says: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_https(url, "video_uri")
    assert says in caught.value.message
    assert caught.value.param == "video_uri"
    caught.value.message.encode()


def test_lengths_at_the_limit() -> None:
    url = "https://example.com/"
    assert check_https(url + "a" * (HTTPS_LENGTH - len(url)), "p")
    uri = "runway://"
    assert check_runway(uri + "a" * (RUNWAY_LENGTH - len(uri)), "p")
    with pytest.raises(ApiError, match="5001 characters"):
        check_runway(uri + "a" * (RUNWAY_LENGTH - len(uri) + 1), "p")
    with pytest.raises(ApiError, match="10 characters"):
        check_runway("runway://a", "p")
    with pytest.raises(ApiError, match="control character"):
        check_runway("runway://abc def", "p")
