"""What a changed file may not do while the proxy runs, and what is said of what waits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from unit.addon.running_harness import KEY, Running, lines

pytestmark = pytest.mark.dependencies

CALLERS = """runway_callers:
  - {name: app, value: tok_1234567890123456}
  - {name: other, value: tok_2234567890123456}
"""


@pytest.mark.parametrize(
    "rest", ["", "runway_poll_seconds: 9\n", "runway_callers:\n", "runway_callers: []\n"]
)
def test_a_file_that_leaves_no_callers_is_not_taken_over(
    running: Callable[[str], Running], caplog: pytest.LogCaptureFixture, rest: str
) -> None:
    one = running(KEY + CALLERS)
    lines(caplog)
    one.read(KEY + rest)
    (line,) = lines(caplog)
    assert "runway_callers: no caller is left, and without any the local user would be served" in line
    assert len(one.taken) == 1
    one.read(KEY + CALLERS.rpartition("  - ")[0])
    assert [caller.name for caller in one.now.callers] == ["app"]


def test_what_waits_for_a_start_is_said_once_a_change(
    running: Callable[[str], Running], caplog: pytest.LogCaptureFixture
) -> None:
    one = running(KEY)
    changes = (
        "runway_lean: true\n",
        "runway_lean: true\nrunway_poll_seconds: 9\n",
        "",
        "runway_lean: true\n",
    )
    told = []
    for change in changes:
        one.read(KEY + change)
        told.append(sum("runway_lean: takes effect" in line for line in lines(caplog)))
    assert told == [1, 0, 0, 1]
