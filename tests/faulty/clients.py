"""The real `openai` client with short waits, and the result of its create."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import openai
from openai._legacy_response import LegacyAPIResponse
from openai.types import Video

#: Before a retry, in seconds; the stock client waits 0.5 to 8.
RETRY_SECONDS = 0.02


class Client(openai.OpenAI):
    """The stock client with its automatic retries; only its waits between them are short.

    It takes nothing from the environment. `http`: options of its httpx client.
    """

    def __init__(self, base_url: str, *, http: Mapping[str, Any] = {}, **options: Any) -> None:
        http_client = openai.DefaultHttpxClient(trust_env=False, **http)
        chosen: dict[str, Any] = {"api_key": "any", "timeout": 60} | options
        super().__init__(base_url=base_url, http_client=http_client, **chosen)

    def _calculate_retry_timeout(self, *args: Any, **kwargs: Any) -> float:
        return RETRY_SECONDS


class Got(msgspec.Struct, frozen=True):
    """What came of one call: a video's id, or why not. `tries` counts from 1."""

    tries: int
    video: str = ""
    status: int = 0
    code: str = ""
    message: str = ""
    stopped: bool = False  # by `x-should-retry: false`

    @property
    def words(self) -> str:
        """A cell of the table."""
        if self.video:
            return "the video" if self.tries == 1 else f"the video, on try {self.tries}"
        what = f"`{self.status}` {self.code}".strip() if self.status else self.code
        again = "not sent again" if self.stopped else f"{self.tries} tries" if self.tries > 1 else "1 try"
        return f"{what}, {again}"


def create(user: openai.OpenAI, retry: int | None = None, key: str | None = None, **fields: Any) -> Got:
    """One create, as an application makes it. `retry` is sent in place of the client's count."""
    headers = {} if retry is None else {"x-stainless-retry-count": str(retry)}
    if key is not None:
        headers["Idempotency-Key"] = key
    return got_of(lambda: user.videos.with_raw_response.create(**fields, extra_headers=headers))


def got_of(ask: Callable[[], LegacyAPIResponse[Video]]) -> Got:
    """What comes of a call for a video."""
    try:
        raw = ask()
    except openai.APIStatusError as error:
        tries = 1 + int(error.request.headers["x-stainless-retry-count"])
        stopped = error.response.headers.get("x-should-retry") == "false"
        return Got(
            tries, status=error.status_code, code=error.code or "", message=error.message, stopped=stopped
        )
    except openai.APIConnectionError as error:
        tries = 1 + int(error.request.headers["x-stainless-retry-count"])
        return Got(tries, code=type(error).__name__)
    return Got(1 + raw.retries_taken, video=raw.parse().id)
