"""Callers' tokens are found wherever they stand, and the client's own credentials stay."""

from __future__ import annotations

import base64

import pytest

from runway_videos.config.caller_options import Caller
from runway_videos.openai.caller_tokens import CallerTokens

TOKEN = "hush+token/of=app,1"
SHORT = "tok-a"
TOKENS = CallerTokens([Caller("app", TOKEN), Caller("short", SHORT)])
QUOTED = TOKEN.replace("/", "%2F").replace("+", "%2b").replace("=", "%3D").replace(",", "%2C")


def basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "value",
    [
        TOKEN,
        f"Bearer {TOKEN}",
        f"Bearer\t{TOKEN}",
        f"bearer   {TOKEN} ",
        f"Bearer sk-other, Bearer {TOKEN}",
        f"Token token={TOKEN}",
        f'Digest username="{TOKEN}"',
        f"prefix{TOKEN}suffix",
        f"https://proxy.example/v1?api_key={QUOTED}",
        QUOTED,
        f"Basic {basic(f'app:{TOKEN}')}",
        f"basic\t{basic(f'app:{TOKEN}').rstrip('=')}",
        f"Basic {basic(f'{TOKEN}:')}",
        f"Basic {basic(f'??>>:{TOKEN}').replace('+', '-').replace('/', '_')}",
        f"Basic {basic('a:b')}, Basic {basic(f'ab:{TOKEN}')}",
        SHORT,
        f"Bearer {SHORT}",
        f"a={SHORT};b",
        f"Basic {basic(f'app:{SHORT}')}",
    ],
)
def test_a_token_is_found(value: str) -> None:
    assert TOKENS.held_by(value.encode())
    for name in (b"Authorization", b"x-api-key", b"X-Anything", b"Referer", b"PROXY-AUTHORIZATION"):
        own = (b"X-Own", b"Bearer sk-own")
        assert TOKENS.out_of_headers((own, (name, value.encode()), own)) == (own, own)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer sk-other",
        TOKEN[:-1],
        TOKEN.upper(),
        "%zz%",
        "Basic",
        "Basic a",
        f"Basic {basic('app:sk-other')}",
        "Basic \xff\xfe",
        # Short ones are parts of other words.
        "x-tok-a",
        "tok-a2",
        "tok-a.example",
        "tok-a-2",
        "mytok-a",
    ],
)
def test_other_text_holds_none(value: str) -> None:
    fields = ((b"Authorization", value.encode("latin-1")), (b"Cookie", value.encode("latin-1")))
    assert not TOKENS.held_by(value.encode("latin-1"))
    assert TOKENS.out_of_headers(fields) is fields


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("Cookie", f"session=1; key={TOKEN}; own=sk-own", "session=1; own=sk-own"),
        ("cookie", f"key={TOKEN}", None),
        ("COOKIE", f"key={QUOTED}; a=b", "a=b"),
        (
            "Sec-WebSocket-Protocol",
            "realtime, openai-insecure-api-key.hush-of-ws, beta",
            "realtime, beta",
        ),
        # Framing and the server's name are no place for a token, and never taken away.
        ("Content-Length", "12345", "12345"),
        ("Host", "12345", "12345"),
    ],
)
def test_only_the_part_with_the_token_goes(name: str, value: str, left: str | None) -> None:
    tokens = CallerTokens([Caller("a", TOKEN), Caller("b", "hush-of-ws"), Caller("c", "12345")])
    found = tokens.out_of_headers(((name.encode(), value.encode()), (b"x-api-key", b"12345")))
    assert found == (() if left is None else ((name.encode(), left.encode()),))


def test_a_token_with_a_separator_in_it() -> None:
    tokens = CallerTokens([Caller("a", "hush;&/token")])
    fields = ((b"Cookie", b"a=b; key=hush;&/token"),)
    assert tokens.out_of_headers(fields) == ()
    assert tokens.out_of_target(b"/v1/videos?a=b&key=hush;&/token") == b"/v1/videos"
    assert tokens.out_of_target(b"/v1/hush;&/token/a?a=b") == b"/redacted?a=b"
    marked = CallerTokens([Caller("app", "hush?token")])
    assert marked.out_of_target(b"/v1/videos/hush?token") == b"/redacted"


@pytest.mark.parametrize(
    ("target", "left"),
    [
        (f"/v1/videos?api_key={TOKEN}", "/v1/videos"),
        (f"/v1/videos?api_key={QUOTED}&variant=video", "/v1/videos?variant=video"),
        (f"/v1/videos?a=%2F&&b&{TOKEN}&c=", "/v1/videos?a=%2F&&b&c="),
        (f"/v1/{SHORT}/videos?{SHORT}=1&own=sk-own", "/v1/redacted/videos?own=sk-own"),
        (f"/v1/videos?a=1?key={SHORT}", "/v1/videos"),
        ("/v1/videos?a=%2F&&b?", "/v1/videos?a=%2F&&b?"),
        ("/v1/videos?", "/v1/videos?"),
        ("*", "*"),
        ("\xff", "\xff"),
    ],
)
def test_targets(target: str, left: str) -> None:
    assert TOKENS.out_of_target(target.encode("latin-1")) == left.encode("latin-1")


def test_without_callers_nothing_is_looked_for() -> None:
    none = CallerTokens([])
    assert not none
    fields = ((b"Authorization", b"Bearer sk-own"),)
    assert none.out_of_headers(fields) is fields
    assert none.out_of_target(b"/v1?api_key=sk-own") == b"/v1?api_key=sk-own"


def test_it_shows_no_token() -> None:
    assert TOKENS
    shown = repr(vars(TOKENS)) + repr(TOKENS) + str(TOKENS)
    assert "hush" not in shown
    assert "tok-a" not in shown
