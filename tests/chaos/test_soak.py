"""A short soak: all of it is done, and its figures come out. How they look after long says the command."""

from __future__ import annotations

import re

import pytest

from chaos.soak import command

pytestmark = pytest.mark.slow


def test_a_short_soak(capsys: pytest.CaptureFixture[str]) -> None:
    load = ("--videos", "40", "--clients", "100", "--interval", "1", "--life", "2")
    command.main(("--soak", "0.13", *load, "--reload", "2", "--halt", "0.5", "--idle", "0.5"))
    told = capsys.readouterr().out
    for call in ("create", "poll", "download", "delete"):
        assert re.search(rf"\b{call} 200: \d+", told), told
    rows = dict(re.findall(r"^\| ([^|]+?) \|.*\| (ok|FAIL) \|$", told, re.MULTILINE))
    assert len(rows) == 7
    # Of memory and of how late the loop is says a moment nothing.
    for what in ("log lines", "answers that", "tasks that"):
        assert [good for row, good in rows.items() if row.startswith(what)] == ["ok"], told
