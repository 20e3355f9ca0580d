"""What holds for all tests."""

from __future__ import annotations

import sys

import pytest

pytest_plugins = ["child_processes"]

# pytest keeps the tests that it has rewritten in __pycache__; without, each of four workers spends five
# seconds of each run on that.
sys.dont_write_bytecode = False


def pytest_configure(config: pytest.Config) -> None:
    """With `-n`: xdist begins with the files of most tests, which are the quick ones, so that at the end
    one worker is left with a long one. Here the order is that of collection."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `-n`: the long files first, then the many small ones, which fill what is left evenly."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: "end_to_end" not in item.path.parts)
