"""Signs events as Standard Webhooks does, with its own package: the extra `webhooks`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from runway_videos.config.conf_file import ConfigError
from runway_videos.config.webhook_options import Webhook


class Signer:
    """Signs with one secret. Raises ConfigError without the package.

    `load` imports a module: nobody else pays for it.
    """

    def __init__(self, secret: str, load: Callable[[str], Any] = importlib.import_module) -> None:
        try:
            package = load("standardwebhooks")
        except ImportError as error:
            raise ConfigError(
                "runway_webhooks: the package standardwebhooks is not installed; "
                "`.venv/bin/pip install 'standardwebhooks>=1,<2'` installs it"
            ) from error
        self._webhook = package.Webhook(secret)

    def headers(self, event_id: str, body: bytes, now: float) -> dict[str, str]:
        """The headers of an event that is sent now; `now` in unix seconds."""
        at = datetime.fromtimestamp(int(now), UTC)
        return {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now)),
            "webhook-signature": self._webhook.sign(event_id, at, body.decode()),
        }


def signers_of(webhooks: Iterable[Webhook]) -> list[Signer]:
    """One for each. Raises ConfigError."""
    return [Signer(webhook.secret) for webhook in webhooks]
