from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.request_body import Fields, Value, read_fields
from unit.request_body.forms import FIXTURES, TYPE, field, form, recorded

BODY = '{"model": "sora-2", "prompt": "Ä"}'
VALUES: dict[str, Value] = {"model": "sora-2", "prompt": "Ä"}


def refused(content_type: str, body: bytes) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read_fields(content_type, body)
    return caught.value


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON ; Charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/vnd.acme+json",
        "application/x-www-form-urlencoded",
        "text/plain;charset=UTF-8",
        "",
    ],
)
def test_json_under_every_label_that_clients_give_it(content_type: str) -> None:
    assert read_fields(content_type, BODY.encode()) == Fields(VALUES, form=False)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_byte_order_mark_and_white_space_do_no_harm(content_type: str) -> None:
    assert read_fields(content_type, b"\xef\xbb\xbf \r\n" + BODY.encode()).values == VALUES


def test_json_in_another_charset() -> None:
    latin = BODY.encode("latin-1")
    assert read_fields("application/json; charset=ISO-8859-1", latin).values == VALUES
    assert "not UTF-8 at line 1, column 32" in refused("application/json", latin).message
    assert "send UTF-8" in refused("application/json; charset=utf-16", latin).message


def test_a_view_is_read_like_its_bytes() -> None:
    body = form(field("prompt", "go"))
    assert read_fields(TYPE, memoryview(body)).values == {"prompt": "go"}
    assert read_fields(TYPE, memoryview(b"??" + body)[2:]).values == {"prompt": "go"}


@pytest.mark.parametrize("body", [b"", b" \r\n\t"])
@pytest.mark.parametrize("content_type", ["application/json", TYPE, "", "text/plain"])
def test_an_empty_body(content_type: str, body: bytes) -> None:
    error = refused(content_type, body)
    assert error.status == 400
    assert "empty" in error.message


def test_plain_text_is_not_guessed_at() -> None:
    assert refused("text/plain", b"prompt=go").status == 415
    assert refused("text/plain", b"{prompt: go}").code == "invalid_json"


@pytest.mark.parametrize("content_type", ["text/html", "multipart/mixed; boundary=x", "video/mp4", "?"])
def test_other_types_are_refused_naming_those_that_work(content_type: str) -> None:
    error = refused(content_type, BODY.encode())
    assert error.status == 415
    assert "application/json" in error.message
    assert "multipart/form-data" in error.message


def test_a_hostile_content_type_stays_printable() -> None:
    error = refused("a\r\nb\udcff" + "c" * 500, BODY.encode())
    assert error.status == 415
    assert error.message.isprintable()
    assert len(error.message) < 250
    assert refused("application/json;" + " " * 5000, BODY.encode()).status == 400


TYPES = st.sampled_from(
    [
        "",
        "application/json",
        "application/x-www-form-urlencoded",
        TYPE,
        "multipart/form-data",
        "application/json; charset=latin1",
        "application/x-www-form-urlencoded; charset=windows-1252",
    ]
)


@settings(max_examples=150, deadline=None)
@given(TYPES | st.text(max_size=40), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content_type: str, body: bytes) -> None:
    _read_or_refuse(content_type, body)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(path.stem for path in FIXTURES.glob("*.http"))),
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 5),
            st.binary(max_size=4)
            | st.sampled_from([b"\r\n", b"\r\n\r\n", b"--", b'"', b"[", b"]", b"[]", b";", b"%", b"{"]),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_damaged_recordings_are_read_or_refused(name: str, edits: list[tuple[float, int, bytes]]) -> None:
    content_type, body = recorded(name)
    for where, cut, insert in edits:
        at = int(where * len(body))
        body = body[:at] + insert + body[at + cut :]
    _read_or_refuse(content_type, body)


def _read_or_refuse(content_type: str, body: bytes) -> None:
    outcome = _attempt(content_type, body)
    if isinstance(outcome, ApiError):
        assert outcome.status in (400, 415)
        assert outcome.message.endswith(".") or "it knows the boundary" in outcome.message
        assert len(outcome.message) < 1000
        outcome.message.encode()
    else:
        # What was read can be sent on.
        json.dumps(outcome.values, default=repr, ensure_ascii=False, allow_nan=False).encode()


def _attempt(content_type: str, body: bytes) -> Fields | ApiError:
    try:
        return read_fields(content_type, body)
    except ApiError as error:
        return error
