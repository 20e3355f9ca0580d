"""Does what the Containerfile says, without an engine: in a folder that stands for the image's root."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import msgspec
import pytest

from deploying import CONTAINERFILE
from running import ROOT, Process, clean_environment

# What pip says where there is no registry to ask.
_NO_REGISTRY = re.compile(r"NewConnectionError|name resolution|ProxyError|timed out")

# As root: a Python that every user may read, then the user of the image, who cannot become another. Where a
# volume is named, all else is read-only.
_AS_USER = """
set -e
mount --make-rprivate /
mount --bind "$BASE" "$ROOT/python"
if [ -n "$VOLUME" ]; then
    mount --bind "$VOLUME" "$VOLUME"
    mount -o bind,remount,ro /
    if mountpoint -q /tmp; then mount -o bind,remount,ro /tmp; fi
fi
exec setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --no-new-privs --bounding-set=-all -- "$@"
"""


class Instruction(msgspec.Struct, frozen=True):
    """One line of a Containerfile: `RUN pip install …` is RUN and the rest."""

    name: str
    rest: str


def instructions() -> list[Instruction]:
    """Those of the Containerfile, without comments."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(), flags=re.MULTILINE))
    lines = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return [Instruction(name, rest.strip()) for name, rest in lines]


def the(name: str) -> str:
    """What the only instruction of a name says."""
    (found,) = (each.rest for each in instructions() if each.name == name)
    return found


class Image:
    """The folder after `build`. Programs run as the image's user, or as this one where it is not root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.user = int(the("USER").partition(":")[0])
        self.is_root = os.geteuid() == 0
        self.app = self.place(the("WORKDIR"))
        self.volume = self.place(the("VOLUME"))
        self._env: dict[str, str] = {"HOME": str(root / "home")}

    def place(self, path: str) -> Path:
        """Where an absolute path of the image is."""
        return self.root / path.lstrip("/")

    def build(self) -> Self:
        """All of it, from a Python's own environment on."""
        for folder in ("home", "python", "app"):
            (self.root / folder).mkdir()
        self.volume.parent.mkdir(parents=True)
        if self.is_root:
            os.chown(self.root, self.user, self.user)
            for path in self.root.rglob("*"):
                os.chown(path, self.user, self.user)
        else:
            (self.root / "python").rmdir()
            (self.root / "python").symlink_to(sys.base_prefix)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        self._check(self.root / "python" / "bin" / f"python{version}", "-m", "venv", self.root / "venv")
        for each in instructions():
            self._do(each)
        return self

    def start(self, command: Sequence[str], env: Mapping[str, str]) -> Process:
        """Starts a program as a container is started with a read-only root."""
        return Process(self._command(command), self._environment(env, readonly=True), self.app)

    def status(self, command: Sequence[object]) -> int:
        """The exit status of a program, as a container runs it with a read-only root."""
        env = self._environment(readonly=True)
        done = subprocess.run(self._command(command), env=env, cwd=self.app, capture_output=True, timeout=60)
        return done.returncode

    def _command(self, command: Sequence[object]) -> list[str]:
        as_user = ["unshare", "--mount", "bash", "-c", _AS_USER, "as-user"] if self.is_root else []
        return [*as_user, *map(str, command)]

    def _environment(self, more: Mapping[str, str] = {}, *, readonly: bool = False) -> dict[str, str]:
        own = {
            "PATH": f"{self.root}/venv/bin:{os.environ['PATH']}",
            "LD_LIBRARY_PATH": f"{self.root}/python/lib",
            "BASE": sys.base_prefix,
            "ROOT": str(self.root),
            "VOLUME": str(self.volume) if readonly else "",
            "USER_ID": str(self.user),
        }
        return clean_environment(own | self._env | dict(more))

    def inside(self, words: Sequence[str], changes: Mapping[str, str]) -> list[str]:
        """A command of the image as it is here: paths, and these words in place of others."""
        found = []
        for word in words:
            for path in (the("VOLUME"), "/etc/runway-videos"):
                word = word.replace(path, str(self.place(path)))
            for old, new in changes.items():
                word = word.replace(old, new)
            found.append(word)
        return found

    def _do(self, each: Instruction) -> None:
        match each.name:
            case "COPY":
                source, target = each.rest.split()
                self._check("mkdir", "-p", (self.app / target).parent)
                self._check("cp", "-r", ROOT / source, self.app / target)
            case "RUN":
                ids = f"{self.user}" if self.is_root else f"{os.geteuid()}"
                words = self.inside(shlex.split(each.rest), {str(self.user): ids})
                self._check(*words)
            case "ENV":
                name, _, value = each.rest.partition("=")
                self._env[name] = self.inside([value], {})[0]
            case "FROM" | "WORKDIR" | "VOLUME" | "USER" | "EXPOSE" | "STOPSIGNAL" | "HEALTHCHECK" | "CMD":
                pass
            case other:
                raise AssertionError(f"{other}: not known here")

    def _check(self, *command: object) -> None:
        done = subprocess.run(
            self._command(command),
            env=self._environment(),
            cwd=self.app,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if done.returncode and _NO_REGISTRY.search(done.stderr):
            pytest.skip("the packages of the lock cannot be fetched here")
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def words(text: str) -> list[str]:
    """A JSON list of a CMD or of a HEALTHCHECK."""
    found: list[str] = json.loads(text[text.index("[") :])
    return found
