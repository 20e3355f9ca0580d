"""What the service manager is told, over a socket of the test's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runway_addon.service_manager import READY, STOPPING, ServiceManager


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A datagram socket without a place yet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        found.settimeout(10)
        yield found


def test_each_state_is_one_datagram(listening: socket.socket, tmp_path: Path) -> None:
    listening.bind(str(tmp_path / "notify"))
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    for state in (READY, STOPPING):
        manager.tell(state)
    assert [listening.recv(100), listening.recv(100)] == [b"READY=1", b"STOPPING=1"]


def test_a_name_that_no_file_has_begins_with_an_at(listening: socket.socket) -> None:
    name = f"runway-videos-{threading.get_native_id()}"
    listening.bind(f"\0{name}")
    ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).tell(READY)
    assert listening.recv(100) == b"READY=1"


def test_without_the_variable_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    for environ in ({}, {"NOTIFY_SOCKET": ""}):
        ServiceManager(environ).tell(READY)
    assert caplog.messages == []


@pytest.mark.parametrize("address", ["/no/such/socket", "x" * 300, "/a\0b"])
def test_a_manager_that_is_not_there_is_a_line(address: str, caplog: pytest.LogCaptureFixture) -> None:
    ServiceManager({"NOTIFY_SOCKET": address}).tell(READY)
    (line,) = caplog.messages
    assert line.startswith("NOTIFY_SOCKET: cannot tell READY=1: ")
