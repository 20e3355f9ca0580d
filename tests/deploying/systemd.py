"""A real systemd that runs the real unit, in namespaces of its own. For root on Linux."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import pytest

from asking import until
from child_processes import Child
from deploying import UNIT
from running import ADDON, MITMDUMP, clean_environment

SYSTEMD = Path("/lib/systemd/systemd")
NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup")
SERVICE = UNIT.name


class Machine:
    """`with Machine(folder, conf, secrets) as machine`: systemd as the first process, and one service."""

    def __init__(self, folder: Path, conf: str, secrets: Mapping[str, str]) -> None:
        self._log = folder / "systemd.log"
        self._env = clean_environment(
            {
                "UNIT": str(UNIT),
                "CODE": str(ADDON.parent),
                "PYTHON": sys.base_prefix,
                "VERSION": f"{sys.version_info.major}.{sys.version_info.minor}",
                "PACKAGES": sysconfig.get_path("purelib"),
                "MITMDUMP": str(MITMDUMP),
                "CONF": conf,
                "SECRETS": "\n".join(f"{name}={value}" for name, value in secrets.items()),
            }
        )

    def __enter__(self) -> Machine:
        if os.geteuid() != 0:
            pytest.skip("only root can run systemd in namespaces")
        if not SYSTEMD.exists() or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
            pytest.skip("systemd, unshare, nsenter or ip is not installed")
        script = Path(__file__).with_suffix(".sh")
        with self._log.open("wb") as log:
            self._child = Child(
                ["unshare", *NAMESPACES, "--fork", "--kill-child", "--mount-proc", "bash", str(script)],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            until(self._answers, "systemd")
        except BaseException:
            self._end()
            raise
        if self._child.poll() is not None:
            pytest.skip(f"systemd does not run in namespaces here: {self._log.read_text().strip()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a program in there, as root; it need not succeed."""
        first = self._first()
        assert first, self._log.read_text()
        inside = ["nsenter", "--target", first, "--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup"]
        return subprocess.run(
            [*inside, *command], env=clean_environment(), capture_output=True, text=True, timeout=60
        )

    def output(self, *command: str) -> str:
        """What a program says that must succeed."""
        done = self.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def property(self, name: str) -> str:
        """One of the service's properties."""
        return self.output("systemctl", "show", "--property", name, "--value", SERVICE).strip()

    def log(self) -> str:
        """What the service said."""
        return self.run("cat", "/run/service.log").stdout

    def wait_log(self, text: str, count: int = 1) -> None:
        """Waits until the service has said it so many times."""
        until(lambda: self.log().count(text) >= count or None, f"{text!r} in:\n{self.log()}")

    def _answers(self) -> bool | None:
        if self._child.poll() is not None:
            return True
        return (bool(self._first()) and self.run("systemctl", "show", SERVICE).returncode == 0) or None

    def _first(self) -> str:
        """The id of systemd: the only child of unshare."""
        own = self._child.pid
        return Path(f"/proc/{own}/task/{own}/children").read_text().strip()

    def _end(self) -> None:
        self._child.kill()  # and with it, by --kill-child, all that is in there
        self._child.wait()
