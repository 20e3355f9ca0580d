"""A file of whole lines: its mode, its rotation, who renames it, a disk that is full, a line that was cut."""

from __future__ import annotations

import errno
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runway_videos.observe.audit_file import AuditFile

LINE = b'{"a":1}\n'


class Told:
    """A file, and what was told of it."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.problems: list[str | None] = []
        self.full = False
        self.partial = 0
        self.file = AuditFile(
            path,
            self.problems.append,
            now=lambda: 1_790_000_000.0,
            write=self._write,
            **options,
        )

    def _write(self, file: int, data: bytes) -> int:
        if self.full:
            written = os.write(file, data[: self.partial]) if self.partial else 0
            if written:
                return written
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.write(file, data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def test_lines_are_appended_and_nobody_else_may_read_them(path: Path) -> None:
    told = Told(path)
    told.file.append(LINE)
    told.file.append(LINE)
    told.file.close()
    told.file.append(LINE)
    assert path.read_bytes() == LINE * 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert told.problems == []


def test_a_full_file_is_renamed_and_kept(path: Path) -> None:
    told = Told(path, max_bytes=2 * len(LINE))
    for _ in range(5):
        told.file.append(LINE)
    files = sorted(path.parent.iterdir())
    assert [each.read_bytes() for each in files] == [LINE, LINE * 2, LINE * 2]
    assert files[0] == path
    assert files[1].name == f"audit.jsonl.20260921T141320-{os.getpid()}"
    assert files[2].name == files[1].name + "-1"
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_a_line_larger_than_a_file_is_written_all_the_same(path: Path) -> None:
    told = Told(path, max_bytes=3)
    told.file.append(LINE)
    assert path.read_bytes() == LINE
    assert told.problems == []


def test_a_file_that_somebody_else_renamed_begins_anew(path: Path) -> None:
    told = Told(path)
    told.file.append(LINE)
    path.rename(path.with_suffix(".1"))
    told.file.append(LINE)
    assert path.read_bytes() == path.with_suffix(".1").read_bytes() == LINE


def test_a_full_disk_is_told_once_and_lines_go_on_after_it(path: Path) -> None:
    told = Told(path)
    told.file.append(LINE)
    told.full = True
    told.file.append(LINE)
    told.file.append(LINE)
    assert told.problems == [os.strerror(errno.ENOSPC)]
    told.full = False
    told.file.append(LINE)
    told.file.append(LINE)
    assert told.problems == [os.strerror(errno.ENOSPC), None]
    assert path.read_bytes() == LINE * 3


def test_after_a_part_of_a_line_the_next_one_is_whole(path: Path) -> None:
    told = Told(path)
    told.full, told.partial = True, 3
    told.file.append(LINE)
    assert told.problems == ["the disk took a part of a line"]
    told.full = False
    told.file.append(LINE)
    assert path.read_bytes() == b'{"a\n' + LINE
    path.write_bytes(b'{"cut by a power failure')
    again = Told(path)
    again.file.append(LINE)
    assert path.read_bytes() == b'{"cut by a power failure\n' + LINE


def test_two_processes_share_a_file(path: Path) -> None:
    one, other = Told(path, max_bytes=3 * len(LINE)), Told(path, max_bytes=3 * len(LINE))
    for told in (one, other, one, other, one):
        told.file.append(LINE)
    assert sorted(each.stat().st_size for each in path.parent.iterdir()) == [2 * len(LINE), 3 * len(LINE)]


def test_a_file_that_another_process_renames_first_costs_no_line(path: Path) -> None:
    def now() -> float:
        if path.stat().st_size > len(LINE):
            path.rename(path.with_name("others"))
        return 0.0

    problems: list[str | None] = []
    file = AuditFile(path, problems.append, max_bytes=len(LINE) * 2, now=now)
    for _ in range(3):
        file.append(LINE)
    assert problems == []
    assert (path.read_bytes(), path.with_name("others").read_bytes()) == (LINE, LINE * 2)


def test_what_is_no_file_is_not_rotated() -> None:
    told = Told(Path(os.devnull), max_bytes=1)
    told.file.append(LINE)
    told.file.append(LINE)
    assert told.problems == []


def test_where_it_cannot_be_opened_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"Not a directory|No such file"):
        Told(tmp_path / "none" / "audit.jsonl").file.open()


@pytest.mark.parametrize("is_read", [False, True])
def test_a_named_pipe_is_refused_at_once(tmp_path: Path, is_read: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK) if is_read else None
    with pytest.raises(OSError, match=r"is a pipe.* on a disk, or /dev/stdout or /dev/stderr"):
        Told(pipe).file.open()
    told = Told(pipe)
    told.file.append(LINE)
    assert len(told.problems) == 1
    if reader is not None:
        os.close(reader)


def test_a_pipe_that_takes_the_place_of_the_file_stops_nothing(path: Path) -> None:
    told = Told(path)
    told.file.append(LINE)
    path.unlink()
    os.mkfifo(path)
    told.file.append(LINE)
    path.unlink()
    told.file.append(LINE)
    assert [bool(each) for each in told.problems] == [True, False]
    assert path.read_bytes() == LINE


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match="is a socket"):
            Told(tmp_path / "socket").file.open()


_ON_STDOUT = """
import sys
from pathlib import Path
from runway_videos.observe.audit_file import AuditFile
file = AuditFile(Path("/dev/stdout"), lambda problem: print(problem, file=sys.stderr))
file.open()
for _ in range(int(sys.argv[1])):
    file.append(b"x" * 999 + b"\\n")
"""


def on_stdout(stdout: int, lines: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _ON_STDOUT, str(lines)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=environment)


def test_a_pipe_as_standard_output_is_written_and_never_waited_for() -> None:
    reading, writing = os.pipe()
    done = on_stdout(writing, 1000)  # far more than a pipe holds
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read().splitlines()
    assert set(found) == {b"x" * 999}
    assert (done.returncode, done.stderr) == (0, os.strerror(errno.EAGAIN) + "\n")


def test_a_file_as_standard_output_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        done = on_stdout(log.fileno(), 1)
    assert "is where the log goes" in done.stderr
    assert (tmp_path / "log").read_bytes() == b""
