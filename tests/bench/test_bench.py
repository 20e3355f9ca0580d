"""The bench works, and reports wrong answers. No test depends on how fast anything is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import command, own_client, pattern, wrk
from bench.command import parse, plan_of
from bench.downloads import Downloads
from bench.figures import SCENARIOS, Figures, Row, Scenario, table
from bench.load import NUMBER, Ask, Load, percentile
from bench.origin import VIDEO, VIDEO_PATH
from bench.stand import KINDS, fetch
from bench.workbench import QUICK, Bench, Plan
from child_processes import Child
from origins import Origin
from running import ROOT, Process, clean_environment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def quick() -> dict[str, Any]:
    """What the command tells when it measures a moment of all."""
    words = [sys.executable, "tests/bench", "--quick", "--json", "--own-client"]
    env = clean_environment()
    with Child(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as bench:
        output, errors = bench.communicate(timeout=300)
    assert bench.returncode == 0, output + errors
    found: dict[str, Any] = json.loads(output)
    return found


def test_everything_is_measured_and_right(quick: dict[str, Any]) -> None:
    assert quick["problems"] == []
    measured = {(row["what"], row["ours"], row["beside"]) for row in quick["rows"]}
    for scenario in SCENARIOS:
        for row in scenario.rows:
            kept = scenario.alone or QUICK.skipped_kinds.isdisjoint({row.kind, row.beside})
            assert ((scenario.name, row.kind, row.beside) in measured) == kept
    for row in quick["rows"]:
        assert row["compared"] in ("ratio", "difference", "value")
        if row["compared"] == "ratio":
            assert row["result"] == pytest.approx(row["median"] / row["beside_median"])
        if row["at_least"] is not None:
            assert row["met"] == (row["result"] >= row["at_least"])


def test_the_table_names_both_commands(quick: dict[str, Any]) -> None:
    lines = table(quick["rows"]).splitlines()
    for row in quick["rows"]:
        words = [f"{row['what']} ({row['unit']})", f" {row['ours']} ", f" {row['beside'] or ''} "]
        (line,) = [line for line in lines if all(word in line for word in words)]
        assert ("met" in line or "MISSED" in line) == (row["met"] is not None)
    for name, kind in KINDS.items():
        assert any(line.split()[:1] == [name] and kind.command in line for line in lines)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bench's own server, whose files have 3 MB."""
    env = clean_environment({"PYTHONPATH": str(ROOT / "tests")})
    words = [sys.executable, "-m", "bench.origin", "--file-bytes", "3000000"]
    process = Process(words, env, tmp_path_factory.mktemp("origin"))
    yield process.wait_for(r"^http://\S+$")[0]
    process.kill()


needs_wrk = pytest.mark.skipif(not wrk.is_here(), reason="wrk is not installed")
#: Each with the least that it can do.
CLIENTS = [
    pytest.param(own_client, Load(3, requests=30), id="own"),
    pytest.param(wrk, Load(3, seconds=1), id="wrk", marks=needs_wrk),
]


@pytest.mark.parametrize(("client", "load"), CLIENTS)
def test_clients_tell_right_answers_from_wrong_ones(origin: str, client: Any, load: Load) -> None:
    port = int(origin.rpartition(":")[2])
    right = client.drive(port, Ask((VIDEO_PATH,), whole=VIDEO), load)
    assert right.good > 0
    assert right.bad == 0
    for wrong in (
        Ask((VIDEO_PATH,), whole=VIDEO + b" "),
        Ask((VIDEO_PATH,), parts=(b'"object":"video"', b"nowhere")),
        Ask((VIDEO_PATH,), parts=(b'"object":"video"',), status=201),
        Ask(("/unknown",), parts=(b"{}",)),
    ):
        found = client.drive(port, wrong, load)
        assert found.good == 0
        assert found.bad > 0


@pytest.mark.parametrize(("client", "load"), CLIENTS)
def test_every_create_has_its_own_prompt(client: Any, load: Load) -> None:
    with Origin() as server:
        ask = Ask(("/a", "/b"), body=f'{{"promptText": "{NUMBER}"}}', parts=(b'"origin": true',))
        result = client.drive(server.port, ask, load)
        bodies = [asked.body for asked in server.requests]
        assert result.good > 1
        assert len(set(bodies)) == len(bodies) >= result.good
        assert {asked.path for asked in server.requests} == {"/a", "/b"}
        assert all(NUMBER.encode() not in body for body in bodies)


def test_upstream_calls_are_counted(origin: str) -> None:
    counted = json.loads(fetch(f"{origin}/counts"))

    class Stub:
        def __init__(self) -> None:
            self.problems: list[str] = []

        def counts(self) -> dict[str, int]:
            found: dict[str, int] = json.loads(fetch(f"{origin}/counts"))
            return found

    stub: Any = Stub()
    bench = Bench(stub, Plan())
    fetch(origin + VIDEO_PATH)
    fetch(origin + VIDEO_PATH)
    bench.asked(counted, "video", 2, 2, "two polls")
    assert stub.problems == []
    bench.asked(counted, "video", 0, 1, "polls from memory")
    bench.asked(counted, "task", 1, 1, "polls that go upstream")
    assert stub.problems == [
        "polls from memory: 2 calls of video upstream, not 0 to 1",
        "polls that go upstream: 0 calls of task upstream, not 1 to 1",
    ]


def test_files_are_checked_byte_by_byte(origin: str) -> None:
    result = Downloads(f"{origin}/files/3000000", 3_000_000).run(at_once=3, times=2)
    assert (result.files, result.bad, result.received) == (6, 0, 18_000_000)
    # Of another length than was meant.
    result = Downloads(f"{origin}/files/3000000", 2_999_999).run(at_once=1, times=1)
    assert (result.files, result.bad) == (0, 1)


@pytest.mark.parametrize("damage", [b"x", b""])
def test_a_wrong_byte_or_an_early_end_is_noticed(damage: bytes) -> None:
    content = bytes(pattern.piece(0, 500_000)) + damage + bytes(pattern.piece(500_001, 400_000))

    with Origin() as server:

        def file(exchange: Any) -> None:
            exchange.begin(200, "video/mp4", content_length="900001")
            exchange.wfile.write(content)
            exchange.close_connection = True

        server.routes["/file"] = file
        result = Downloads(f"{server.url}/file", 900_001).run(at_once=1, times=1)
        assert (result.files, result.bad) == (0, 1)


@pytest.mark.parametrize("right", [False, True])
def test_problems_end_with_status_one(capsys: pytest.CaptureFixture[str], right: bool) -> None:
    def measure(bench: Bench, kind: str) -> float:
        bench.check(right, "all of it", "nothing was right")
        return 1.0

    scenario = Scenario("a stub", "s", measure, (Row("pass", None),), alone=True)
    assert command.main(["--quick", "--own-client"], [scenario]) == (0 if right else 1)
    assert ("WRONG: all of it: nothing was right" in capsys.readouterr().out) == (not right)


def test_ratios_are_made_round_by_round() -> None:
    scenario = SCENARIOS[0]
    figures = Figures()
    for ours, theirs in ((100.0, 100.0), (10.0, 5.0), (90.0, 100.0)):
        figures.add(scenario, "ours", ours)
        figures.add(scenario, "pass", theirs)
    (line,) = [line for line in figures.lines() if line["beside"] == "pass"]
    assert (line["median"], line["beside_median"]) == (90.0, 100.0)
    assert (line["result"], line["lowest"], line["highest"]) == (1.0, 0.9, 2.0)
    assert line["met"] is True
    assert Row("a", "b", at_most=0.4, over=True).is_met(Row("a", "b", over=True).compare(1.5, 1.0)) is False


def test_the_highest_of_a_hundred_is_not_the_p99() -> None:
    values = [float(number) for number in range(1000)]
    assert percentile(values, 0.99) == 990.0
    assert percentile(values, 0.5) == 500.0
    assert percentile([7.0], 0.99) == 7.0


@pytest.mark.parametrize("arguments", [["--rounds", "0"], ["--only", "no such thing"], ["--fast"]])
def test_mistakes_on_the_command_line(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(arguments)


def test_options_of_the_command_line() -> None:
    plan = plan_of(parse(["--rounds", "3", "--videos", "10", "--own-client"]))
    assert (plan.rounds, plan.videos, plan.wrk, plan.requests) == (3, 10, False, None)
    assert plan_of(parse(["--quick"])).rounds == 1


def test_the_pattern_is_the_same_everywhere() -> None:
    whole = bytes(pattern.piece(0, pattern.LONGEST))
    assert pattern.piece(12_345, 1000) == whole[12_345:13_345]
    assert pattern.piece(pattern.PERIOD + 7, pattern.LONGEST) == pattern.piece(7, pattern.LONGEST)
    assert len(pattern.piece(pattern.PERIOD - 1, pattern.LONGEST)) == pattern.LONGEST
    assert Path(pattern.__file__).parent == Path(__file__).parent
