"""The unit that operators are given: checked by systemd's own tools, and run by a real systemd."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from asking import needs_curl, until
from deploying import UNIT
from deploying.systemd import SERVICE, Machine
from running import clean_environment
from runway_addon.shutdown import DRAIN_SECONDS

pytestmark = pytest.mark.slow

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
TOKEN = "the-token-of-app-1"
CREDENTIALS = f"/run/credentials/{SERVICE}"
CONF = f"runway_sandbox: true\nrunway_callers:\n  - {{name: app-1, value: file.{CREDENTIALS}/secret_app-1}}\n"
SECRETS = {"app-1": TOKEN, "ids": "one-secret-of-this-service"}
STATE = "/var/lib/runway-videos"


def entries(name: str) -> list[str]:
    """An entry of the unit, each time that it stands there."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], env=clean_environment(), capture_output=True, text=True, timeout=60
    )


def test_it_waits_longer_than_the_drain() -> None:
    assert int(entries("TimeoutStopSec")[0]) > DRAIN_SECONDS
    assert entries("Restart") == ["always"]
    assert entries("After") == entries("Wants") == ["network-online.target"]


@needs_analyze
def test_systemd_finds_no_mistake(tmp_path: Path) -> None:
    # The only thing that is not there on a machine without the service.
    program = tmp_path / "mitmdump"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = UNIT.read_text()
    (tmp_path / SERVICE).write_text(text.replace("/opt/runway-videos/.venv/bin/mitmdump", str(program)))
    done = analyze("verify", "--man=no", str(tmp_path / SERVICE))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    # It does find one.
    (tmp_path / SERVICE).write_text(text.replace("Restart=always", "Restart=allways"))
    assert "allways" in analyze("verify", "--man=no", str(tmp_path / SERVICE)).stderr


@needs_analyze
def test_systemd_calls_its_exposure_ok() -> None:
    done = analyze("security", "--offline=true", str(UNIT))
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge a file")
    level = re.search(r"Overall exposure level for \S+: ([\d.]+) (\w+)", done.stdout)
    assert level, done.stderr
    assert float(level[1]) < 3
    assert level[2] == "OK"


def post(machine: Machine, *arguments: str, token: str = TOKEN) -> tuple[int, str]:
    """A create from inside: status and body."""
    said = machine.output(
        *("curl", "-q", "--silent", "--show-error", "--write-out", "\n%{http_code}", *arguments),
        *("--header", f"Authorization: Bearer {token}", "--data", '{"prompt": "a boat"}'),
    )
    body, _, status = said.rpartition("\n")
    return int(status), body


@pytest.mark.slow
@needs_curl
def test_mitmdump_stands_all_of_it(tmp_path: Path) -> None:
    """Every line of the unit in force: it serves, as base URL and as HTTPS proxy, and keeps its CA."""
    with Machine(tmp_path, CONF, SECRETS) as machine:
        machine.wait_log("serving /v1/videos on http://127.0.0.1:8080")
        # It is started when it says so, and not before.
        assert machine.property("Type") == "notify"
        until(lambda: machine.property("ActiveState") == "active" or None, machine.log())
        status, body = post(machine, "http://127.0.0.1:8080/v1/videos")
        assert (status, json.loads(body)["status"]) == (200, "queued")
        assert post(machine, "http://127.0.0.1:8080/v1/videos", token="another")[0] == 401
        # OpenSSL's callbacks, too, that a ban of writable code would break.
        proxy = ("--proxy", "http://127.0.0.1:8080", "--cacert", f"{STATE}/mitmproxy-ca-cert.pem")
        assert post(machine, *proxy, "https://api.openai.com/v1/videos")[0] == 200

        process = machine.property("MainPID")
        found = dict(
            line.split(":\t", 1)
            for line in machine.output("cat", f"/proc/{process}/status").splitlines()
            if ":\t" in line
        )
        assert "0" not in found["Uid"].split()
        assert (int(found["CapEff"], 16), int(found["CapBnd"], 16), found["NoNewPrivs"]) == (0, 0, "1")
        assert found["Seccomp"] == "2"
        # No secret is in its environment; its user can read its own copies, and write to no code.
        environment = machine.output("cat", f"/proc/{process}/environ")
        assert f"RUNWAY_ID_SECRET=file.{CREDENTIALS}/secret_ids" in environment
        assert not any(secret in environment for secret in SECRETS.values())
        user = ("setpriv", "--reuid", found["Uid"].split()[0], "--clear-groups")
        assert machine.output(*user, "cat", f"{CREDENTIALS}/secret_app-1").strip() == TOKEN
        assert machine.run(*user, "touch", f"{CREDENTIALS}/new").returncode != 0
        another = ("setpriv", "--reuid", "10001", "--clear-groups")
        assert machine.run(*another, "cat", f"{CREDENTIALS}/secret_app-1").returncode != 0
        assert machine.run(*user, "cat", "/etc/runway-videos/mitm.conf").returncode == 0
        assert machine.run(*user, "cat", "/etc/runway-videos/secrets/app-1").returncode != 0
        assert machine.run(*user, "touch", "/opt/runway-videos/addon/new").returncode != 0

        # It comes back when it is killed, and with the same CA.
        authority = machine.output("cat", f"{STATE}/mitmproxy-ca-cert.pem")
        machine.output("kill", "-9", process)
        machine.wait_log("serving /v1/videos", 2)
        assert machine.property("MainPID") not in (process, "0")
        assert machine.output("cat", f"{STATE}/mitmproxy-ca-cert.pem") == authority
        # It ends by itself: nobody has to kill it.
        machine.output("systemctl", "stop", SERVICE)
        assert machine.property("Result") == "success"
        assert "Traceback" not in machine.log()
        assert TOKEN not in machine.log()


@pytest.mark.slow
def test_a_mistake_in_the_file_is_said_each_time(tmp_path: Path) -> None:
    with Machine(tmp_path, "runway_sandboxx: true\n", SECRETS) as machine:
        machine.wait_log("/etc/runway-videos/mitm.conf line 1: there is no option runway_sandboxx", 2)
        # It was never started, and whoever starts it is told so.
        assert machine.property("ActiveEnterTimestampMonotonic") == "0"
