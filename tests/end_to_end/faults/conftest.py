"""Two proxies behind one balancer, for several files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faulty.pair import Pair, two_proxies


@pytest.fixture
def pair(folder: Callable[[], Path]) -> Iterator[Pair]:
    """Both proxies live."""
    with two_proxies(folder) as pair:
        yield pair
