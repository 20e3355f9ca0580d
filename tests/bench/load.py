"""What is asked of a proxy over and over, how much of it, and what came of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec

#: In a body: replaced by a number that no other request has.
NUMBER = "@NUMBER@"
#: What OpenAI's Python client sends with a question.
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Authorization": "Bearer sk-of-the-application-0123456789",
    "User-Agent": "OpenAI/Python 2.30.0",
    "X-Stainless-Arch": "x64",
    "X-Stainless-Async": "false",
    "X-Stainless-Lang": "python",
    "X-Stainless-OS": "Linux",
    "X-Stainless-Package-Version": "2.30.0",
    "X-Stainless-Retry-Count": "0",
    "X-Stainless-Runtime": "CPython",
    "X-Stainless-Runtime-Version": "3.13.0",
    "X-Stainless-Read-Timeout": "600",
}

_numbers = itertools.count(1)


def fresh_number() -> int:
    """A number that no other request of this run has."""
    return next(_numbers)


class Ask(msgspec.Struct, frozen=True):
    """A question. `paths` are taken in turn. A right answer has the status and is `whole`, or holds
    all `parts`."""

    paths: tuple[str, ...]
    body: str = ""
    whole: bytes | None = None
    parts: tuple[bytes, ...] = ()
    status: int = 200

    @property
    def method(self) -> str:
        """POST with a body, else GET."""
        return "POST" if self.body else "GET"

    @property
    def headers(self) -> dict[str, str]:
        """All but Host and Content-Length."""
        return HEADERS | {"Content-Type": "application/json"} if self.body else HEADERS

    def request(self, turn: int) -> bytes:
        """The bytes of a request."""
        body = self.body.replace(NUMBER, str(fresh_number())).encode()
        lines = [f"{self.method} {self.paths[turn % len(self.paths)]} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body

    def is_right(self, status: bytes, body: bytes) -> bool:
        """Whether this is what must come."""
        if status != b"%d" % self.status:
            return False
        return body == self.whole if self.whole is not None else all(part in body for part in self.parts)


class Load(msgspec.Struct, frozen=True):
    """How much: connections that each wait for their answer, for so long or for so many."""

    connections: int
    seconds: int = 2
    requests: int | None = None


class Result(msgspec.Struct, frozen=True):
    """What came: right and wrong answers, in so many seconds. Latencies from the own client alone."""

    good: int
    bad: int
    seconds: float
    latencies: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        """Right answers in a second."""
        return self.good / self.seconds


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` (0..1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
