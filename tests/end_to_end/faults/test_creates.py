"""Every way in which Runway may fail a create: tasks that it made against videos that came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from faulty import FaultyRunway, cases, faults
from faulty.accounts import Account, Operation
from faulty.cases import Case
from faulty.clients import Client, Got, create
from faulty.gateway import gateway, key_names, lines_with
from faulty.paid import Paid, ask
from faulty.table import Row, render
from running import Proxy
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow


class Run(msgspec.Struct, frozen=True):
    """A case that was run."""

    paid: Paid
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

    def of(self, paid: Paid) -> list[Run]:
        """The runs of one kind of call."""
        return [run for run in self.runs if run.paid is paid]


@pytest.fixture(scope="module")
def suite(folder: Callable[[], Path]) -> Iterator[Suite]:
    """Runs all cases of all calls, many at a time: each has a model and keys of its own."""
    planned = [(paid, case) for paid in Paid for case in (*cases.ALL, *(cases.SOURCES if paid.by_id else ()))]
    models = {f"case-{number:03}": len(case.keys) for number, (_, case) in enumerate(planned)}
    with FaultyRunway() as runway, gateway(folder(), runway, models, short_waits=True) as proxy:
        user = Client(proxy.base_url)
        with ThreadPoolExecutor(24) as pool:
            futures = [
                pool.submit(_run, paid, case, model, runway, user)
                for (paid, case), model in zip(planned, models, strict=True)
            ]
            runs = [future.result() for future in futures]
        proxy.stop()
        yield Suite(runs, proxy.log)


def _run(paid: Paid, case: Case, model: str, runway: FaultyRunway, user: Client) -> Run:
    accounts = [runway.account(name) for name in key_names(model, len(case.keys))]
    source = source_of(user, runway, model) if paid.by_id else ""
    for account, script in zip(accounts, case.keys, strict=True):
        account.plan(Operation.CREATE, *script)
        if faults.HELD in script:
            count = account.seen[Operation.CREATE] + 1
            threading.Thread(target=_slowly, args=(runway, account, count), daemon=True).start()
    for operation, elsewhere in case.first.items():
        accounts[0].plan(operation, *elsewhere)
    got = ask(user, paid, f"runway/{model}", case.what, source, case.uploads)
    made = tuple(task.id for account in accounts for task in account.made(case.what))
    return Run(paid, case, model, got, made)


def source_of(user: Client, runway: FaultyRunway, model: str) -> str:
    """A finished video, made by the model's first key."""
    prompt = f"source of {model}"
    video = create(user, model=f"runway/{model}", prompt=prompt).video
    (task,) = runway.tasks(prompt)
    task.asked = 1  # from the next question on it is finished
    return video


def _slowly(runway: FaultyRunway, account: Account, count: int) -> None:
    runway.wait_seen(account, Operation.CREATE, count)
    time.sleep(0.5)
    account.release()


@pytest.mark.parametrize("paid", Paid)
def test_the_table(suite: Suite, paid: Paid) -> None:
    """Printed with `pytest -s`; README shows the same lines."""
    measured = render(run.row for run in suite.of(paid))
    print(f"\n{paid.value}\n{measured}")
    expected = [case.row_alone if paid.by_id else case.row for case in cases.ALL]
    assert measured == render([*expected, *(case.row for case in cases.SOURCES if paid.by_id)])


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


def each_paid(user: Client, source: str, what: str, videos: int = 1) -> dict[Paid, list[Got]]:
    """So many calls of each kind, one after the other, of the model `any`."""
    prompts = {paid: f"{what} {paid.value}" for paid in Paid}
    return {
        paid: [ask(user, paid, "runway/any", prompt, source) for _ in range(videos)]
        for paid, prompt in prompts.items()
    }


def rows_of(
    runway: FaultyRunway, got: dict[Paid, list[Got]], what: str, row: Row, sees: str = ""
) -> set[Row]:
    """A line for each kind of call, named as `row` is."""
    return {
        Row(
            row.what,
            len(each),
            len(runway.tasks(f"{what} {paid.value}")),
            len({one.video for one in each if one.video}),
            sees or each[0].words,
        )
        for paid, each in got.items()
    }


def test_a_refused_connection_makes_nothing_and_one_that_is_back_a_video(
    folder: Callable[[], Path],
) -> None:
    with FaultyRunway() as runway, gateway(folder(), runway, {"any": 2}, short_waits=True) as proxy:

        class Patient(Client):
            """Its first retry comes when Runway is back."""

            def _calculate_retry_timeout(self, *args: object, **kwargs: object) -> float:
                runway.listen()
                return 0.0

        source = source_of(Client(proxy.base_url), runway, "any")
        runway.refuse()
        got = each_paid(Client(proxy.base_url), source, "refused")
        assert rows_of(runway, got, "refused", cases.UNREACHABLE) == {cases.UNREACHABLE}
        back: dict[Paid, list[Got]] = {}
        for paid in Paid:
            back[paid] = [ask(Patient(proxy.base_url), paid, "runway/any", f"back {paid.value}", source)]
            runway.refuse()
        assert rows_of(runway, back, "back", cases.BACK) == {cases.BACK}


def test_a_fault_of_the_proxy_is_not_tried_again(folder: Callable[[], Path], tmp_path: Path) -> None:
    script = tmp_path / "fault.py"
    script.write_text("from runway_videos.operations import creates\ncreates.render_video = None\n")
    with FaultyRunway() as runway:
        with gateway(folder(), runway, {"any": 1}) as whole:
            source = source_of(Client(whole.base_url), runway, "any")
        with gateway(folder(), runway, {"any": 1}, "-s", str(script)) as proxy:
            got = each_paid(Client(proxy.base_url), source, "fault")
            assert rows_of(runway, got, "fault", cases.FAULT) == {cases.FAULT}
            for paid in Paid:
                (task,) = runway.tasks(f"fault {paid.value}")
                assert lines_with(proxy.log, "created:", f"task {task.id}")
            assert "a fault of this proxy" in proxy.log


def test_two_equal_calls_on_purpose_are_two_videos(folder: Callable[[], Path]) -> None:
    with FaultyRunway() as runway, gateway(folder(), runway, {"any": 1}) as proxy:
        user = Client(proxy.base_url)
        got = each_paid(user, source_of(user, runway, "any"), "twins", 2)
        assert rows_of(runway, got, "twins", cases.TWINS, "both videos") == {cases.TWINS}


def test_a_page_in_place_of_runway_stops_nobody_else(folder: Callable[[], Path]) -> None:
    """As of a firewall that dislikes one caller's content: the only key goes on for all."""
    with FaultyRunway() as runway, gateway(folder(), runway, {"any": 1}) as proxy:
        user, at_start = Client(proxy.base_url), runway.account("any-a").seen[Operation.CHECK]
        for status in (400, 401, 403, 429):
            runway.account("any-a").plan(Operation.CREATE, faults.bare(status))
            blocked = create(user, model="runway/any", prompt=f"disliked {status}")
            assert (blocked.status, blocked.code) == (502, "runway_unexpected_answer")
            assert create(user, model="runway/any", prompt=f"liked {status}").video
        assert runway.account("any-a").seen[Operation.CHECK] == at_start == 1


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
