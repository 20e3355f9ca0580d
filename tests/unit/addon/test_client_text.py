"""What clients sent, in mitmproxy's log and in the flows that it prints."""

from __future__ import annotations

import io
import logging

import pytest
from mitmproxy.addons.dumper import Dumper
from mitmproxy.test import taddons

from runway_addon import client_text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "127.0.0.1:5: Bad HTTP request line: b'GET /hush HTTP'",
            "127.0.0.1:5: Bad HTTP request line: (not shown)",
        ),
        ('Invalid header line: b"it\'s hush"', "Invalid header line: (not shown)"),
        (
            "before completing request headers: b'a\\nhush'\nhush",
            "before completing request headers: (not shown)",
        ),
        ("client connect", "client connect"),
        (
            "server connect a\x1b[31m\r\nb\x9b (1.2.3.4:80)",
            "server connect a\\x1b[31m\\r\\nb\\x9b (1.2.3.4:80)",
        ),
    ],
)
def test_records(said: str, shown: str) -> None:
    record = logging.makeLogRecord({"msg": "%s", "args": (said,)})
    assert client_text.clean(record)
    assert record.getMessage() == shown


def test_printed_flows() -> None:
    printed = io.StringIO()
    dumper = Dumper(printed)
    with taddons.context(dumper):
        client_text.install()
        client_text.install()
        dumper.echo("a\x1b[31m\tb \x9b31m \x85 \u2028 \u202e é 漢")
        dumper.outfp.flush()
    assert printed.getvalue() == "a\x1b[31m\tb \\x9b31m \\x85 \\u2028 \\u202e é 漢\n"
