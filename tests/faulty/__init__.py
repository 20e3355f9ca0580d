"""A Runway that misbehaves on purpose, and what it takes to show what the proxy makes of that."""

from __future__ import annotations

from faulty.accounts import Account, Made, Operation
from faulty.faults import End, Fault
from faulty.server import FaultyRunway

__all__ = ["Account", "End", "Fault", "FaultyRunway", "Made", "Operation"]
