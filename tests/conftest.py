"""What holds for all tests."""

from __future__ import annotations

pytest_plugins = ["child_processes"]
