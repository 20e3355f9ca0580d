"""The process's streams with another writer below them: whole lines at once, dated, in order."""

from __future__ import annotations

import io
import logging
import os
import re

import pytest
from mitmproxy.addons.termlog import TermLogHandler

from runway_addon.log_output import LineWriter, install
from unit.addon.log_reader import Reader


@pytest.fixture
def stream(pipe: Reader) -> io.TextIOWrapper:
    """As Python makes stdout where there is no terminal."""
    return io.TextIOWrapper(io.BufferedWriter(io.FileIO(pipe.log, "w", closefd=False)), "ascii", newline="\n")


def test_an_installed_stream_writes_whole_lines_at_once(stream: io.TextIOWrapper, pipe: Reader) -> None:
    stream.write("before\n")
    assert pipe.read() == []
    install(stream)
    assert pipe.read() == [b"before"]
    print("a", "b", file=stream)
    print("two\nlines", file=stream)
    assert pipe.read() == [b"before", b"a b", b"two", b"lines"]
    print("begun", end="", file=stream)
    assert pipe.read()[4:] == []
    print(" and ended", file=stream)
    assert pipe.read()[4:] == [b"begun and ended"]


def test_a_reload_installs_nothing_anew(stream: io.TextIOWrapper) -> None:
    install(stream)
    below = stream.buffer
    assert isinstance(below, LineWriter)
    install(stream, None)
    assert stream.buffer is below


def test_a_character_that_the_encoding_lacks_raises_nothing(stream: io.TextIOWrapper, pipe: Reader) -> None:
    install(stream)
    print("sora-2 → seedance2", file=stream)
    assert pipe.read() == [b"sora-2 \\u2192 seedance2"]


def test_streams_with_one_reader_keep_their_order(stream: io.TextIOWrapper, pipe: Reader) -> None:
    other = io.TextIOWrapper(io.FileIO(os.dup(pipe.log), "w"), newline="\n")
    install(stream, other)
    expected = []
    for number in range(2000):
        print(number, file=(stream, other)[number % 2])
        expected.append(b"%d" % number)
    assert pipe.until(b"1999") == expected


def test_log_lines_have_a_date_where_no_terminal_is(stream: io.TextIOWrapper, pipe: Reader) -> None:
    handler = TermLogHandler(stream)
    handler.install()
    try:
        install(stream)
    finally:
        handler.uninstall()
    handler.emit(logging.LogRecord("runway", logging.INFO, "", 0, "created: %s", ("it",), None))
    (line,) = pipe.read()
    assert re.fullmatch(rb"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] created: it", line)


def test_a_terminal_stays_as_it_is_and_may_hang_up() -> None:
    screen, log = os.openpty()
    stream = io.TextIOWrapper(io.BufferedWriter(io.FileIO(log, "w", closefd=False)), line_buffering=True)
    install(stream)
    assert stream.isatty()
    assert stream.fileno() == log
    print("seen", file=stream)
    assert os.read(screen, 100) == b"seen\r\n"
    os.close(screen)
    print("unseen", file=stream)
    stream.close()
    os.close(log)


def test_a_stream_of_another_kind_is_left_alone() -> None:
    stream = io.StringIO()
    install(stream)
    print("x", file=stream)
    assert stream.getvalue() == "x\n"
