"""Downloads in a process of their own: `python -m bench.downloads URL --at-once 8 --times 2`.

Every byte is checked against the pattern. The last line of output is the result as JSON. With
`--until-eof` it prints `begun` once bytes flow on every connection, and goes on until its input ends.
"""

from __future__ import annotations

import argparse
import re
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

import msgspec

from bench import pattern

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PIECE = 256 << 10


class Downloaded(msgspec.Struct, frozen=True):
    """The result: correct whole files, all bytes received, wrong files, and seconds."""

    files: int
    received: int
    bad: int
    seconds: float


class Downloads:
    """Several at once, each over new connections."""

    def __init__(self, url: str, size: int) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._path = parts.path
        self._size = size
        self._lock = threading.Lock()
        self.files = self.received = self.bad = 0
        self.stop = threading.Event()

    def run(self, at_once: int, times: int | None) -> Downloaded:
        """Loads `times` files on each connection; without `times`, until the input ends."""
        self._flowing = threading.Barrier(at_once + 1)
        began = time.perf_counter()
        threads = [threading.Thread(target=self._load, args=(times,)) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        self._flowing.wait(60)
        if times is None:
            sys.stdout.write("begun\n")
            sys.stdout.flush()
            sys.stdin.read()
            self.stop.set()
        for thread in threads:
            thread.join()
        return Downloaded(self.files, self.received, self.bad, time.perf_counter() - began)

    def _load(self, times: int | None) -> None:
        done = 0
        while not self.stop.is_set() and (times is None or done < times):
            right, count = self._file(first=done == 0)
            done += 1
            with self._lock:
                self.received += count
                self.files += right and count == self._size
                self.bad += not right

    def _file(self, first: bool) -> tuple[bool, int]:
        """Whether all was right, and how many bytes came. One that is broken off here is right."""
        at, ended = 0, False
        with socket.create_connection(self._address, timeout=60) as connection:
            request = f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode())
            head, begin = _head(connection)
            if first:
                self._flowing.wait(60)
            found = _LENGTH.search(head)
            right = head[9:12] == b"200" and found is not None and int(found[1]) == self._size
            data = begin
            while right and not self.stop.is_set():
                right = data == bytes(pattern.piece(at, len(data)))
                at += len(data)
                if at >= self._size:
                    ended = True
                    break
                data = connection.recv(_PIECE)
                right = right and bool(data)
        return right and (at == self._size if ended else self.stop.is_set()), at


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    """The answer's head, and what of its body came along."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(_PIECE)
        if not more:
            return data, b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    return head + b"\r\n", body


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.downloads")
    parser.add_argument("url")
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--until-eof", action="store_true")
    given = parser.parse_args()
    downloaded = Downloads(given.url, given.size).run(given.at_once, None if given.until_eof else given.times)
    sys.stdout.write(msgspec.json.encode(downloaded).decode() + "\n")


if __name__ == "__main__":
    main()
