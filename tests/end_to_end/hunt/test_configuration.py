"""No secret in what is said of a configuration, right or wrong: by the check, as by a start and a change."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from asking import free_port
from end_to_end.hunt.mistakes import HOOK, KEY, PROXY, STORE, TOKEN, WRONG
from end_to_end.hunt.receivers import ELSEWHERE, WAYS, Receivers, addresses
from end_to_end.hunt.stand import ALERT_PATH, HOOK_SECRET, WANTED
from origins import Origin
from runway_addon.conf_check import main as check

GOOD = f"""
runway_keys: [{{name: a, value: "{KEY}"}}]
runway_callers: [{{name: app, value: "{TOKEN}"}}]
runway_webhooks: [{{url: "{HOOK}", secret: "{HOOK_SECRET}"}}]
runway_alerts: [{{url: "https://hooks.slack.com{ALERT_PATH}"}}]
runway_store: env.STORE
runway_proxy: env.PROXY
"""


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


def test_a_trial_of_alerts_shows_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Origin() as origin:
        receivers = Receivers(origin, ALERT_PATH)
        receivers.let_go()  # a trial waits for each
        alerts = [{"url": url} for url in addresses(origin.url, ALERT_PATH)]
        alerts.append({"url": f"http://127.0.0.1:{free_port()}{ALERT_PATH}"})
        conf = tmp_path / "mitm.conf"
        conf.write_text(f"runway_alerts: {json.dumps(alerts)}\n")
        conf.chmod(0o600)
        assert check([str(conf), "--alerts"], {}) == 1
        assert all(origin.asked(ALERT_PATH + way) for way in WAYS)
        assert origin.asked(ELSEWHERE) == []
    found = capsys.readouterr()
    assert [line.rpartition(": ")[2] for line in found.err.splitlines()] == [
        *("HTTP 500", "HTTP 500", "HTTP 307", "RemoteProtocolError", "RemoteProtocolError", "ConnectError")
    ]
    assert WANTED.found_in(found.out + found.err) == []


def test_the_hunt_finds_each_form() -> None:
    """Else its silence would prove nothing."""
    for text in (KEY, f"a {KEY} b", f'{{"a": "{KEY}"}}'):
        assert len(WANTED.found_in(text)) == 1
    for before in ("", "a", "ab", "abc"):
        hidden = base64.b64encode(f"{before}:{KEY}:x".encode()).decode()
        assert len(WANTED.found_in(f"Basic {hidden}")) == 1, before
    assert len(WANTED.found_in(quote(KEY, safe=""))) == 1
    assert len(WANTED.found_in(KEY.encode().hex())) == 1
