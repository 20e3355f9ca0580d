"""The commands in `mitmproxy`, the console program, as one types them there; and the end of its terminal."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest

from asking import web
from console import Console
from end_to_end.conftest import Folders
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

KEYS = {"key_of_the_console_1": "team-a", "key_of_the_console_2": "other"}


@pytest.fixture
def console(folder: Folders) -> Iterator[Console]:
    with SandboxServer(KEYS) as runway:
        entries = [{"name": name, "value": value, "weight": 1} for value, name in KEYS.items()]
        conf = f"runway_keys: {json.dumps(entries)}\n"
        with Console(folder(), conf, runway_base_url=runway.url) as console:
            yield console


def test_commands_are_typed_completed_and_shown(console: Console) -> None:
    port = console.wait_for(r"\[127\.0\.0\.1:(\d+)\]")[1]
    console.press(":runway.videos\r")
    console.wait_for("no videos yet")
    console.press("q")
    with web(f"http://127.0.0.1:{port}") as client:
        made = client.post("/v1/videos", json={"prompt": "seen in a terminal"})
        assert made.status_code == 200, made.text
    console.wait_for("POST .*/v1/videos")
    for command, shown in (
        (":runway.k\t\r", r"team-a: weight 1, 0 creates in flight"),
        (":runway.videos\r", r"sora-2 4 s 720x1280, .*, key (team-a|other), task "),
        (":runway.usage\r", r"the local user: 1 video, 64 credits today, 1 unfinished"),
        (":runway.weight t\t 2.5\r", r"team-a has the weight 2\.5 until this process ends"),
        (":runway.keys\r", r"team-a: weight 2\.5, "),
    ):
        console.wait_until_gone("Data viewer")
        console.press(command)
        console.wait_for(shown)
        console.press("q")
    console.wait_until_gone("Data viewer")
    console.press(":runway.weight team-a many\r")
    console.press("E")  # the event log: in the last line it is for a second
    console.wait_for("the weight must be a number")
    console.child.send_signal(signal.SIGHUP)  # the terminal is there: it is the operator's
    console.wait_for("SIGHUP: configuration: as it was")
    assert "Traceback" not in "\n".join(console.lines)


def test_it_ends_with_its_terminal(console: Console) -> None:
    """Else it goes on unseen, and asks for keys that nobody types as fast as it can."""
    console.wait_for(r"\[127\.0\.0\.1:\d+\]")
    console.press("E")
    console.wait_for("serving /v1/videos on")  # else the start is not over
    assert console.hang_up() == 0
