"""A Runway that fails on purpose, and the tables of what the proxy makes of its faults."""

from __future__ import annotations

from faulty.accounts import Account, Made, Operation
from faulty.faults import End, Fault
from faulty.server import FaultyRunway

__all__ = ["Account", "End", "Fault", "FaultyRunway", "Made", "Operation"]
