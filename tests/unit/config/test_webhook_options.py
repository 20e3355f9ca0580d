"""runway_webhooks: what may stand there, and what is said of mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from runway_videos.config.conf_file import ConfigError
from runway_videos.config.webhook_options import Webhook
from unit.config.option_values import settings_from

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://hooks.example/videos"
ENVIRON = {"HOOK": SECRET, "T1": "tok_1", "SHORT": "whsec_c2hvcnQ=", "PLAIN": "hush-hush", "EMPTY": "whsec_"}
CALLERS = [{"name": "t1", "value": "env.T1"}]


def read(*webhooks: dict[str, Any], **options: Any) -> tuple[Webhook, ...]:
    return settings_from(ENVIRON, webhooks=list(webhooks), **options).webhooks


def hook(**more: Any) -> dict[str, Any]:
    return {"url": URL, "secret": "env.HOOK", **more}


def test_a_webhook_is_for_all_callers_or_for_some() -> None:
    found = read(hook(), hook(url=URL + "/2?a=b", callers=["t1"]), callers=CALLERS)
    assert found == (Webhook(URL, SECRET), Webhook(URL + "/2?a=b", SECRET, ("t1",)))
    assert [each.takes("t1") for each in found] == [True, True]
    assert [each.takes("") for each in found] == [True, False]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://app.internal:3000", "http://10.0.0.1/", URL])
def test_an_address_is_https_or_of_this_network(url: str) -> None:
    (found,) = read(hook(url=url))
    assert found.url == url


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (hook(url="http://hooks.example/x"), "https"),
        (hook(url="ftp://127.0.0.1/x"), "https"),
        (hook(url="hooks.example"), "whole address"),
        (hook(url=None), "whole address"),
        (hook(url="https://user:hush@hooks.example"), "whole address"),
        (hook(url="https://hooks.example/#hush"), "whole address"),
        (hook(url="https://[hush"), "whole address"),
        (hook(secret="env.NONE"), "hooks.example: the environment variable NONE is not set"),
        (hook(secret="env.PLAIN"), "the secret of hooks.example must be whsec_ and base64"),
        (hook(secret="env.EMPTY"), "the secret of hooks.example must be whsec_ and base64"),
        (hook(secret=""), "hooks.example needs a secret like env.MY_VARIABLE"),
        ({"url": URL}, "hooks.example needs a secret like env.MY_VARIABLE"),
        (hook(callers=["t1", "t2"]), "names in runway_callers: t1"),
        (hook(callers=[]), "list of names in runway_callers"),
        (hook(callers="t1"), "list of names in runway_callers"),
        (hook(name="x"), "'name' is no field of a webhook; allowed: url, secret, callers"),
    ],
)
def test_a_mistake_is_named_without_secrets(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(wrong, callers=CALLERS)
    assert str(caught.value).startswith("runway_webhooks: ")
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


def test_callers_of_a_webhook_need_callers() -> None:
    with pytest.raises(ConfigError, match="runway_callers"):
        read(hook(callers=["t1"]))


def test_one_address_stands_once() -> None:
    with pytest.raises(ConfigError, match=r"hooks\.example stands twice"):
        read(hook(), hook())


def test_what_is_no_mapping_is_shown_one() -> None:
    with pytest.raises(ConfigError, match=r'like \{"url": "https://hooks'):
        settings_from(webhooks=[URL])


def test_nothing_secret_is_shown() -> None:
    (found,) = read(hook(url=URL + "/hush"))
    assert repr(found) == "Webhook('hooks.example')"
    assert found.__rich_repr__() == [("host", "hooks.example")]
    assert "hush" not in repr(settings_from(ENVIRON, webhooks=[hook(url=URL + "/hush")]))


def test_a_short_or_written_out_secret_is_warned_of() -> None:
    (short,) = settings_from(ENVIRON, webhooks=[hook(secret="env.SHORT")]).warnings
    assert "shorter than 24 bytes" in short
    (written,) = settings_from(webhooks=[hook(secret=SECRET)]).warnings
    assert "secret: env.MY_VARIABLE or file.PATH keeps it apart" in written
    assert SECRET not in written
