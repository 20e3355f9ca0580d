"""A configuration file that somebody else may have written is not read."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from runway_videos.config import conf_file
from runway_videos.config.conf_file import ConfigError
from runway_videos.config.file_permissions import others_can_read, why_not_trusted
from unit.config.option_values import RUNWAY_KEY, settings_from

USER, OTHER, ROOT = 1000, 1001, 0
OWN_GROUP, SHARED_GROUP = 1000, 100


def status(owner: int, mode: int, group: int = SHARED_GROUP) -> os.stat_result:
    return os.stat_result((stat.S_IFREG | mode, 1, 1, 1, owner, group, 10, 0, 0, 0))


@pytest.mark.parametrize("owner", [USER, ROOT])
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o444, 0o755])
def test_a_file_of_the_user_or_of_root_is_read(owner: int, mode: int) -> None:
    assert why_not_trusted(status(owner, mode), USER, OWN_GROUP) is None


def test_a_file_of_another_user_is_refused() -> None:
    problem = why_not_trusted(status(OTHER, 0o644), USER, OWN_GROUP)
    assert problem == "belongs to another user (uid 1001): it must be yours (uid 1000) or root's"
    assert why_not_trusted(status(USER, 0o644), ROOT, None)


@pytest.mark.parametrize(
    ("mode", "text"), [(0o666, "0666"), (0o602, "0602"), (0o664, "0664"), (0o620, "0620")]
)
def test_a_file_that_others_can_write_is_refused(mode: int, text: str) -> None:
    for owner in (USER, ROOT):
        problem = why_not_trusted(status(owner, mode), USER, OWN_GROUP)
        assert problem == f"others can write it (mode {text}): chmod go-w it"


def test_a_group_that_the_owner_has_alone_is_nobody_else() -> None:
    assert why_not_trusted(status(USER, 0o664, OWN_GROUP), USER, OWN_GROUP) is None
    assert why_not_trusted(status(USER, 0o664, OWN_GROUP), USER, None)
    assert why_not_trusted(status(USER, 0o666, OWN_GROUP), USER, OWN_GROUP)


needs_modes = pytest.mark.skipif(sys.platform == "win32", reason="files have no modes there")


@needs_modes
def test_mode_of_the_file_is_read_from_the_open_file(tmp_path: Path) -> None:
    path = tmp_path / "mitm.conf"
    path.write_text("mode: regular\n")
    path.chmod(0o640)
    assert conf_file.read(path, ["mode"]).mode & 0o777 == 0o640
    path.chmod(0o646)
    with pytest.raises(ConfigError, match=rf"^{path}: others can write it \(mode 0646\): chmod go-w it$"):
        conf_file.read(path, ["mode"])


@needs_modes
@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mitm.conf"
    path.write_text("mode: regular\n")
    os.chown(path, 12345, 12345)
    with pytest.raises(ConfigError, match=rf"^{path}: belongs to another user \(uid 12345\)"):
        conf_file.read(path, ["mode"])


def test_a_literal_secret_that_others_can_read_is_warned_of() -> None:
    keys = [{"name": "a", "value": RUNWAY_KEY}]
    for mode in (0, 0o100600, 0o100640):
        assert "others can read" not in settings_from({}, str, "", mode, keys=keys).warnings[0]
    (warning,) = settings_from({}, str, "", 0o100644, keys=keys).warnings
    assert warning == (
        "runway_keys: a has its secret written out in a file that others can read (mode 0644); "
        "value: env.MY_VARIABLE or file.PATH keeps it apart"
    )
    assert others_can_read(0o604)
