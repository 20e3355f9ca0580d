"""The lock holds what pyproject.toml asks for, says where nothing comes from, and README installs it."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from running import ROOT
from runway_videos.catalog import HERE

LOCK = ROOT / ".lock"
CHECK: dict[str, Any] = runpy.run_path(str(LOCK / "check.py"))
MOVED: dict[str, Any] = runpy.run_path(str(LOCK / "moved.py"))
RUNNING = sys.version_info[:2]


def locked(name: str) -> dict[str, tuple[Requirement, list[str]]]:
    """Package → its line and its hashes."""
    found: dict[str, tuple[Requirement, list[str]]] = {}
    text = "".join(
        line for line in (LOCK / name).read_text().splitlines(True) if not line.lstrip().startswith("#")
    )
    for entry in text.replace("\\\n", " ").splitlines():
        line, *hashes = re.split(r"\s+--hash=", entry)
        requirement = Requirement(line)
        found[canonicalize_name(requirement.name)] = (requirement, [text.split()[0] for text in hashes])
    return found


def wanted(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    return [Requirement(text) for texts in lists for text in texts]


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("run.txt", ()),
        ("service.txt", ("webhooks", "metrics", "redis")),
        ("test.txt", ("test", "media", "webhooks", "metrics", "redis")),
    ],
)
def test_every_bound_holds_one_exact_version(name: str, extras: tuple[str, ...]) -> None:
    lock = locked(name)
    for requirement in wanted(*extras):
        (pin,) = lock[canonicalize_name(requirement.name)][0].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), f"{requirement}: run .lock/refresh"


@pytest.mark.parametrize("name", ["run.txt", "service.txt", "test.txt"])
def test_every_version_is_exact_and_has_its_hashes(name: str) -> None:
    lock = locked(name)
    assert len(lock) > 40
    for requirement, hashes in lock.values():
        assert [pin.operator for pin in requirement.specifier] == ["=="], requirement
        assert hashes, requirement
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", text) for text in hashes), requirement
    # No address of a registry, no folder of the machine that wrote it.
    assert not re.search(r"://|\s/|^-", (LOCK / name).read_text(), re.MULTILINE)


def test_tests_run_with_what_the_proxy_runs_with() -> None:
    test = locked("test.txt")
    for file in ("run.txt", "service.txt"):
        found = locked(file)
        for name, (requirement, hashes) in found.items():
            assert (str(test[name][0]), test[name][1]) == (str(requirement), hashes)
        assert {"pytest", "openai"}.isdisjoint(found)
    assert set(locked("service.txt")) - set(locked("run.txt")) == {
        *("prometheus-client", "redis", "standardwebhooks"),
    }


def test_the_lock_is_for_every_platform() -> None:
    markers = {name: str(requirement.marker) for name, (requirement, _) in locked("test.txt").items()}
    assert markers["mitmproxy-linux"] == 'sys_platform == "linux"'
    assert markers["mitmproxy-macos"] == 'sys_platform == "darwin"'
    assert markers["mitmproxy-windows"] == 'os_name == "nt"'
    assert markers["colorama"] == 'sys_platform == "win32"'


def test_the_catalog_is_of_the_locked_sdk() -> None:
    (pin,) = locked("test.txt")["runwayml"][0].specifier
    assert json.loads((HERE / "catalog.json").read_text())["sdk"] == pin.version


def test_readmes_commands_install_the_lock() -> None:
    readme = (ROOT / "README.md").read_text()
    make = r"python3 \.lock/check\.py && python3 -m venv \.venv && \.venv/bin/pip install -q --require-hashes"
    assert len(re.findall(rf"^{make} -r \.lock/run\.txt && \.venv/bin/mitmdump -s .*$", readme, re.M)) == 1
    assert len(re.findall(rf"^{make} -r \.lock/test\.txt && .*python -m pytest .*$", readme, re.M)) == 1


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    assert CHECK["problem"]((3, 11), tmp_path / "none").startswith(
        "Python 3.12 or newer is needed, and python3 is 3.11. "
    )
    assert CHECK["problem"]((3, 12), tmp_path / "none") is None


def venv_that_says(folder: Path, text: str) -> Path:
    python = folder / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho {text}\n")
    python.chmod(0o755)
    return folder / "venv"


def test_an_environment_of_another_python_is_named(tmp_path: Path) -> None:
    venv = venv_that_says(tmp_path, "3 12")
    assert CHECK["problem"]((3, 12), venv) is None
    assert CHECK["problem"]((3, 13), venv).startswith(f"{venv} is of Python 3.12, and python3 is 3.13: ")


@pytest.mark.parametrize("text", ["", "no python"])
def test_a_broken_environment_is_named(tmp_path: Path, text: str) -> None:
    assert " is broken, " in CHECK["problem"](RUNNING, venv_that_says(tmp_path, text))


def test_an_environment_without_its_python_is_named(tmp_path: Path) -> None:
    assert " is broken, " in CHECK["problem"](RUNNING, tmp_path)


def test_the_check_passes_with_this_python(tmp_path: Path) -> None:
    (tmp_path / ".lock").mkdir()
    copy = tmp_path / ".lock" / "check.py"
    copy.write_text((LOCK / "check.py").read_text())
    done = subprocess.run([sys.executable, copy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (tmp_path / ".venv").mkdir()
    done = subprocess.run([sys.executable, copy], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_versions_that_moved_are_named() -> None:
    old = MOVED["versions"]("# a comment\na==1 \\\n    --hash=sha256:00\nb_c==2 ; os_name == 'nt' \\\nd==4\n")
    assert old == {"a": "1", "b-c": "2", "d": "4"}
    assert MOVED["moved"](old, {"a": "1.1", "b-c": "2", "e": "5"}) == ["a 1 -> 1.1", "e (none) -> 5"]
