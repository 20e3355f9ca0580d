"""A script that breaks or vanishes while the proxy runs: any checkout does that. Nothing opens meanwhile."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from asking import until
from end_to_end.access import attacks
from end_to_end.access.modes import BEARER, MODES, PROXY_MODES, TOKEN, FarEnds, ManyModes, tag
from end_to_end.conftest import Folders
from running import ADDON
from wire import ask, connect

pytestmark = pytest.mark.slow

#: Refusals of the addon, and what is answered without it.
REFUSED = {401, 403, 407}
GONE = 503
# What the log says of it, once: which of the two it is.
SAID = re.compile(r"(?i)last good|answers? 503")
# mitmproxy looks at the file every second.
PATIENCE_ROUNDS = 2


class Round(NamedTuple):
    """What one turn of all attacks found."""

    statuses: dict[str, int]
    arrived: list[str]


class Attacker:
    """Attacks without a pause, until it is told to stop."""

    def __init__(self, proxy: ManyModes, ends: FarEnds, where: str) -> None:
        self._addresses = {mode: proxy.at(mode, where) for mode in MODES}
        self._ends = ends
        self.rounds: list[Round] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._attack, daemon=True)

    def _attack(self) -> None:
        while not self._over.is_set():
            self.rounds.append(self._round())

    def _round(self) -> Round:
        statuses, arrived = {}, []
        for mode in PROXY_MODES:
            for name, way in attacks.EVERY.items():
                # A token that is no permission, and is nobody else's to see.
                for headers in ((), (BEARER, attacks.BASIC)):
                    status, came = way(self._addresses[mode], self._ends, headers)
                    statuses[f"{mode} {name} {bool(headers)}"] = status
                    arrived += [f"{mode} {name}"] if came else []
        known = (BEARER, attacks.BASIC)
        statuses["reverse"] = ask(self._addresses["reverse"], "GET", f"/{tag()}", headers=known).status
        body, kind = b'{"prompt": "a stranger\'s"}', ("Content-Type", "application/json")
        for mode, address in self._addresses.items():
            answer = ask(address, "POST", "/v1/videos", headers=(kind,), body=body)
            statuses[f"{mode} create"] = answer.status
        return Round(statuses, arrived)

    def turns(self, count: int = PATIENCE_ROUNDS) -> Round:
        """The last of so many rounds that began after now."""
        enough = len(self.rounds) + count + 1
        until(lambda: len(self.rounds) >= enough or None, "the attacks")
        return self.rounds[-1]

    def __enter__(self) -> Attacker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)


class Case(NamedTuple):
    """A proxy whose script may be broken."""

    proxy: ManyModes
    script: Path
    attacker: Attacker

    def wait_for_line(self, pattern: str, do: Callable[[], object]) -> None:
        """Does it, and waits until the log has one more line with the pattern."""

        def count() -> int:
            return len(re.findall(pattern, self.proxy.log))

        before = count()
        do()
        until(lambda: count() > before or None, f"a line with {pattern!r}")


@pytest.fixture
def case(folder: Folders, ends: FarEnds, elsewhere: str | None, tmp_path: Path) -> Iterator[Case]:
    addon = tmp_path / "addon"
    shutil.copytree(ADDON.parent, addon, ignore=shutil.ignore_patterns("__pycache__"))
    script = addon / ADDON.name
    mark = ends.mark()
    with (
        ManyModes(folder(), ends, callers=True, other=elsewhere, addon=script) as proxy,
        Attacker(proxy, ends, "other" if elsewhere else "here") as attacker,
    ):
        assert_closed(attacker.turns(1), gone=False)
        assert {proxy.create(mode) for mode in MODES} == {200}
        yield Case(proxy, script, attacker)
        assert proxy.child.poll() is None, proxy.log
    # The strangers' other traffic of a reverse target is the target's; no token is anybody's.
    for asked in ends.since(mark):
        assert TOKEN not in str(asked.headers)
        assert attacks.BASIC[1] not in str(asked.headers)
    for each in attacker.rounds:
        assert each.arrived == []


def assert_closed(found: Round, gone: bool) -> None:
    """Nothing arrived, and all was refused: by the addon, or without it with one status."""
    assert found.arrived == []
    for name, status in found.statuses.items():
        right = {GONE} if gone else {*REFUSED, GONE}
        if name == "reverse" and not gone:
            right |= {200}
        assert status in right, (name, status)


def serves(proxy: ManyModes) -> bool:
    """Whether callers are served, in all modes or in none."""
    statuses = {proxy.create(mode) for mode in MODES}
    assert statuses in ({200}, {GONE})
    return statuses == {200}


def assert_said_once(before: str, proxy: ManyModes) -> None:
    """One line says what is answered now, however many are refused."""
    new = proxy.log[len(before) :].splitlines()
    said = [line for line in new if SAID.search(line)]
    assert len(said) == 1, "\n".join(new)


#: What a script may be for a moment: half written, of another branch, emptied by an editor.
BROKEN = ("{}\n    this is not Python\n", "raise RuntimeError('half a checkout')\n", "")


def test_a_broken_script(case: Case) -> None:
    proxy, script = case.proxy, case.script
    good = script.read_text()
    for text in BROKEN:
        log = proxy.log
        case.wait_for_line("Loading script", partial(script.write_text, text.format(good)))
        served = serves(proxy)
        assert_closed(case.attacker.turns(), gone=not served)
        assert_said_once(log, proxy)
        case.wait_for_line("Loading script", partial(script.write_text, good))
        # A mended script is loaded again.
        until(lambda: serves(proxy) or None, "the mended script")
        assert_closed(case.attacker.turns(), gone=False)


def test_a_file_that_is_gone_for_a_moment(case: Case) -> None:
    proxy, script = case.proxy, case.script
    good, log = script.read_text(), proxy.log
    aside = script.with_name("aside")
    case.wait_for_line("Removing script", partial(script.replace, aside))
    assert_closed(case.attacker.turns(), gone=not serves(proxy))
    assert_said_once(log, proxy)
    script.write_text(good)
    # mitmproxy does not look at it any more; the addon may.
    assert_closed(case.attacker.turns(), gone=False)


@pytest.mark.parametrize("hook", ["requestheaders", "http_connect", "server_connect"])
def test_a_script_whose_hook_fails(case: Case, hook: str) -> None:
    """It loads, and mitmproxy goes on after what it raises: nothing passes that was not decided on."""
    broken = f"{case.script.read_text()}\nRunwayAddon.{hook} = lambda self, data: 1 / 0\n"
    log = case.proxy.log
    case.wait_for_line("Loading script", partial(case.script.write_text, broken))
    found = case.attacker.turns()
    assert_closed(found, gone=False)
    if hook != "server_connect":
        assert GONE in found.statuses.values()
        assert_said_once(log, case.proxy)


def test_a_good_reload(case: Case) -> None:
    more = f"{case.script.read_text()}\n# a comment\n"
    case.wait_for_line("Loading script", partial(case.script.write_text, more))
    assert_closed(case.attacker.turns(), gone=False)
    assert serves(case.proxy)


@pytest.mark.parametrize("text", ["{}\n# a comment\n", BROKEN[0]], ids=["good", "broken"])
def test_a_create_whose_body_comes_after_a_reload(case: Case, text: str) -> None:
    """It was let in by the addon before; it must neither be lost nor go out as other traffic."""
    good, body = case.script.read_text(), b'{"prompt": "across a reload"}'
    head = f"POST /v1/videos HTTP/1.1\r\nHost: videos.example.com\r\nContent-Length: {len(body)}\r\n"
    head += f"Content-Type: application/json\r\nExpect: 100-continue\r\n{BEARER[0]}: {BEARER[1]}\r\n\r\n"
    with connect(case.proxy.at("regular")) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 100 ")  # its headers have been decided on
        case.wait_for_line("Loading script", partial(case.script.write_text, text.format(good)))
        connection.sendall(body)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
