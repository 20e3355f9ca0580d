"""What unit tests of several folders have."""

from __future__ import annotations

import pytest

from unit.clocks import Clock


@pytest.fixture
def clock() -> Clock:
    """It stands still until a test sets it."""
    return Clock()
