"""The one error type: raised anywhere, rendered in OpenAI's shape in one place (`render`)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

# OpenAI's `type` by status, where the raiser names none.
_TYPES = {
    403: "permission_error",
    409: "conflict_error",
    429: "rate_limit_error",
}
#: Of every answer of ours: it is for its caller alone, not for caches, not for sniffing.
PRIVATE_HEADERS = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}


class ApiError(Exception):
    """A refusal or failure that a client gets as `{"error": {message, type, param, code}}`.

    `param` is the client's own parameter. `retry` False sends `x-should-retry: false`, which stops
    the stock clients' automatic retries; `retry_after` is in seconds. `detail` is for the
    operator's log only: it is never sent to the client. `may_have_made`: a paid task may exist.
    `headers` are sent along.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        type: str | None = None,
        retry: bool | None = None,
        retry_after: int | None = None,
        detail: str = "",
        may_have_made: bool = False,
        headers: Mapping[str, str] = {},
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.type = type or _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
        self.retry = retry
        self.retry_after = retry_after
        self.detail = detail
        self.may_have_made = may_have_made
        self.headers = headers


def bad_request(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """A 400 that names the client's own parameter."""
    return ApiError(400, message, param=param, code=code or ("invalid_value" if param else None))


def render(error: ApiError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and JSON body of an error, as OpenAI's API gives them."""
    headers = {"content-type": "application/json", **PRIVATE_HEADERS, **error.headers}
    if error.retry is not None:
        headers["x-should-retry"] = "true" if error.retry else "false"
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    body = {
        "message": _without_surrogates(error.message),
        "type": error.type,
        "param": _without_surrogates(error.param) if error.param is not None else None,
        "code": error.code,
    }
    return error.status, headers, msgspec.json.encode({"error": body})


def _without_surrogates(text: str) -> str:
    """Lone surrogates escaped: a client's raw bytes may leave them, and JSON cannot hold them."""
    return text.encode("utf-8", "backslashreplace").decode()
