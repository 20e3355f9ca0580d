"""Two proxies behind one balancer, and one whose clients leave, for several files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faulty import FaultyRunway
from faulty.departing import Scene
from faulty.gateway import gateway
from faulty.pair import Pair, two_proxies
from running import Proxy

MODELS = [f"left-{number:02}" for number in range(20)]


@pytest.fixture
def pair(folder: Callable[[], Path]) -> Iterator[Pair]:
    """Both proxies live."""
    with two_proxies(folder) as pair:
        yield pair


@pytest.fixture(scope="module")
def both(folder: Callable[[], Path]) -> Iterator[tuple[FaultyRunway, Proxy]]:
    """One proxy for all tests of a module."""
    with FaultyRunway() as runway, gateway(folder(), runway, dict.fromkeys(MODELS, 1)) as proxy:
        yield runway, proxy


@pytest.fixture(scope="module")
def models() -> Iterator[str]:
    """Those that no test has had."""
    return iter(MODELS)


@pytest.fixture
def scene(both: tuple[FaultyRunway, Proxy], models: Iterator[str]) -> Scene:
    """A model and a key of its own for each test."""
    runway, proxy = both
    model = next(models)
    return Scene(runway, runway.account(f"{model}-a"), proxy, f"runway/{model}")
