"""A mistake in mitm.conf or `--set` ends the start: status 1, one clear line, no bare proxy behind it."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import pytest

from end_to_end.conftest import Folders
from running import Proxy

pytestmark = pytest.mark.slow

SECRET = "the_secret_that_nobody_may_see"


class Mistake(NamedTuple):
    """What is wrong, and what the one line must say; `{file}` and `{taken}` are put in."""

    name: str
    says: str
    conf: str | bytes = ""
    arguments: tuple[str, ...] = ()


def entry(name: str, conf: str, says: str, line: int = 1) -> Mistake:
    """A mistake in an entry of the file, which the line names together with its place."""
    option = conf.splitlines()[line - 1].partition(":")[0]
    return Mistake(name, rf"{{file}} line {line}: {re.escape(option)}: .*{says}", conf)


def on_line(name: str, conf: str, line: int, says: str) -> Mistake:
    """A mistake that is no entry's value."""
    return Mistake(name, rf"{{file}} line {line}: .*{says}", conf)


def argument(name: str, assignment: str, says: str) -> Mistake:
    """A mistake in a `--set`."""
    return Mistake(name, says, arguments=("--set", assignment))


def keys(*items: object) -> str:
    return f"flow_detail: 0\nrunway_keys: {json.dumps(items)}\n"


# One for each place that finds mistakes, since each is a start of Python: what file and options accept
# has tests of its own.
MISTAKES = [
    on_line("unknown option", "flow_detail: 0\nlisten_prot: 1\n", 2, "listen_prot.*did you mean listen_port"),
    on_line("twice", "flow_detail: 0\nhttp2: true\nflow_detail: 1\n", 3, "flow_detail"),
    entry("keys sent unencrypted", "runway_base_url: http://192.0.2.1:8099\n", "unencrypted"),
    entry("a text for a number", "listen_port: many\n", "'many'.*number"),
    entry("streams smaller than bodies", "stream_large_bodies: 1m\n", "runway_max_body"),
    Mistake(
        "a port in use",
        r"{file} line \d: listen_.*: .*:{taken}: .*in use",
        "listen_port: {taken}\nlisten_host: 127.0.0.1\n",
    ),
    entry("an address of others", "listen_host: 198.51.100.7\n", r"198.51.100.7:\d+: [a-z]"),
    entry("a key with an unknown field", keys({"name": "a", "value": SECRET, "wait": 1}), "wait.*weight", 2),
    entry("a secret for a name", keys({"name": SECRET + "/" * 20, "value": "x"}), "name", 2),
    entry("a caller without its token", "runway_callers: [{name: app, value: env.NONE}]\n", "app.*NONE"),
    argument("--set: no such option of ours", "runway_kees=1", "there is no option runway_kees"),
    argument("--set: a wrong type", "runway_poll_seconds=often", "runway_poll_seconds"),
    argument("--set: keys that are no JSON", f"runway_keys={SECRET}", "runway_keys: each must be a mapping"),
    argument("--set: no such file", "runway_conf=/no/such", "runway_conf: there is no file /no/such"),
    argument("--set: a wrong type of mitmproxy's", "listen_port=many", "many"),
    Mistake("--mode: bad", "sideways", arguments=("--mode", "sideways")),
]

# What mitmproxy itself says around the one line.
AROUND = re.compile(r"Loading script .*|Error logged during startup, exiting\.\.\.")


@pytest.fixture(scope="module")
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def started(folder: Folders, taken: int) -> Iterator[dict[str, Future[Proxy]]]:
    """A proxy per mistake, begun a few at a time: what takes long is starting Python."""

    def run(mistake: Mistake) -> Proxy:
        made = folder()
        conf = mistake.conf
        if isinstance(conf, str):
            conf = conf.replace("{taken}", str(taken)).encode()
        (made / "mitm.conf").write_bytes(conf)
        # Where the file itself says where to listen, the command line does not.
        listen = () if b"listen_" in conf else ("--listen-host", "127.0.0.1", "--listen-port", "0")
        proxy = Proxy(made, *mistake.arguments, conf=None, listen=listen)
        try:
            proxy.wait()
        finally:
            proxy.kill()
        return proxy

    with ThreadPoolExecutor(4) as pool:
        yield {each.name: pool.submit(run, each) for each in MISTAKES}


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.name for each in MISTAKES])
def test_a_mistake_ends_the_start(mistake: Mistake, started: dict[str, Future[Proxy]], taken: int) -> None:
    proxy = started[mistake.name].result()
    log = proxy.log
    assert proxy.child.returncode == 1, log
    assert "Traceback" not in log
    assert SECRET not in log
    lines = [re.sub(r"^\[[-\d:. ]+\] ", "", line) for line in log.splitlines()]
    lines = [line for line in lines if line.strip() and not AROUND.fullmatch(line)]
    assert len(lines) == 1, log
    file = re.escape(str(proxy.folder / "mitm.conf"))
    assert re.search(mistake.says.replace("{file}", file).replace("{taken}", str(taken)), lines[0]), lines[0]
