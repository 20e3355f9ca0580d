"""Which addresses are a machine's own, on machines of the test's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from machines import Machine, why_not
from runway_addon.own_machine import is_own

pytestmark = pytest.mark.slow

FIRST, SECOND, FIRST_6 = "192.0.2.1", "192.0.2.2", "2001:db8::1"
NEIGHBOURS = ("192.0.2.3", "198.51.100.1", "2001:db8::2", "0.0.0.0", "::")


@pytest.fixture
def machine() -> Iterator[Machine]:
    if (why := why_not()) is not None:
        pytest.skip(why)
    with Machine() as machine, Machine() as other:
        machine.joined_to(other, "lan", [f"{FIRST}/24", f"{SECOND}/24", f"{FIRST_6}/64"], [])
        machine.sh("ip route add default via 192.0.2.9; ip -6 route add default via 2001:db8::9")
        yield machine


def test_all_of_its_addresses_and_no_others(machine: Machine) -> None:
    with machine.inside():
        for own in (FIRST, SECOND, FIRST_6, f"::ffff:{SECOND}", "127.0.0.1"):
            assert is_own(own), own
        for other in NEIGHBOURS:
            assert not is_own(other), other


def test_where_programs_may_bind_to_any_address(machine: Machine) -> None:
    """Keepalived and others want it; no address becomes an own one."""
    machine.sh("sysctl -w net.ipv4.ip_nonlocal_bind=1 net.ipv6.ip_nonlocal_bind=1")
    with machine.inside():
        assert is_own(FIRST)
        assert is_own(FIRST_6)
        for other in NEIGHBOURS:
            assert not is_own(other), other
