"""The child process: what it gets, what is read of it, and that it is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from running import ROOT
from runway_videos.previews.child import LARGEST_PICTURE, has_av, make_pictures
from unit.loopback import in_a_loop
from unit.previews.clips import GREY, Seen, clip

_PICTURE = "import sys; w = sys.stdout.buffer; w.write((3).to_bytes(4) + b'abc'); w.flush()\n"


async def run(code: str, content: bytes = b"", seconds: float = 20) -> list[bytes]:
    """What a program's output is read as; its standard input is a file with this content."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return await make_pictures(file, [sys.executable, "-c", code], seconds)


@in_a_loop
async def test_a_video_has_a_thumbnail_and_a_sheet() -> None:
    assert has_av()
    with tempfile.TemporaryFile() as file:
        file.write(clip([GREY] * 20))
        file.flush()
        found = await make_pictures(file)
    assert [Seen(picture).form for picture in found] == ["webp_pipe", "jpeg_pipe"]


@in_a_loop
async def test_what_is_no_video_has_none() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"no video")
        file.flush()
        assert await make_pictures(file) == []


@in_a_loop
async def test_it_gets_the_file_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNWAY_API_KEY", "key_of_nobody")
    code = (
        "import os, sys; text = sys.stdin.read() + '|' + ' '.join(os.environ) + '|' + os.getcwd()\n"
        "w = sys.stdout.buffer; w.write(len(text).to_bytes(4) + text.encode())"
    )
    (found,) = await run("import sys; sys.stdin.seek(0)\n" + code, b"content")
    content, names, folder = found.decode().split("|")
    assert (content, folder) == ("content", "/")
    assert "RUNWAY" not in names
    assert set(names.split()) <= {"PATH", "HOME", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LC_CTYPE"}


@pytest.mark.parametrize(
    ("end", "found"),
    [
        ("import os; os.abort()", [b"abc"]),
        ("raise SystemExit(1)", [b"abc"]),
        (_PICTURE, [b"abc", b"abc"]),
        ("w.write(b'ab'); w.flush()", [b"abc"]),
        ("w.write((9).to_bytes(4) + b'short'); w.flush()", [b"abc"]),
        (f"w.write(({LARGEST_PICTURE + 1}).to_bytes(4) + bytes({LARGEST_PICTURE + 1}))", [b"abc"]),
        ("w.write(bytes(4)); w.flush(); " + "w.write((3).to_bytes(4) + b'abc')", [b"abc"]),
    ],
)
@in_a_loop
async def test_what_came_whole_before_the_end_counts(end: str, found: list[bytes]) -> None:
    assert await run(_PICTURE + end) == found


@in_a_loop
async def test_one_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid()))\n{_PICTURE}time.sleep(600)"
    assert await run(code, seconds=1.5) == [b"abc"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_the_proxy_itself_never_loads_the_decoders() -> None:
    code = "import runway_videos.service, sys; print('av' in sys.modules)"
    env = {"PYTHONPATH": str(ROOT / "addon")}
    assert subprocess.check_output([sys.executable, "-c", code], env=env, text=True) == "False\n"
