"""Headers read from the raw fields."""

from __future__ import annotations

from runway_addon import header_fields

FIELDS = ((b"Host", b"a.example"), (b"X-A", b"1"), (b"x-a", b"\xff2"))


def test_names_are_in_lower_case_and_repeated_headers_are_joined() -> None:
    assert header_fields.lower_names(FIELDS) == {"host": "a.example", "x-a": "1, \udcff2"}


def test_one_header_says_what_mitmproxy_would_say() -> None:
    assert header_fields.value_of(FIELDS, b"x-a") == "1, \udcff2"
    assert header_fields.value_of(FIELDS, b"host") == "a.example"
    assert header_fields.value_of(FIELDS, b"x-b") is None
    assert header_fields.value_of(((b"Host", b""),), b"host") == ""
