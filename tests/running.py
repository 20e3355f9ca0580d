"""Starts the real mitmdump with the addon, reads its log, and ends it. Loopback, free ports."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

from child_processes import Child

ROOT = Path(__file__).resolve().parent.parent
ADDON = ROOT / "addon" / "runway.py"
MITMDUMP = Path(sys.executable).with_name("mitmdump")
SERVING = re.compile(r"serving /v1/videos on http://(127\.0\.0\.1|\[::1\]):(\d+)")
# Long enough for a machine that is busy with other things; nothing waits that long when all is well.
PATIENCE_SECONDS = 60.0

#: Variables of the environment that would change what a test means.
_UNWANTED = ("RUNWAY", "OPENAI", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy",
             "https_proxy", "all_proxy", "no_proxy", "SSL_CERT", "PYTHONUNBUFFERED",
             # Not to compile the addon at each of some hundred starts.
             "PYTHONDONTWRITEBYTECODE")  # fmt: skip
#: For mitmdump without the addon and other programs: their lines come at once.
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}


def clean_environment(more: Mapping[str, str] = {}) -> dict[str, str]:
    """This process's environment without keys and proxies, and with `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_UNWANTED)}
    return kept | dict(more)


class Process:
    """A child process whose lines are read as they come; ended by its id."""

    def __init__(
        self, command: Iterable[str], env: Mapping[str, str], cwd: Path, output: int | None = None
    ) -> None:
        """`output`: a descriptor that it writes to in place of the pipe that is read."""
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        self.child = Child(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if output is None else output,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.child.stdout or ():
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, pattern: str | re.Pattern[str], seconds: float = PATIENCE_SECONDS) -> re.Match[str]:
        """The first line, old or new, that the pattern is found in."""
        for line in self.lines:
            if found := re.search(pattern, line):
                return found
        while True:
            try:
                new = self._queue.get(timeout=seconds)
            except queue.Empty:
                raise AssertionError(f"no line with {pattern!r} in:\n{self.log}") from None
            if new is None:
                raise AssertionError(f"ended without a line with {pattern!r}:\n{self.log}")
            self.lines.append(new)
            if found := re.search(pattern, new):
                return found

    @property
    def log(self) -> str:
        """All its lines so far."""
        while True:
            try:
                line = self._queue.get_nowait()
            except queue.Empty:
                return "\n".join(self.lines)
            if line is not None:
                self.lines.append(line)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Waits for its end; returns the exit status."""
        status = self.child.wait(seconds)
        self._reader.join(seconds)
        return status

    def kill(self) -> None:
        """Ends it at once, as kill -9 does."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """Ends it as an operator does."""
        if self.child.poll() is None:
            self.child.terminate()
        try:
            return self.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Proxy(Process):
    """mitmdump with the addon, by default on a free port of 127.0.0.1."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        conf: str | None = "",
        env: Mapping[str, str] = {},
        listen: Iterable[str] = ("--listen-host", "127.0.0.1", "--listen-port", "0"),
        addon: Path = ADDON,
        output: int | None = None,
        program: str = "mitmdump",
        **options: object,
    ) -> None:
        """`folder` is the working directory; `conf` its mitm.conf, None for no such file.

        Options are set as `--set name=value`, a list as one `--set` for each of its items.
        """
        self.folder = folder
        self.confdir = folder / "confdir"
        if conf is not None:
            (folder / "mitm.conf").write_text(conf)
        command = [
            str(MITMDUMP.with_name(program)),
            "-s",
            str(addon),
            "--set",
            f"confdir={self.confdir}",
            *listen,
        ]
        for name, value in options.items():
            for item in value if isinstance(value, list | tuple) else [value]:
                text = str(item).lower() if isinstance(item, bool) else str(item)
                command += ["--set", f"{name}={text}"]
        super().__init__([*command, *arguments], clean_environment(env), folder, output)
        self.port = 0

    def ready(self) -> Proxy:
        """Waits until it serves."""
        self.port = int(self.wait_for(SERVING)[2])
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """What clients take as OPENAI_BASE_URL."""
        return f"{self.url}/v1"

    @property
    def ca(self) -> Path:
        """mitmproxy's CA certificate."""
        return self.confdir / "mitmproxy-ca-cert.pem"

    def __enter__(self) -> Proxy:
        try:
            return self.ready()
        except BaseException:
            self.kill()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.child.poll() is None:
            self.stop()
