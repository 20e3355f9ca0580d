"""A log line is one line, whatever a client sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_videos.logs import escaped


@pytest.mark.parametrize(
    ("text", "as_shown"),
    [
        ("plain, with ümläut and 日本", "plain, with ümläut and 日本"),
        ("one\ntwo\r\n", "one\\ntwo\\r\\n"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202etfel", "\\u202etfel"),
        ("\udcff", "\\udcff"),
        ("\0", "\\x00"),
        ("\u2028", "\\u2028"),
        ("", ""),
    ],
)
def test_control_characters_are_escaped_in_logs(text: str, as_shown: str) -> None:
    assert escaped(text) == as_shown


def test_long_texts_are_cut_in_logs() -> None:
    assert escaped("x" * 200) == "x" * 200
    assert escaped("x" * 201) == "x" * 200 + "…"
    assert escaped("abc", 2) == "ab…"


@given(st.text(st.characters() | st.sampled_from("\udcff\ud800\u202e\x1b\n")))
def test_whatever_comes_is_one_printable_line_that_can_be_written(text: str) -> None:
    line = escaped(text, 50)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1
    assert len(line) <= 51 * 10
    line.encode("utf-8")
