"""No secret in what is said of a configuration, right or wrong: by the check, as by a start and a change."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from end_to_end.hunt.stand import ALERT_PATH, HOOK_PATH, HOOK_SECRET, KEYS, PASSWORDS, TOKENS, WANTED
from runway_addon.conf_check import main as check

KEY, TOKEN = KEYS["by-env"], TOKENS["app-1"]
STORE = f"redis://:{PASSWORDS['store']}@127.0.0.1:6379/0"
PROXY = f"http://user:{PASSWORDS['proxy']}@127.0.0.1:3128"
HOOK = f"https://hooks.example.com{HOOK_PATH}"
GOOD = f"""
runway_keys: [{{name: a, value: "{KEY}"}}]
runway_callers: [{{name: app, value: "{TOKEN}"}}]
runway_webhooks: [{{url: "{HOOK}", secret: "{HOOK_SECRET}"}}]
runway_alerts: [{{url: "https://hooks.slack.com{ALERT_PATH}"}}]
runway_store: env.STORE
runway_proxy: env.PROXY
"""
WRONG = {
    "a key for a name": f'runway_keys: [{{name: "{KEY}", value: env.A}}]',
    "a key for a mapping": f'runway_keys: ["{KEY}"]',
    "a key for a list": f'runway_keys: "{KEY}"',
    "a key for a field": f'runway_keys: [{{name: a, "{KEY}": 1}}]',
    "a key with blanks": f'runway_keys: [{{name: a, value: "{KEY} {KEY}"}}]',
    "a key in a list": f'runway_keys: [{{name: a, value: ["{KEY}"]}}]',
    "a key for models": f'runway_keys: [{{name: a, value: "{KEY}", models: "{KEY}"}}]',
    "a key for a weight": f'runway_keys: [{{name: a, value: "{KEY}", weight: "{KEY}"}}]',
    "a key behind another": f'runway_keys: [{{name: a, value: "{KEY}"}}, {{name: a, value: "{KEY}"}}]',
    "a key for an option": f'"{KEY}": 1',
    "a key in broken YAML": f'runway_keys: ["{KEY}"',
    "a key in a tag": f"runway_keys: !!python/name {KEY}",
    "two callers of one token": f"runway_callers: [{{name: a, value: {TOKEN}}}, {{name: b, value: {TOKEN}}}]",
    "a token for a limit": f'runway_callers: [{{name: a, value: "{TOKEN}", concurrency: "{TOKEN}"}}]',
    "a literal token of the operator": f'runway_admin: "{TOKEN}"',
    "a store with its password": f'runway_store: "{STORE}"',
    "a store of no kind": f'runway_store: "{STORE.replace("redis", "reddis")}"',
    "a store of no port": f'runway_store: "{STORE.replace("6379", "x")}"',
    "a proxy of no port": f'runway_proxy: "{PROXY.replace("3128", "x")}"',
    "a proxy with a query": f'runway_proxy: "{PROXY}?a=b"',
    "a proxy of no kind": f'runway_proxy: "{PROXY.replace("http", "socks5")}"',
    "a password in the API's address": f'runway_base_url: "{PROXY}"',
    "a password in the fallback": f'runway_fallback: "{PROXY}"',
    "a webhook without TLS": f'runway_webhooks: [{{url: "http://a.example{HOOK_PATH}", secret: env.A}}]',
    "a webhook with a fragment": f'runway_webhooks: [{{url: "{HOOK}#a", secret: "{HOOK_SECRET}"}}]',
    "a webhook with a short secret": f'runway_webhooks: [{{url: "{HOOK}", secret: "{HOOK_SECRET[6:]}"}}]',
    "a webhook twice": f'runway_webhooks: [{{url: "{HOOK}", secret: {HOOK_SECRET}}}, {{url: "{HOOK}"}}]',
    "a webhook for no caller": f'runway_webhooks: [{{url: "{HOOK}", secret: "{HOOK_SECRET}", callers: [b]}}]',
    "an alert without TLS": f'runway_alerts: [{{url: "http://a.example{ALERT_PATH}"}}]',
    "an alert of no kind": f'runway_alerts: [{{url: "https://a.example{ALERT_PATH}", events: [b]}}]',
}


def said(conf: Path, capsys: pytest.CaptureFixture[str], text: str) -> tuple[int, str]:
    """Status and output of the check."""
    conf.write_text(text)
    conf.chmod(0o600)
    status = check([str(conf)], {"STORE": STORE, "PROXY": PROXY, "RUNWAY_ID_SECRET": KEY})
    found = capsys.readouterr()
    return status, found.out + found.err


@pytest.mark.parametrize("case", WRONG)
def test_no_mistake_shows_a_secret(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = said(tmp_path / "mitm.conf", capsys, WRONG[case])
    assert status == 1, text
    assert WANTED.found_in(text) == []


def test_what_is_in_force_shows_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = said(tmp_path / "mitm.conf", capsys, GOOD)
    assert (status, WANTED.found_in(text)) == (0, []), text
    assert "webhooks: hooks.example.com" in text


def test_the_hunt_finds_each_form() -> None:
    """Else its silence would prove nothing."""
    for text in (KEY, f"a {KEY} b", f'{{"a": "{KEY}"}}'):
        assert len(WANTED.found_in(text)) == 1
    for before in ("", "a", "ab", "abc"):
        hidden = base64.b64encode(f"{before}:{KEY}:x".encode()).decode()
        assert len(WANTED.found_in(f"Basic {hidden}")) == 1, before
    assert len(WANTED.found_in(quote(KEY, safe=""))) == 1
    assert len(WANTED.found_in(KEY.encode().hex())) == 1
