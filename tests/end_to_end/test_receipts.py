"""`python -m runway_videos.receipts` over the real mitmdump's account, set against the sandbox's sums."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from runwayml import RunwayML

from asking import error_of, finished, web
from end_to_end.conftest import Folders
from faulty import FaultyRunway, faults
from faulty.accounts import Operation
from running import ROOT, Proxy, clean_environment
from sandbox_server import KEY, SandboxServer


def receipts(audit: Path, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runway_videos.receipts", str(audit), *arguments]
    env = clean_environment({"RUNWAY_API_KEY": key} if key else {})
    return subprocess.run(command, cwd=ROOT / "addon", env=env, capture_output=True, text=True, timeout=60)


def test_a_day_is_explained_to_the_credit(folder: Folders) -> None:
    made = folder()
    audit = made / "audit.jsonl"
    with SandboxServer() as sandbox:
        with Proxy(made, **sandbox.options(), runway_audit=audit) as proxy, web(proxy.url) as app:
            for prompt in ("a boat", "a boat [fail]", "a kite"):
                finished(app, app.post("/v1/videos", json={"prompt": prompt}).json()["id"])
        with httpx.Client(trust_env=False) as http:
            runway = RunwayML(api_key=KEY, base_url=sandbox.url, http_client=http)
            today = datetime.now(UTC).date()
            usage = runway.organization.retrieve_usage(start_date=today, before_date=today + timedelta(1))
        (day,) = usage.results
        charged = sum(used.amount for used in day.used_credits)
        assert charged > 0
        assert day.date == today

        to = ("--base-url", sandbox.url)
        done = receipts(audit, "--day", day.date.isoformat(), *to, key=KEY)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[0] == f"3 made, {charged:,} credits"
        assert done.stdout.splitlines()[-1] == f"3 made, {charged:,} credits, 0 unexplained"
        assert "failed" in done.stdout

        with audit.open("rb") as file:
            lines = file.readlines()
        audit.write_bytes(b"".join(line for line in lines if b'"ended"' not in line))
        done = receipts(audit, "--day", day.date.isoformat(), *to, key=KEY)
        assert done.returncode == 1
        assert "unexplained (Runway: " in done.stdout

        refused = receipts(audit, "--day", day.date.isoformat(), *to, key="key_of_nobody")
        assert refused.returncode == 2
        assert "Runway does not tell what it charged: HTTP 401" in refused.stderr
        assert "key_of_nobody" not in refused.stdout + refused.stderr
    assert receipts(audit).stdout.startswith("3 made, ")
    assert receipts(made / "none").returncode == 2
    assert receipts(audit, "--day", "yesterday").returncode == 2


def test_a_lost_answer_is_what_is_not_explained(folder: Folders) -> None:
    made, value = folder(), "key_of_the_receipts_tests"
    audit, today = made / "audit.jsonl", datetime.now(UTC).date().isoformat()
    with FaultyRunway() as runway:
        runway.account(value).plan(Operation.CREATE, faults.GOOD, faults.RESET_AFTER_TASK)
        keys = json.dumps({"name": "a", "value": value})
        proxy = Proxy(made, runway_base_url=runway.url, runway_keys=keys, runway_audit=audit)
        with proxy, web(proxy.url) as app:
            assert app.post("/v1/videos", json={"prompt": "one"}).status_code == 200
            assert error_of(app.post("/v1/videos", json={"prompt": "two"}), 502)["code"] == "outcome_unknown"
        done = receipts(audit, "--day", today, "--base-url", runway.url, key=value)
    assert done.returncode == 1
    *_, unknown, last = done.stdout.splitlines()
    assert "1 with an unknown outcome" in done.stdout
    assert unknown.endswith(" key a")
    assert last.startswith("1 made, 25 credits, 25 unexplained (Runway: seedance2_mini 50)")
