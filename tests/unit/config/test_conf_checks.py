"""A configuration that somebody else may have written is not taken."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from runway_videos.config import conf_file
from runway_videos.config.conf_checks import MOST_VALUES, owner_problem
from runway_videos.config.conf_file import ConfFile, ConfigError

KNOWN = ("runway_keys", "runway_callers", "runway_aliases", "mode")
LITERAL = "runway_keys: [{name: a, value: key_hush}]\n"


def read(folder: Path, text: str, mode: int = 0o600) -> ConfFile:
    path = folder / "mitm.conf"
    path.write_text(text)
    path.chmod(mode)
    return conf_file.read(path, KNOWN)


def refused(folder: Path, text: str, mode: int = 0o600) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, mode)
    return str(caught.value).removeprefix(f"{folder}/mitm.conf")


@pytest.mark.parametrize("mode", [0o602, 0o666, 0o777])
def test_a_file_that_all_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    assert f": can be written by others (mode {mode:04o})" in refused(tmp_path, "mode: [regular]\n", mode)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o400])
def test_a_file_that_the_user_alone_can_write_is_taken(tmp_path: Path, mode: int) -> None:
    assert read(tmp_path, "mode: [regular]\n", mode).entries["mode"].value == ["regular"]


@pytest.mark.parametrize(
    ("uid", "gid", "mode", "taken"),
    [
        (0, 0, 0o644, True),
        (os.geteuid(), 4242, 0o640, True),
        (os.geteuid(), 4242, 0o664, False),
        (4242, 0, 0o600, False),
        (4242, os.getegid(), 0o444, False),
    ],
)
def test_whose_file_is_taken(uid: int, gid: int, mode: int, taken: bool) -> None:
    found = os.stat_result((0o100000 | mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))
    assert (owner_problem(found) is None) is taken


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mitm.conf"
    path.write_text("mode: [regular]\n")
    os.chown(path, 4242, 4242)
    with pytest.raises(ConfigError, match="belongs to user 4242"):
        conf_file.read(path, KNOWN)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_secrets_that_others_can_read_are_warned_of(tmp_path: Path, mode: int) -> None:
    (warning,) = read(tmp_path, LITERAL, mode).warnings
    assert (
        warning
        == f"{tmp_path}/mitm.conf: holds secrets and can be read by others (mode {mode:04o}): chmod 600"
    )


@pytest.mark.parametrize(
    ("text", "mode"),
    [(LITERAL, 0o600), ("runway_keys: [{name: a, value: env.A}]\n", 0o644), ("runway_keys: 5\n", 0o644)],
)
def test_without_secrets_or_readers_there_is_no_warning(tmp_path: Path, text: str, mode: int) -> None:
    assert read(tmp_path, text, mode).warnings == ()


def doubling(levels: int) -> str:
    lines = ["runway_aliases:", "- &a0 [x, x]"]
    lines += [f"- &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def test_aliases_that_double_a_file_are_refused_before_they_do(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        message = refused(tmp_path, doubling(30))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert message.endswith(f": more than {MOST_VALUES} values, aliases filled in")
    assert peak < 5_000_000
    assert len(read(tmp_path, doubling(5)).entries) == 1


def test_merges_that_double_a_file_are_refused(tmp_path: Path) -> None:
    lines = ["runway_aliases:", "- &a0 {x: 1, y: 2}"]
    lines += [f"- &a{n} {{k{n}: *a{n - 1}, l{n}: *a{n - 1}, <<: *a{n - 1}}}" for n in range(1, 20)]
    assert f"{MOST_VALUES} values" in refused(tmp_path, "\n".join(lines) + "\n")


@pytest.mark.parametrize("text", ["runway_aliases: &a [*a]\n", "runway_aliases: &a {b: [*a]}\n"])
def test_an_alias_of_itself_is_refused(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text) == " line 1: the alias *a stands inside of what it names"
