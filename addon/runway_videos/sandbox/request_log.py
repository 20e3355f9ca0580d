"""The log of requests: tests see in it what Runway would have received."""

from __future__ import annotations

from collections import Counter, deque

import msgspec

#: Bytes of request bodies that are kept; a picture in a data URI has up to 5 MB.
MAX_BYTES = 16 << 20


class RecordedRequest(msgspec.Struct, frozen=True):
    """A request. `organisation` is its key's, None without a valid key.

    `headers` have lower-case names and no authorization; `body` is the decoded JSON object, for an
    upload `{"fields", "filename", "size", "sha256"}`, else None. `made` is the task's id when a
    task was made.
    """

    method: str
    path: str
    organisation: str | None
    headers: dict[str, str]
    body: dict[str, object] | None
    status: int
    made: str | None = None


class RequestLog:
    """The last requests, limited by count and by the bytes of their bodies, and counts of all."""

    def __init__(self, max_requests: int) -> None:
        self.requests: deque[RecordedRequest] = deque()
        #: Requests per route, such as "POST /v1/text_to_video" or "GET /v1/tasks/{id}".
        self.counts: Counter[str] = Counter()
        self._max_requests = max_requests
        self._sizes: deque[int] = deque()
        self._bytes = 0

    def add(self, route: str, request: RecordedRequest, size: int) -> None:
        """Adds a request whose body has `size` bytes."""
        self.counts[f"{request.method} {route}"] += 1
        self.requests.append(request)
        self._sizes.append(size)
        self._bytes += size
        while self.requests and (len(self.requests) > self._max_requests or self._bytes > MAX_BYTES):
            self.requests.popleft()
            self._bytes -= self._sizes.popleft()

    def clear(self) -> None:
        """Removes all requests and counts."""
        self.requests.clear()
        self.counts.clear()
        self._sizes.clear()
        self._bytes = 0
