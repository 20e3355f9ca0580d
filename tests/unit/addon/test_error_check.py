"""mitmproxy looks for errors of its start: nothing of ours is to be one of them."""

from __future__ import annotations

import asyncio

from mitmproxy.addons.errorcheck import ErrorCheck
from mitmproxy.test import taddons

from runway_addon.error_check import checked
from unit.loopback import in_a_loop


@in_a_loop
async def test_it_waits_until_mitmproxy_has_looked() -> None:
    check = ErrorCheck()
    with taddons.context(check):
        waiting = asyncio.ensure_future(checked(lambda seconds: asyncio.sleep(0)))
        try:
            for _ in range(10):
                await asyncio.sleep(0)
            assert not waiting.done()
        finally:
            check.finish()
        await waiting


@in_a_loop
async def test_a_program_that_does_not_look_is_not_waited_for() -> None:
    with taddons.context():
        await checked()
