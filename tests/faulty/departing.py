"""What a test of a client that leaves has: a model of its own, and the one account behind it."""

from __future__ import annotations

from typing import Any

import msgspec
import openai

from asking import until
from faulty.accounts import Account, Operation
from faulty.clients import Client, Got, create
from faulty.gateway import lines_with, wait_alone
from faulty.server import FaultyRunway
from faulty.table import Row
from running import Proxy

# The answer is held until the client has left: it leaves as soon as it can.
_LEAVES = openai.Timeout(60, read=0.3)


class Scene(msgspec.Struct, frozen=True):
    """A model of its own for one test, and the one account behind it."""

    runway: FaultyRunway
    account: Account
    proxy: Proxy
    model: str

    def ask(self, retry: int | None = None, key: str | None = None, prompt: str = "it", **more: Any) -> Got:
        """One create of a client of its own, which then hangs up."""
        with Client(self.proxy.base_url, max_retries=0) as user:
            return create(user, retry, key, model=self.model, prompt=prompt, **more)

    def leave(self, operation: Operation = Operation.CREATE, **more: Any) -> None:
        """A create whose client hangs up while Runway holds its answer; the proxy has seen both."""
        with Client(self.proxy.base_url, max_retries=0, timeout=_LEAVES) as user:
            assert create(user, model=self.model, prompt="it", **more).code == "APITimeoutError"
        self.runway.wait_seen(self.account, operation)
        wait_alone(self.proxy)

    def answered(self, words: str) -> None:
        """Lets Runway answer, and waits for one more line of the proxy's with these words."""
        before = len(lines_with(self.proxy.log, words))
        self.account.release()
        until(lambda: len(lines_with(self.proxy.log, words)) > before or None, words)

    def row(self, what: Row, *videos: str, sees: str = "") -> Row:
        """What came of it."""
        got = {video for video in videos if video}
        return Row(what.what, what.asked, len(self.account.tasks), len(got), sees or what.sees)
