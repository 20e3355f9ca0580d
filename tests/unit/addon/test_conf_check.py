"""A configuration is checked without starting anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from origins import Origin
from running import ROOT, clean_environment

pytestmark = pytest.mark.dependencies

GOOD = """
listen_port: 8123
runway_keys: [{name: team-a, value: env.TEAM_A}]
runway_callers: [{name: app, value: file.token, credits_per_day: 500, models: [sora-2]}]
runway_webhooks: []
"""


def check(folder: Path, conf: str | None, *arguments: str, **env: str) -> tuple[int, str, str]:
    """Exit status, output and errors, as CI has them; `conf` None: no such file."""
    if conf is not None:
        (folder / "mitm.conf").write_text(conf)
    done = subprocess.run(
        [sys.executable, "-m", "runway_videos.check", *arguments],
        cwd=folder,
        env=clean_environment({"PYTHONPATH": str(ROOT / "addon"), **env}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_what_would_be_in_force_is_printed_without_a_secret(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-of-the-app-1\n")
    status, output, errors = check(tmp_path, GOOD, "mitm.conf", TEAM_A="key_hush")
    assert (status, errors) == (0, "")
    lines = output.splitlines()
    assert lines[:2] == ["configuration: mitm.conf", "mode: regular@127.0.0.1:8123"]
    assert "keys: team-a (weight 1 = 100%)" in lines
    assert "callers: app (models sora-2; 500 credits a day)" in lines
    assert any(
        line.startswith("warning: runway_keys: team-a is not of a Runway key's form") for line in lines
    )
    assert "hush" not in output
    assert "token-of" not in output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conf", "arguments", "problem"),
    [
        ("runway_keis: []", (), "mitm.conf line 1: there is no option runway_keis"),
        ("runway_callers: [{name: app, value: file.none}]", (), "runway_callers: app: the file none cannot"),
        ("listen_port: x", (), "mitm.conf line 1: listen_port: 'x' must be a whole number"),
        ("mode: [nonsense]", (), "nonsense"),
        (None, ("other.conf",), "runway_conf: there is no file other.conf"),
    ],
)
def test_a_mistake_is_one_line_and_a_1(
    tmp_path: Path, conf: str | None, arguments: tuple[str, ...], problem: str
) -> None:
    status, output, errors = check(tmp_path, conf, *arguments)
    assert (status, output) == (1, "")
    assert problem in errors
    assert len(errors.splitlines()) == 1


def test_a_message_tells_whether_alerts_arrive(tmp_path: Path) -> None:
    with Origin() as takes, Origin() as refuses:
        takes.routes["/hush"] = lambda exchange: exchange.reply(200, b"ok")
        refuses.routes["/hush"] = lambda exchange: exchange.reply(302, b"", location=f"{takes.url}/elsewhere")
        urls = [f"{origin.url}/hush" for origin in (takes, refuses)]
        alerts = json.dumps([{"url": urls[0], "events": ["budget"]}, {"url": urls[1]}])
        conf = f"runway_sandbox: true\nrunway_alerts: {alerts}"
        assert check(tmp_path, conf, "mitm.conf")[0] == 0
        assert takes.requests == []
        status, output, errors = check(tmp_path, conf, "mitm.conf", "--alerts")
        (told,) = takes.requests
    hosts = [url.split("/")[2] for url in urls]
    assert status == 1
    assert output.splitlines()[-1] == f"alerts: {hosts[0]} took a message"
    assert errors == f"alerts: {hosts[1]} did not take a message: HTTP 302\n"
    assert json.loads(told.body)["attachments"][0]["fields"][0]["value"] == "budget"
    assert "hush" not in output


def test_without_a_receiver_there_is_nothing_to_try(tmp_path: Path) -> None:
    status, _, errors = check(tmp_path, "runway_sandbox: true", "mitm.conf", "--alerts")
    assert (status, errors) == (1, "runway_alerts: there is none to try; set one, or leave --alerts out\n")
