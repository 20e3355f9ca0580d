"""A real Prometheus of Debian's, on a free port of 127.0.0.1."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from asking import free_port, web
from running import Process, clean_environment

INSTALLED = shutil.which("prometheus") is not None


class Prometheus:
    """`command` starts it in `folder`; `port` is the one in it, in whose place a free one comes."""

    def __init__(self, command: Iterable[str], port: str, folder: Path) -> None:
        own = str(free_port())
        command = [word.replace(port, own) for word in command]
        self._process = Process(command, clean_environment(), folder)
        self._http = web(f"http://127.0.0.1:{own}")

    def ask(self, query: str) -> list[str]:
        """The values of a query, one for each series."""
        found = self._http.get("/api/v1/query", params={"query": query}).json()
        return [each["value"][1] for each in found["data"]["result"]]

    def health_of_rules(self) -> set[str]:
        """`ok`, `unknown` for those that were not evaluated yet, or `err`."""
        groups = self._http.get("/api/v1/rules").json()["data"]["groups"]
        return {rule["health"] for group in groups for rule in group["rules"]}

    def __enter__(self) -> Prometheus:
        try:
            self._process.wait_for("ready to receive web requests")
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        self._process.stop()
