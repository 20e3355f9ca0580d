"""A write never waits, and sets no flag that other processes share."""

from __future__ import annotations

import os
from functools import partial

import pytest

from runway_addon.log_output import LogOutput
from runway_addon.nonblocking_write import write_if_ready
from unit.addon.log_reader import CREATING, LONG, Reader, put, stall


def test_the_descriptor_of_others_stays_blocking(reader: Reader) -> None:
    put(LogOutput(reader.log), CREATING)
    assert os.get_blocking(reader.log)


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_where_a_pipe_cannot_be_opened_anew(kind: str) -> None:
    reader = Reader(kind)
    output = LogOutput(reader.log, partial(write_if_ready, reader.log))
    lines = [*stall(reader), b"z" * 100_000, CREATING]
    put(output, *lines[-2:])
    assert reader.until(CREATING) == lines
    reader.close()
    put(output, LONG)
    os.close(reader.log)
