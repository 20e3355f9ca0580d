"""Every way in which Runway may fail a create: tasks that it made against videos that came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from faulty import FaultyRunway, cases, faults
from faulty.accounts import Operation
from faulty.cases import Case
from faulty.clients import Client, Got, create
from faulty.gateway import PICTURE, gateway, key_names, lines_with
from faulty.table import Row, render
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow


class Run(msgspec.Struct, frozen=True):
    """A case that was run."""

    case: Case
    model: str
    got: Got
    made: tuple[str, ...]

    @property
    def row(self) -> Row:
        """What came of it."""
        return Row(self.case.what, 1, len(self.made), int(bool(self.got.video)), self.got.words)


class Suite(msgspec.Struct, frozen=True):
    """All cases, run against one proxy whose log is whole."""

    runs: Sequence[Run]
    log: str


@pytest.fixture(scope="module")
def suite(folder: Callable[[], Path]) -> Iterator[Suite]:
    """Runs all cases, several at a time: each has a model and keys of its own."""
    models = {f"case-{number:02}": len(case.keys) for number, case in enumerate(cases.ALL)}
    with FaultyRunway() as runway, gateway(folder(), runway, models, short_waits=True) as proxy:
        user = Client(proxy.base_url)
        with ThreadPoolExecutor(12) as pool:
            futures = [
                pool.submit(_run, case, model, runway, user)
                for case, model in zip(cases.ALL, models, strict=True)
            ]
            runs = [future.result() for future in futures]
        proxy.stop()
        yield Suite(runs, proxy.log)


def _run(case: Case, model: str, runway: FaultyRunway, user: Client) -> Run:
    accounts = [runway.account(name) for name in key_names(model, len(case.keys))]
    for account, script in zip(accounts, case.keys, strict=True):
        account.plan(Operation.CREATE, *script)
        if faults.HELD in script:
            threading.Thread(target=_slowly, args=(runway, account.key), daemon=True).start()
    for operation, elsewhere in case.first.items():
        accounts[0].plan(operation, *elsewhere)
    file: dict[str, Any] = {"input_reference": ("picture.png", PICTURE)} if case.picture else {}
    got = create(user, model=f"runway/{model}", prompt=case.what, **file)
    made = tuple(task.id for account in accounts for task in account.tasks)
    return Run(case, model, got, made)


def _slowly(runway: FaultyRunway, key: str) -> None:
    runway.wait_seen(runway.account(key), Operation.CREATE)
    time.sleep(0.5)
    runway.account(key).release()


def test_the_table(suite: Suite) -> None:
    """Printed with `pytest -s`; README shows the same lines."""
    measured = render(run.row for run in suite.runs)
    print(f"\n{measured}")
    assert measured == render(case.row for case in cases.ALL)


def test_no_case_is_paid_twice(suite: Suite) -> None:
    assert [run.row for run in suite.runs if run.row.paid_twice] == []


def test_a_task_that_the_proxy_knew_of_is_in_its_log(suite: Suite) -> None:
    answered = [run for run in suite.runs if run.got.video]
    assert len(answered) > 10
    for run in answered:
        assert len(lines_with(suite.log, "created:", run.model, run.made[0])) == 1


def test_an_unknown_outcome_is_told_to_the_operator_with_all_that_is_known(suite: Suite) -> None:
    lost = [run for run in suite.runs if run.got.code == "outcome_unknown"]
    assert len(lost) > 10
    for run in lost:
        (line,) = lines_with(suite.log, "OUTCOME UNKNOWN", run.model)
        assert f"key {run.model}-a" in line
        assert "a paid task may exist" in run.got.message


def test_a_task_whose_name_fits_in_no_id_is_in_the_log(suite: Suite) -> None:
    long_id = next(run for run in suite.runs if run.case.keys == ((faults.LONG_ID,),))
    assert lines_with(suite.log, "created:", long_id.model, f"task {'long-' * 10}")


@pytest.fixture
def refusing(folder: Callable[[], Path]) -> Iterator[tuple[FaultyRunway, Proxy]]:
    """A Runway that takes no connection, behind two keys."""
    with FaultyRunway() as runway, gateway(folder(), runway, {"any": 2}) as proxy:
        runway.refuse()
        yield runway, proxy


def test_a_refused_connection_makes_nothing(refusing: tuple[FaultyRunway, Proxy]) -> None:
    runway, proxy = refusing
    got = create(Client(proxy.base_url), model="runway/any", prompt="refused")
    assert Row(cases.UNREACHABLE.what, 1, len(runway.tasks("refused")), 0, got.words) == cases.UNREACHABLE


def test_a_connection_that_is_refused_only_at_first_makes_one(refusing: tuple[FaultyRunway, Proxy]) -> None:
    runway, proxy = refusing

    class Patient(Client):
        """Its first retry comes when Runway is back."""

        def _calculate_retry_timeout(self, *args: object, **kwargs: object) -> float:
            runway.listen()
            return 0.0

    user = Patient(proxy.base_url)
    got = create(user, model="runway/any", prompt="back")
    row = Row(cases.BACK.what, 1, len(runway.tasks("back")), int(bool(got.video)), got.words)
    assert row == cases.BACK


def test_a_fault_of_the_proxy_is_not_tried_again(folder: Callable[[], Path], tmp_path: Path) -> None:
    script = tmp_path / "fault.py"
    script.write_text("from runway_videos.operations import creates\ncreates.render_video = None\n")
    with FaultyRunway() as runway, gateway(folder(), runway, {"any": 1}, "-s", str(script)) as proxy:
        got = create(Client(proxy.base_url), model="runway/any", prompt="fault")
        row = Row(cases.FAULT.what, 1, len(runway.tasks("fault")), 0, got.words)
        assert row == cases.FAULT
        assert lines_with(proxy.log, "created:", f"task {runway.tasks('fault')[0].id}")
        assert "a fault of this proxy" in proxy.log


def test_two_equal_creates_on_purpose_are_two_videos(folder: Callable[[], Path]) -> None:
    with FaultyRunway() as runway, gateway(folder(), runway, {"any": 1}) as proxy:
        user = Client(proxy.base_url)
        videos = {create(user, model="runway/any", prompt="twins").video for _ in range(2)}
        row = Row(cases.TWINS.what, 2, len(runway.tasks("twins")), len(videos), "both videos")
    assert row == cases.TWINS


def test_a_page_in_place_of_runway_stops_nobody_else(folder: Callable[[], Path]) -> None:
    """As of a firewall that dislikes one caller's content: the only key goes on for all."""
    with FaultyRunway() as runway, gateway(folder(), runway, {"any": 1}) as proxy:
        user = Client(proxy.base_url)
        for status in (400, 401, 403, 429):
            runway.account("any-a").plan(Operation.CREATE, faults.bare(status))
            blocked = create(user, model="runway/any", prompt=f"disliked {status}")
            assert (blocked.status, blocked.code) == (502, "runway_unexpected_answer")
            assert create(user, model="runway/any", prompt=f"liked {status}").video
        assert runway.account("any-a").seen[Operation.CHECK] == 0


def test_a_key_that_runway_refuses_is_out_when_a_check_says_so(folder: Callable[[], Path]) -> None:
    with FaultyRunway() as runway, gateway(folder(), runway, {"any": 1}) as proxy:
        user, account = Client(proxy.base_url), runway.account("any-a")
        account.plan(Operation.CREATE, faults.UNAUTHORIZED)
        got = [create(user, model="runway/any", prompt=f"checked {number}") for number in range(2)]
        assert [each.code for each in got] == ["runway_key_refused", ""]  # the check was good
        account.plan(Operation.CREATE, faults.UNAUTHORIZED).plan(Operation.CHECK, faults.UNAUTHORIZED)
        got = [create(user, model="runway/any", prompt=f"refused {number}") for number in range(2)]
        assert [each.code for each in got] == ["runway_key_refused"] * 2
        assert "Incorrect API key" in got[0].message
        assert "Incorrect API key" not in got[1].message
        assert account.seen[Operation.CREATE] == 3


def test_the_sandbox_sheds_and_loses_as_runway_and_gateways_do(folder: Callable[[], Path]) -> None:
    with (
        SandboxServer() as sandbox_server,
        Proxy(folder(), **sandbox_server.options()) as proxy,
        Client(proxy.base_url, max_retries=0) as user,
    ):
        shed = create(user, prompt="a fox [shed]")
        assert (shed.status, shed.code, len(sandbox_server.creates("a fox [shed]"))) == (
            503,
            "runway_overloaded",
            3,
        )
        lost = create(user, prompt="a fox [lost]")
        assert (lost.status, lost.code, len(sandbox_server.creates("a fox [lost]"))) == (
            502,
            "outcome_unknown",
            1,
        )
        assert sandbox_server.made() == 1
