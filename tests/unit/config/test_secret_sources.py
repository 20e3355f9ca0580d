"""Secrets in variables, in files, and written out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runway_videos.config.conf_file import ConfigError
from runway_videos.config.secret_sources import LARGEST_FILE, find
from unit.config.option_values import RUNWAY_KEY, settings_from


def put(folder: Path, content: bytes) -> str:
    path = folder / "token"
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize("content", [b"key_1", b"key_1\n", b"key_1\r\n", b" key_1 \n\n"])
def test_the_secret_of_a_file_is_its_text_without_line_ends(tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path, content)
    found = find(f"file.{path}", {})
    assert (found.secret, found.missing, found.file) == ("key_1", "", path)
    assert "key_1" not in repr(found)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"\n", "is empty"), (b"\xff\xfe", "holds no text"), (b"a" * (LARGEST_FILE + 1), "is too large")],
)
def test_a_file_without_a_secret_says_why(tmp_path: Path, content: bytes, why: str) -> None:
    found = find(f"file.{put(tmp_path, content)}", {})
    assert found.secret is None
    assert why in found.missing


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, why in (("pipe", "it is no file"), ("none", "No such file"), (".", "it is no file")):
        assert why in find(f"file.{tmp_path / name}", {}).missing


def test_keys_callers_and_webhooks_may_be_in_files(tmp_path: Path) -> None:
    path = put(tmp_path, f"{RUNWAY_KEY}\n".encode())
    key = {"name": "a", "value": f"file.{path}"}
    found = settings_from(keys=[key], callers=[key])
    assert (found.keys[0].value, found.callers[0].value) == (RUNWAY_KEY, RUNWAY_KEY)
    assert (found.files, found.warnings) == ((path,), ())
    (tmp_path / "token").write_text("whsec_" + "a" * 40 + "\n")
    hook = {"url": "https://hooks.example/x", "secret": f"file.{path}"}
    assert settings_from(webhooks=[hook]).webhooks[0].secret == "whsec_" + "a" * 40


def test_a_key_whose_file_is_not_there_is_left_out_and_looked_for_again(tmp_path: Path) -> None:
    path = str(tmp_path / "later")
    found = settings_from({"B": RUNWAY_KEY}, keys=[{"name": "a", "value": f"file.{path}"},
                                                {"name": "b", "value": "env.B"}])  # fmt: skip
    assert [key.name for key in found.keys] == ["b"]
    assert found.files == (path,)
    assert found.warnings == (
        f"runway_keys: a is left out, the file {path} cannot be read: No such file or directory",
    )


def test_a_caller_whose_file_is_not_there_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^runway_callers: app: the file .*/none cannot be read: No such"):
        settings_from(callers=[{"name": "app", "value": f"file.{tmp_path / 'none'}"}])
