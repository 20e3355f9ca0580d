"""What a soak must show, from what was seen."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from chaos.soak.samples import Sample

MAX_GROWTH, MAX_LAG = 0.05, 100.0
#: Descriptors that a proxy without clients may have more than before they came: it keeps connections to
#: Runway, and connections of clients that have left are not closed at once.
MAX_LEFT = 16
_MIB = 1 << 20
#: How a line above WARNING begins that a fault explains: Runway lost the answer to a create on purpose.
EXPLAINED = ("OUTCOME UNKNOWN",)


class Seen(msgspec.Struct, frozen=True):
    """`before`, `after`: of the proxy without clients. `lags` in milliseconds. `errors`: lines above WARNING.

    `tasks`: those that Runway made; `made`: videos that clients were given; `unknown`: creates whose
    answer was lost. `wrongs`: what clients should not have been answered, and how often.
    """

    before: Sample
    after: Sample
    samples: Sequence[Sample]
    lags: Sequence[float]
    errors: Sequence[str]
    wrongs: Mapping[str, int]
    tasks: int
    made: int
    unknown: int


class Verdict(msgspec.Struct, frozen=True):
    """One line of the table."""

    what: str
    figure: str
    aim: str
    good: bool


def verdicts(seen: Seen) -> Iterator[Verdict]:
    """All of them. There are four samples at least, and one lag."""
    yield _flat("memory", seen.samples, lambda sample: sample.memory, _MIB, " MiB")
    yield _flat("descriptors", seen.samples, lambda sample: sample.descriptors, 1, "", MAX_LEFT)
    left = seen.after.descriptors - seen.before.descriptors
    yield Verdict(
        "descriptors without clients, after it and before",
        f"{seen.after.descriptors}, {seen.before.descriptors}",
        f"at most {MAX_LEFT} more",
        left <= MAX_LEFT,
    )
    lags = sorted(seen.lags)
    p99, most = lags[int(0.99 * (len(lags) - 1))], lags[-1]
    yield Verdict(
        "the event loop is late (ms, p99 and most)",
        f"{p99:.0f}, {most:.0f}",
        f"p99 < {MAX_LAG:.0f}",
        p99 < MAX_LAG,
    )
    others = [line for line in seen.errors if not line.startswith(EXPLAINED)]
    yield Verdict(
        "log lines above WARNING, and those that no fault explains",
        f"{len(seen.errors)}, {len(others)}" + (f": {others[0][:200]}" if others else ""),
        "none of the latter",
        not others,
    )
    worst = max(seen.wrongs, key=lambda text: seen.wrongs[text], default="")
    yield Verdict(
        "answers that clients should not get",
        f"{sum(seen.wrongs.values())}" + (f": {worst}" if worst else ""),
        "none",
        not worst,
    )
    yield Verdict(
        "tasks that Runway made; videos that clients got, and outcomes unknown to them",
        f"{seen.tasks}; {seen.made} + {seen.unknown}",
        "equal",
        seen.tasks == seen.made + seen.unknown,
    )


def _flat(
    what: str, samples: Sequence[Sample], of: Callable[[Sample], int], unit: int, name: str, few: int = 0
) -> Verdict:
    """The last eighth of the time against the fifth eighth: growth in the last half. A `few` do not count."""
    half = samples[len(samples) // 2 :]
    part = max(1, len(half) // 4)
    begin, end = (statistics.median(map(of, some)) for some in (half[:part], half[-part:]))
    growth = end / begin - 1
    return Verdict(
        f"{what}, from the middle to the end",
        f"{begin / unit:.0f} to {end / unit:.0f}{name} ({growth:+.1%})",
        f"< {MAX_GROWTH:+.0%}",
        growth < MAX_GROWTH or end - begin <= few,
    )


def table(found: Sequence[Verdict]) -> str:
    """In Markdown."""
    rows = ["| what | seen | aim | |", "|---|---|---|---|"]
    rows += [
        f"| {each.what} | {each.figure} | {each.aim} | {'ok' if each.good else 'FAIL'} |" for each in found
    ]
    return "\n".join(rows)
