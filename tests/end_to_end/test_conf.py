"""mitm.conf: where it is found, what of it takes effect, and that the command line wins over it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from asking import error_of, until, web
from end_to_end.conftest import Folders, whole
from running import ROOT, Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow

# A second script, as an operator may have one: it writes down what the options are.
DUMP = """
import json
from pathlib import Path
from mitmproxy import ctx

def running():
    found = {name: option.current() for name, option in ctx.options.items()}
    Path("options.tmp").write_text(json.dumps(found, default=str))
    Path("options.tmp").rename("options.json")
"""


def dumping(folder: Path) -> tuple[str, str]:
    """Arguments that add the second script."""
    (folder / "dump.py").write_text(DUMP)
    return "-s", str(folder / "dump.py")


def options_of(proxy: Proxy) -> dict[str, Any]:
    file = proxy.folder / "options.json"
    until(lambda: file.exists() or None, "the second script")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_as_shipped_it_works_quietly_for_this_machine_alone(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    made = folder()
    shipped = (ROOT / "mitm.conf").read_text()
    # Without one in the working directory it is the one beside addon/.
    listen = ("--listen-port", "0")
    with Proxy(made, *dumping(made), conf=None, listen=listen, **sandbox_server.options()) as proxy:
        with web(proxy.url) as client:
            assert client.post("/v1/videos", json={"prompt": "as shipped"}).status_code == 200
        options = options_of(proxy)
        # Only where its own start tells: no line for each request, on no address but loopback.
        assert "/v1/videos HTTP" not in proxy.log
        assert "client connect" not in proxy.log
        assert proxy.wait_for("serving /v1/videos on (.*)")[1] == f"http://127.0.0.1:{proxy.port}"
        whole(proxy)
    for name, value in {"listen_host": "127.0.0.1", "flow_detail": 0, "connection_strategy": "lazy"}.items():
        assert options[name] == value
    for name in options:
        if name.startswith("runway_") and name != "runway_conf":
            assert re.search(rf"^(# )?{name}:", shipped, re.MULTILINE), f"{name} is not in mitm.conf"


FILE = {
    "mode": "reverse:http://127.0.0.1:9",
    "flow_detail": 3,
    "termlog_verbosity": "debug",
    "connection_strategy": "lazy",
    "http2": False,
    "ignore_hosts": ["a.example"],
    "runway_poll_seconds": 60,
    "runway_content": "redirect",
    "runway_max_body": "1k",
    "runway_aliases": ["fox=gen4.5"],
    "runway_sandbox": True,
}
# What the command line says: the defaults, each of which differs from the file.
ON_COMMAND_LINE = {
    "mode": ["regular"],
    "flow_detail": 1,
    "termlog_verbosity": "info",
    "connection_strategy": "eager",
    "http2": True,
    "runway_poll_seconds": 5,
    "runway_content": "stream",
    "runway_max_body": "64m",
    "runway_sandbox": False,
}


def test_what_the_file_says_takes_effect(folder: Folders) -> None:
    made = folder()
    with Proxy(made, *dumping(made), conf=json.dumps(FILE)) as proxy:
        options = options_of(proxy)
        with web(proxy.url) as client:
            made_video = client.post("/v1/videos", json={"prompt": "x", "model": "fox"})
            assert made_video.headers["openai-poll-after-ms"] == "60000"
            assert made_video.headers["x-runway-sandbox"] == "true"
            assert made_video.json()["model"] == "fox"
            error_of(client.post("/v1/videos", json={"prompt": "x" * 2000}), 413)
        whole(proxy)
    expected = {**FILE, "mode": [FILE["mode"]]}
    assert {name: options[name] for name in FILE} == expected


def test_the_command_line_wins_also_where_it_says_the_default(
    folder: Folders, sandbox_server: SandboxServer
) -> None:
    made = folder()
    conf = json.dumps({**FILE, "runway_base_url": "http://127.0.0.1:9"})
    given: dict[str, Any] = {**ON_COMMAND_LINE, **sandbox_server.options(), "runway_poll_seconds": 5}
    with Proxy(made, *dumping(made), conf=conf, runway_fallback="none", **given) as proxy:
        options = options_of(proxy)
        with web(proxy.url) as client:
            answer = client.post("/v1/videos", json={"prompt": "a fox", "model": "fox"})
            assert answer.headers["openai-poll-after-ms"] == "5000"
            assert "x-runway-sandbox" not in answer.headers
            # Regular mode: nothing goes to the file's gateway.
            assert error_of(client.get("/v1/files"), 404)["code"] == "unknown_url"
        # flow_detail=1 shows each request, info none of the debug lines.
        proxy.wait_for(r"POST .*/v1/videos")
        whole(proxy)
    assert {name: options[name] for name in ON_COMMAND_LINE} == ON_COMMAND_LINE
    # Of what the command line does not name the file's value counts.
    assert options["ignore_hosts"] == ["a.example"]
    assert options["runway_aliases"] == ["fox=gen4.5"]


def test_command_line_flags_win_over_the_file_like_set(folder: Folders) -> None:
    made = folder()
    conf = {"mode": "reverse:http://127.0.0.1:9", "termlog_verbosity": "debug", "flow_detail": 3}
    arguments = ("--mode", "regular", "-q")
    proxy = Proxy(made, *dumping(made), *arguments, conf=json.dumps(conf), runway_sandbox=True)
    try:
        # With -q nothing tells when it serves.
        options = options_of(proxy)
    finally:
        proxy.kill()
    expected = {"mode": ["regular"], "termlog_verbosity": "error", "flow_detail": 0}
    assert {name: options[name] for name in expected} == expected


def test_a_file_named_on_the_command_line(folder: Folders) -> None:
    made = folder()
    (made / "other.yaml").write_text("runway_sandbox: true\nrunway_poll_seconds: 7\n")
    (made / "mitm.conf").write_text("runway_poll_seconds: 8\n")
    with Proxy(made, conf=None, runway_conf=made / "other.yaml") as proxy, web(proxy.url) as client:
        answer = client.post("/v1/videos", json={"prompt": "x"})
        assert answer.headers["openai-poll-after-ms"] == "7000"


def test_the_file_in_force_and_where_keys_go_are_told(folder: Folders, sandbox_server: SandboxServer) -> None:
    made = folder()
    conf = json.dumps(
        {"runway_base_url": sandbox_server.url, "runway_keys": [{"name": "a", "value": "key_of_a"}]}
    )
    (made / "mitm.conf").write_text(conf)
    (made / "mitm.conf").chmod(0o644)
    with Proxy(made, conf=None) as proxy:
        assert proxy.wait_for("configuration: (.*)")[1] == str(made / "mitm.conf")
        assert proxy.wait_for("Runway's API is taken to be at (.*)")[1] == sandbox_server.url
        proxy.wait_for(r"runway_keys: a .*mode 0644")
        assert "key_of_a" not in proxy.log
