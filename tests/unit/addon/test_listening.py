"""Where the proxy listens: the command line over the file, the file over mitmproxy's defaults."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator

import pytest
from mitmproxy.addons.next_layer import NextLayer
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.test import taddons

from asking import other_address
from runway_addon import listening
from runway_addon.listening import Relisten
from runway_addon.options import AddonOptions
from runway_videos.config.conf_file import ConfigError
from unit.addon.start_harness import Start
from unit.loopback import in_a_loop

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
    assert listening.modes_with_addresses(start.options) == modes


@pytest.fixture(autouse=True)
def _loud() -> Iterator[None]:
    """What a test keeps off the log is said in the next one."""
    loggers = [
        logging.getLogger(f"mitmproxy.{name}") for name in ("addons.proxyserver", "proxy.mode_servers")
    ]
    before = [list(each.filters) for each in loggers]
    yield
    for logger, filters in zip(loggers, before, strict=True):
        logger.filters[:] = filters


def relisten(proxy: taddons.context, *modes: str) -> Relisten:
    proxy.options.update(mode=list(modes))
    return Relisten(AddonOptions([], {}))


async def stop(proxy: taddons.context) -> None:
    """Makes mitmproxy listen nowhere."""
    await proxy.master.addons.get("proxyserver").servers.update([])


async def answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError:
        return False
    writer.close()
    return True


@in_a_loop
async def test_the_proxy_listens_where_the_options_say_after_finish() -> None:
    with taddons.context(Proxyserver()) as proxy:
        await relisten(proxy, "regular@127.0.0.1:0").finish()
        (address,) = listening.addresses()
        assert await answers(address)
        port = int(address.rpartition(":")[2])
        assert listening.is_own_address("localhost", port)
        assert listening.is_own_address("127.0.0.1", port)
        assert not listening.is_own_address("127.0.0.1", port + 1)
        assert not listening.is_own_address("api.openai.com", port)
        await stop(proxy)
        assert not await answers(address)


@in_a_loop
async def test_where_it_listens_on_all_addresses_each_of_them_is_the_proxys() -> None:
    own = other_address()
    for host, is_proxys in (("0.0.0.0", True), ("127.0.0.1", False)):
        with taddons.context(Proxyserver()) as proxy:
            await relisten(proxy, f"regular@{host}:0").finish()
            port = int(listening.addresses()[0].rpartition(":")[2])
            assert listening.is_own_address("127.0.0.1", port)
            assert listening.is_own_address(own, port) is is_proxys
            assert not listening.is_own_address("203.0.113.9", port)
            assert not listening.is_own_address("api.openai.com", port)
            await stop(proxy)


@in_a_loop
async def test_who_had_connected_when_the_sockets_close_is_served() -> None:
    """By the system alone: the process has not accepted the connection yet."""
    with taddons.context(Proxyserver(), NextLayer()) as proxy:
        await relisten(proxy, "regular@127.0.0.1:0").finish()
        (address,) = listening.addresses()
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as connection:
            connection.sendall(b"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")
            await listening.Listener().set_open(False)
            assert listening.addresses() == []
            reader, writer = await asyncio.open_connection(sock=connection)
            assert (await reader.readline()).startswith(b"HTTP/1.1 502 ")  # nothing is there to go on to
            writer.close()
        assert not await answers(address)


@in_a_loop
async def test_a_taken_port_is_named_with_what_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, taddons.context(Proxyserver()) as proxy:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        changing = relisten(proxy, f"regular@{where}")
        with pytest.raises(ConfigError) as caught:
            await changing.finish()
        message = str(caught.value)
        assert message.startswith(f"listen_port: cannot listen on {where}: ")
        assert message.endswith("; choose another listen_port or listen_host")
        await stop(proxy)


@in_a_loop
async def test_what_is_no_address_is_blamed_on_the_mode() -> None:
    """As `local` without root's rights; and on one line, whatever trace comes with it."""
    with taddons.context(Proxyserver()) as proxy:
        changing = relisten(proxy, "wireguard:/proc/none/wireguard.conf@127.0.0.1:0")
        logger = logging.getLogger("mitmproxy.proxy.mode_servers")
        logger.error("Failed to run sudo.\n\nStack backtrace:\n  0: <unknown>")
        with pytest.raises(ConfigError) as caught:
            await changing.finish()
        await stop(proxy)
    message = str(caught.value)
    assert message.startswith("mode: ")
    assert message.endswith("; local and other redirecting modes need root's rights")
    assert "backtrace" not in message


@in_a_loop
async def test_mitmproxys_words_on_its_servers_are_held_until_finish(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    log = logging.getLogger("mitmproxy.proxy.mode_servers")
    with taddons.context(Proxyserver()) as proxy:
        changing = relisten(proxy, "regular@127.0.0.1:0")
        log.error("before")
        await changing.finish()
        log.error("after")
        await stop(proxy)
    assert "before" not in caplog.messages
    assert "after" in caplog.messages


def test_an_address_that_cannot_be_is_refused() -> None:
    with taddons.context(Proxyserver()) as proxy:
        proxy.options.update(listen_port=70000)
        with pytest.raises(ConfigError, match=r"^listen_port: .*70000"):
            relisten(proxy, "regular")
