"""The log's way out, over real files, pipes and sockets: nothing waits, order stays, drops are counted."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from runway_addon.log_output import LogOutput
from unit.addon.log_reader import CREATED, CREATING, DROP_NOTICE, LONG, LOST, Reader, put, stall


def test_a_line_is_out_when_the_call_returns(reader: Reader) -> None:
    output = LogOutput(reader.log)
    for line in (CREATING, LONG, CREATED):
        put(output, line)
        assert reader.read()[-1] == line


def test_a_file_has_the_line_when_the_call_returns(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as file:
        put(LogOutput(file.fileno()), CREATING, LONG)
        assert path.read_bytes().splitlines() == [CREATING, LONG]


def test_a_reader_that_stands_still_gets_all_in_order(reader: Reader) -> None:
    output = LogOutput(reader.log)
    lines = [*stall(reader), CREATING, LONG, CREATED, b"last"]
    put(output, *lines[-4:])
    assert reader.until(b"last") == lines


def test_without_a_next_line_the_rest_comes_too_and_the_next_stall_as_well(reader: Reader) -> None:
    output = LogOutput(reader.log)
    lines: list[bytes] = []
    for _ in range(3):
        lines += stall(reader)
        put(output, b"after a stall")
        lines.append(b"after a stall")
        assert reader.until(b"after a stall") == lines


def test_a_line_longer_than_all_that_fits_comes_whole(reader: Reader) -> None:
    output = LogOutput(reader.log)
    lines = [b"y" * 3_000_000, CREATING]
    put(output, *lines)
    assert reader.until(CREATING) == lines


def test_over_the_limit_the_oldest_go_and_are_counted(reader: Reader) -> None:
    output = LogOutput(reader.log, held_bytes=1000)
    before = stall(reader)
    put(output, *(b"%d" % number for number in range(10_000)))
    after = reader.until(b"9999")
    notices = [number for number, line in enumerate(after) if DROP_NOTICE.match(line)]
    assert len(notices) == 1
    found = DROP_NOTICE.match(after[notices[0]])
    assert found is not None
    kept = after[: notices[0]] + after[notices[0] + 1 :]
    everything = [*before, *(b"%d" % number for number in range(10_000))]
    assert len(kept) + int(found[1]) == len(everything)
    # One gap: what left the process before, and the newest.
    assert kept == everything[: notices[0]] + everything[notices[0] + int(found[1]) :]
    put(output, b"well again")
    assert reader.until(b"well again") == [*after, b"well again"]


@pytest.mark.parametrize("line", [CREATING, CREATED, LOST])
def test_lines_of_creates_are_dropped_last(line: bytes, pipe: Reader) -> None:
    output = LogOutput(pipe.log, held_bytes=5000)
    before = stall(pipe)
    put(output, line + b" first", *[LONG] * 100, line + b" second", *[LONG] * 100)
    assert [
        each for each in pipe.until(LONG) if each not in (*before, LONG) and not DROP_NOTICE.match(each)
    ] == [
        line + b" first",
        line + b" second",
    ]


def test_creates_push_out_the_others_and_then_their_oldest(pipe: Reader) -> None:
    output = LogOutput(pipe.log, held_bytes=5000)
    stall(pipe)
    put(output, *[b"other"] * 100)
    put(output, *(CREATED + b" %d" % number for number in range(200)))
    after = pipe.until(CREATED + b" 199")
    assert after.count(b"other") == 1  # the one that is being written
    numbers = [int(line.rpartition(b" ")[2]) for line in after if line.startswith(CREATED)]
    assert numbers == list(range(200 - len(numbers), 200))
    assert 5000 // (len(CREATED) + 5) - 2 <= len(numbers) < 200


def test_a_clients_text_counts_for_no_create(pipe: Reader) -> None:
    output = LogOutput(pipe.log, held_bytes=5000)
    stall(pipe)
    put(output, CREATED)
    forged = b"[2026-11-23 10:00:00.000] create refused, 400: no model '] created: '"
    put(output, *[forged] * 1000)
    assert CREATED in pipe.until(forged)


def test_a_closed_reader_ends_nothing(reader: Reader) -> None:
    output = LogOutput(reader.log, held_bytes=1000)
    put(output, b"read")
    reader.close()
    put(output, *[LONG] * 100)
    output.end(0.1)


def test_a_reader_that_comes_back_gets_what_was_held(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    first = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = os.open(path, os.O_WRONLY)
    output = LogOutput(log)
    put(output, b"one")
    os.close(first)
    put(output, CREATING, b"two")
    with path.open("rb") as second:
        # No line comes that would carry them out.
        assert [next(second) for _ in range(3)] == [b"one\n", CREATING + b"\n", b"two\n"]
    output.end(0.0)
    os.close(log)


@pytest.mark.parametrize("reads", [True, False])
def test_the_end_waits_for_a_reader_a_short_time(reads: bool, pipe: Reader) -> None:
    output = LogOutput(pipe.log)
    lines = [*stall(pipe), CREATED]
    put(output, CREATED)
    if reads:
        pipe.read()
        output.end()
        assert pipe.read() == lines
    else:
        output.end(0.1)
        assert pipe.read() == lines[:-1]


def test_a_handler_that_logs_within_a_write_changes_no_order(pipe: Reader) -> None:
    written = io.BytesIO()

    def write(data: memoryview) -> int:
        if not written.getvalue():
            put(output, b"from a signal handler")
        return written.write(data[:3])

    output = LogOutput(pipe.log, write)
    put(output, b"interrupted", b"next")
    assert written.getvalue().splitlines() == [b"interrupted", b"from a signal handler", b"next"]


@pytest.mark.parametrize("error", [BlockingIOError, BrokenPipeError])
def test_what_a_write_left_over_is_not_written_twice(error: type[OSError], pipe: Reader) -> None:
    written = io.BytesIO()
    stalls = iter([False, False, True, False])

    def write(data: memoryview) -> int:
        if next(stalls, False):
            raise error
        return written.write(data[:4])

    output = LogOutput(pipe.log, write)
    put(output, b"a longer line", b"and another")
    output.end()
    assert written.getvalue() == b"a longer line\nand another\n"
