"""A short run of the command. What must be well is so; what is made wrong on purpose is found."""

from __future__ import annotations

import pytest

from chaos import command
from faulty import balancer
from redis_server import needs_redis

pytestmark = pytest.mark.slow
needs_haproxy = pytest.mark.skipif(not balancer.installed, reason="haproxy is not installed")
STORES = ("sqlite", pytest.param("redis", marks=needs_redis))


def run(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit status, and what is printed."""
    return command.main(words), capsys.readouterr().out


def test_histories_of_kinds_that_hold(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--kinds", *HOLD, "--histories", str(len(HOLD)), "--wishes", "20", "--at-once", "3"]
    status, told = run(*words, capsys=capsys)
    assert status == 0, told
    assert f"| **all** | {len(HOLD)} | 1 | 6" in told  # wishes, of 20 in each


@needs_haproxy
@pytest.mark.parametrize("store", STORES)
def test_replicas_with_a_store(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--store", store, "--processes", "2", "--kinds", *SHARED, "--wishes", "12", "--at-once", "4"]
    status, told = run(*words, "--histories", str(len(SHARED)), capsys=capsys)
    assert status == 0, told
    assert f"| kind, {store} |" in told


@needs_haproxy
@pytest.mark.parametrize(("guard", "kind"), [("claim", "hangups"), ("sent", "kill")])
def test_a_guard_that_is_taken_out_is_found(
    guard: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--store", "sqlite", "--processes", "2", "--without", guard, "--kinds", kind]
    status, told = run(*words, "--histories", "2", "--at-once", "2", "--wishes", "30", capsys=capsys)
    assert status == 1
    assert "PAID TWICE" in told


def test_a_runway_that_charges_twice_and_events_that_are_sent_once_are_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--kinds", "quiet", "--histories", "1", "--wishes", "20", "--duplicates", "--without", "again"]
    status, told = run(*words, capsys=capsys)
    assert status == 1
    assert "PAID TWICE" in told
    assert "LOST" in told
    assert "NOT TOLD" in told
    again = "again: tests/chaos --seed 1 --history 0 --wishes 20 --processes 1 --store memory --kinds quiet"
    assert again in told


#: Those whose every history must be well.
HOLD = ("quiet", "refusals", "lost")
SHARED = ("replicas", "all", "store")
