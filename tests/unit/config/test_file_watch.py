"""When a file counts as changed."""

from __future__ import annotations

import os
from pathlib import Path

from runway_videos.config.file_watch import FileWatch


def watch(*paths: Path) -> FileWatch:
    found = FileWatch()
    found.use(map(str, paths))
    assert not found.changed()
    return found


def test_a_change_counts_at_the_second_look_that_sees_it_and_once(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    looks = watch(file)
    file.write_text("22")
    assert [looks.changed(), looks.changed()] == [False, True]
    looks.reading()
    assert not looks.changed()


def test_a_file_that_goes_on_changing_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "a"
    looks = watch(file)
    for size in range(4):
        file.write_text("x" * size)
        assert not looks.changed()
    assert looks.changed()


def test_another_file_of_the_same_size_and_time_is_a_change(tmp_path: Path) -> None:
    file, other = tmp_path / "a", tmp_path / "b"
    file.write_text("1")
    looks = watch(file)
    other.write_text("2")
    times = file.stat()
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(file)
    assert [looks.changed(), looks.changed()] == [False, True]


def test_a_link_that_points_elsewhere_is_a_change(tmp_path: Path) -> None:
    # As Kubernetes changes a secret: token -> ..data/token, and ..data -> another folder.
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "token").write_text(name)
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "token").symlink_to("..data/token")
    looks = watch(tmp_path / "token")
    (tmp_path / "new").symlink_to("two")
    (tmp_path / "new").replace(tmp_path / "..data")
    assert [looks.changed(), looks.changed()] == [False, True]


def test_a_file_that_goes_or_comes_is_a_change(tmp_path: Path) -> None:
    file = tmp_path / "a"
    looks = watch(file)
    for change in (file.touch, file.unlink):
        change()
        assert [looks.changed(), looks.changed()] == [False, True]
        looks.reading()


def test_files_that_stay_watched_keep_what_was_read_of_them(tmp_path: Path) -> None:
    file, new = tmp_path / "a", tmp_path / "b"
    file.write_text("1")
    looks = watch(file)
    looks.reading()
    file.write_text("changed while it was read")
    new.write_text("read just now")
    looks.use([str(file), str(new)])
    assert [looks.changed(), looks.changed()] == [False, True]
    looks.use([str(new)])
    assert not looks.changed()
