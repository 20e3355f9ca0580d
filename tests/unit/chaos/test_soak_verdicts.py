"""Each verdict of a soak is good for a proxy that stays as it was, and bad for one that does not."""

from __future__ import annotations

import os
from typing import Any

import pytest

from chaos.soak.samples import Sample, sample
from chaos.soak.verdicts import Seen, table, verdicts

_MIB = 1 << 20


def samples(growth: float = 0.0, descriptors: float = 0.0) -> list[Sample]:
    """Of 200 seconds: warm after 50, then so many MiB and descriptors more a second."""
    return [
        Sample(second, int((60 + min(second, 50) + growth * second) * _MIB), int(90 + descriptors * second))
        for second in range(200)
    ]


def seen(**other: Any) -> Seen:
    well: dict[str, Any] = {
        "before": Sample(0, 60 * _MIB, 12),
        "after": Sample(200, 110 * _MIB, 20),
        "samples": samples(),
        "lags": [5.0] * 990 + [400.0] * 9,
        "errors": ["OUTCOME UNKNOWN: it"],
        "wrongs": {},
        "tasks": 100,
        "made": 99,
        "unknown": 1,
    }
    return Seen(**well | other)


def bad(**other: Any) -> list[str]:
    return [each.what for each in verdicts(seen(**other)) if not each.good]


def test_what_stays_as_it_was_is_well() -> None:
    assert bad() == []
    assert "FAIL" not in table(list(verdicts(seen())))


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("memory, from the middle", {"samples": samples(growth=0.1)}),
        ("descriptors, from the middle", {"samples": samples(descriptors=0.4)}),
        ("descriptors without clients", {"after": Sample(200, 60 * _MIB, 60)}),
        ("the event loop is late", {"lags": [5.0] * 98 + [150.0] * 2}),
        ("log lines above WARNING", {"errors": ["OUTCOME UNKNOWN: it", "a fault of this proxy"]}),
        ("answers that clients", {"wrongs": {"poll: 500": 1}}),
        ("tasks that Runway made", {"tasks": 101}),
        ("tasks that Runway made", {"unknown": 2}),
    ],
)
def test_what_does_not_is_found(what: str, other: dict[str, Any]) -> None:
    (found,) = bad(**other)
    assert found.startswith(what)
    assert table(list(verdicts(seen(**other)))).count("FAIL") == 1


def test_a_sample_is_of_the_process() -> None:
    before = sample(os.getpid())
    kept = [os.dup(0) for _ in range(10)]
    ballast = bytearray(32 * _MIB)
    after = sample(os.getpid())
    for descriptor in kept:
        os.close(descriptor)
    assert after.descriptors == before.descriptors + 10
    assert after.memory > before.memory + len(ballast) // 2
    assert after.computed >= before.computed
