"""A short run of the command. What must be well today is so; what the stand-in makes wrong is found."""

from __future__ import annotations

import pytest

from chaos import command

pytestmark = pytest.mark.slow


def test_histories_of_kinds_that_hold(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--seed", "1", "--kinds", *HOLD, "--histories", str(len(HOLD)), "--wishes", "30"]
    assert command.main(words) == 0, capsys.readouterr().out
    assert f"| **all** | {len(HOLD)} | 1 | 9" in capsys.readouterr().out  # wishes, of 30 in each


def test_a_runway_that_charges_twice_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--kinds", "quiet", "--histories", "1", "--wishes", "20", "--duplicates"]
    assert command.main(words) == 1
    told = capsys.readouterr().out
    assert "PAID TWICE" in told
    assert "LOST" in told
    assert "again: tests/chaos --seed 1 --history 0 --wishes 20 --processes 1 --kinds quiet" in told


#: Those whose every history must be well.
HOLD = ("quiet", "refusals", "lost")
