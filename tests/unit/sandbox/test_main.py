from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from child_processes import Child
from runway_videos.sandbox import __main__ as command
from unit.sandbox.harness import HEADERS

ADDON = Path(__file__).parents[3] / "addon"


def test_it_runs_standalone_and_ends_with_sigterm() -> None:
    process = Child(
        [sys.executable, "-m", "runway_videos.sandbox", "--keys", "a=org,b", "--seconds", "0"],
        env=os.environ | {"PYTHONPATH": str(ADDON)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert process.stdout.readline() == f"keys: a, b; requests: {url}/_sandbox/requests\n"
        with httpx.Client(base_url=url, trust_env=False) as client:
            for key, status in (("a", 200), ("b", 200), ("sandbox", 401)):
                headers = HEADERS | {"Authorization": f"Bearer {key}"}
                assert client.get("/v1/organization", headers=headers).status_code == status
            seen = client.get("/_sandbox/requests").json()["requests"]
        assert [one["organisation"] for one in seen] == ["org", "b", None]
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0
    assert errors == ""


def test_options_of_the_command_line() -> None:
    options = command.parse(["--keys", "a, b=x ,", "--video-bytes", "50000000"])
    assert options.keys == {"a": "a", "b": "x"}
    assert options.video_bytes == 50_000_000
    assert command.parse([]).keys == {"sandbox": "sandbox"}


@pytest.mark.parametrize("arguments", [["--keys", ","], ["--port", "x"], ["extra"]])
def test_a_mistake_on_the_command_line_ends_it(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.parse(arguments)
    assert "error" in capsys.readouterr().err


def test_a_video_that_is_too_short_is_refused_in_one_line() -> None:
    with pytest.raises(SystemExit, match="sandbox: a video has at least"):
        command.main(["--video-bytes", "5"])
