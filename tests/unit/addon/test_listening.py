"""Where the proxy listens: the command line over the file, the file over mitmproxy's defaults."""

from __future__ import annotations

import pytest
from mitmproxy import ctx

from runway_addon import listening
from unit.addon.start_harness import Start

pytestmark = pytest.mark.dependencies


@pytest.mark.parametrize(
    ("conf", "arguments", "modes"),
    [
        ("", (), ["regular@127.0.0.1:8080"]),
        ("listen_port: 9", (), ["regular@127.0.0.1:9"]),
        ("listen_host: ''", (), ["regular@8080"]),
        ("listen_port: 9\nlisten_host: 127.0.0.1", (), ["regular@127.0.0.1:9"]),
        ("listen_port: 9\nlisten_host: 127.0.0.1", ("-p", "8"), ["regular@127.0.0.1:8"]),
        # The command line wins over an address in the file's mode, where there is one mode.
        ("mode: regular@127.0.0.1:9", (), ["regular@127.0.0.1:9"]),
        ("mode: regular@127.0.0.1:9", ("-p", "8080"), ["regular@127.0.0.1:8080"]),
        ("mode: regular@127.0.0.1:9", ("--listen-host", "::1"), ["regular@::1:9"]),
        ("mode: [regular@1, socks5@2]", ("-p", "8"), ["regular@127.0.0.1:1", "socks5@127.0.0.1:2"]),
        ("listen_port: 9", ("--mode", "regular@7", "--listen-host", "::1"), ["regular@::1:7"]),
        ("listen_port: 9", ("--mode", "reverse:https://x@7"), ["reverse:https://x@127.0.0.1:7"]),
        ("listen_port: 9", ("--mode", "reverse:https://x"), ["reverse:https://x@127.0.0.1:9"]),
    ],
)
def test_the_address_is_written_into_the_mode(
    start: Start, conf: str, arguments: tuple[str, ...], modes: list[str]
) -> None:
    start(conf, *arguments)
    assert [listening._with_address(mode) for mode in ctx.options.mode] == modes
