"""What holds for all tests."""

from __future__ import annotations

import sys

pytest_plugins = ["child_processes"]

# pytest keeps the tests that it has rewritten in __pycache__; without, each of four workers spends five
# seconds of each run on that.
sys.dont_write_bytecode = False
