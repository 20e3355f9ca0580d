"""Signatures that the package itself and OpenAI's client take, and a start without the package."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import openai
import pytest
from standardwebhooks import Webhook

from runway_videos.config.conf_file import ConfigError
from runway_videos.webhooks.signing import Signer
from unit.webhooks.harness import SECRET

BODY = '{"id": "evt_1", "type": "video.completed", "data": {"id": "vidéo"}}'.encode()


def test_a_signature_is_taken() -> None:
    now = datetime.now(UTC).timestamp()
    headers = Signer(SECRET).headers("evt_1", BODY, now)
    assert headers["webhook-id"] == "evt_1"
    assert headers["webhook-timestamp"] == str(int(now))
    assert Webhook(SECRET).verify(BODY, headers)["id"] == "evt_1"
    client = openai.OpenAI(api_key="x", webhook_secret=SECRET)
    assert str(client.webhooks.unwrap(BODY, headers).type) == "video.completed"
    with pytest.raises(openai.InvalidWebhookSignatureError):
        client.webhooks.unwrap(BODY + b" ", headers)


def test_without_the_package_the_start_says_what_to_install() -> None:
    def load(name: str) -> Any:
        raise ModuleNotFoundError(name)

    with pytest.raises(ConfigError, match=r"runway_webhooks: .*pip install 'standardwebhooks"):
        Signer(SECRET, load)
