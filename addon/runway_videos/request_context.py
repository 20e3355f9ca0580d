"""In the course of which request something happens: by context, so that a create's task has it too."""

from __future__ import annotations

from contextvars import ContextVar, Token

_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request() -> str:
    """The id of the request that is served here, "" outside of all."""
    return _current.get()


class InRequest:
    """What is done in a `with` block is of this request, and tasks that begin in it are to their end."""

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id

    def __enter__(self) -> None:
        self._token: Token[str] = _current.set(self._request_id)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
