"""Which hosts are this machine, which are of its network, and which are of the internet."""

from __future__ import annotations

import pytest

from runway_videos.hosts import is_internal_host, is_loopback_host

LOOPBACK = [
    *("localhost", "LOCALHOST", "localhost.", "app.localhost"),
    *("127.0.0.1", "127.8.9.1", "::1", "[::1]", "::ffff:127.0.0.1", "[::ffff:7f00:1]"),
]
NETWORK = [
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *(
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "[::ffff:10.0.0.1]",
        "printer.local",
        "metadata.google.internal",
    ),
    *("2130706433", "0x7f000001", "127.1", "10.1", ""),
]
INTERNET = [
    "example.com",
    "files.example.",
    "8.8.8.8",
    "2606:4700::1111",
    "local.example",
    "localhost.example",
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_hosts_of_this_machine_are_loopback(host: str) -> None:
    assert is_loopback_host(host)
    assert is_internal_host(host)


@pytest.mark.parametrize("host", NETWORK)
def test_hosts_of_this_network_are_internal(host: str) -> None:
    assert not is_loopback_host(host)
    assert is_internal_host(host)


@pytest.mark.parametrize("host", INTERNET)
def test_hosts_of_the_internet_are_not_internal(host: str) -> None:
    assert not is_loopback_host(host)
    assert not is_internal_host(host)
