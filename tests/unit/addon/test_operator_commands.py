"""What the commands say, and that they are commands: with help, and names to complete."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from mitmproxy import exceptions, master, options
from mitmproxy.command import CommandManager

from runway_addon.operator_commands import OperatorCommands
from unit.fake_runway import ServiceHarness
from unit.loopback import in_a_loop

pytestmark = pytest.mark.dependencies


def commands_of(harness: ServiceHarness | None) -> CommandManager:
    program = master.Master(options.Options())
    OperatorCommands(lambda: harness.service if harness else None).register(program)
    return program.commands


def say(commands: CommandManager, name: str, *arguments: str) -> Sequence[str]:
    found: Sequence[str] = commands.call_strings(name, arguments)
    return found


@in_a_loop
async def test_keys_videos_and_usage() -> None:
    harness = ServiceHarness()
    commands = commands_of(harness)
    await harness.create()
    assert say(commands, "runway.keys") == ["a: weight 1, 0 creates in flight"]
    assert say(commands, "runway.usage") == ["the local user: 1 video, 64 credits today, 1 unfinished"]
    (video,) = say(commands, "runway.videos")
    assert ", sora-2 4 s 720x1280, queued, key a, task " in video


@in_a_loop
async def test_nothing_is_said_in_words() -> None:
    """mitmproxy's viewer fails on an empty list."""
    commands = commands_of(ServiceHarness())
    assert say(commands, "runway.videos") == ["no videos yet"]
    with pytest.raises(exceptions.CommandError, match="the weight must be a number"):
        say(commands, "runway.weight", "a", "key_that-was-typed-in-a-wrong-place")


@in_a_loop
async def test_a_weight() -> None:
    harness = ServiceHarness()
    commands = commands_of(harness)
    assert say(commands, "runway.weight", "a", "0.5")[0].startswith("a has the weight 0.5 until")
    assert say(commands, "runway.keys") == ["a: weight 0.5, 0 creates in flight"]
    for arguments, why in (
        (("a", "x"), "must be a number"),
        (("a", "-1"), "0 or more"),
        (("b", "1"), "Invalid choice"),
    ):
        with pytest.raises(exceptions.CommandError, match=why):
            say(commands, "runway.weight", *arguments)


@in_a_loop
async def test_each_has_help_and_names_are_completed() -> None:
    commands = commands_of(ServiceHarness())
    for name in ("runway.keys", "runway.videos", "runway.weight", "runway.usage"):
        assert commands.commands[name].help
    parsed, _ = commands.parse_partial("runway.weight a")
    completed = [part.type.options_command for part in parsed if hasattr(part.type, "options_command")]
    assert completed == ["runway.keys.names"]
    assert say(commands, "runway.keys.names") == ["a"]


@in_a_loop
async def test_usage_in_a_store_that_is_away_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    limited = {"name": "app", "value": "tok_1", "videos_per_day": 3}
    harness = ServiceHarness(store="redis://127.0.0.1:1/0", callers=[limited])
    assert say(commands_of(harness), "runway.usage") == ["the store is asked: the event log has the answer"]
    while len(asyncio.all_tasks()) > 1:
        await asyncio.wait([task for task in asyncio.all_tasks() if task is not asyncio.current_task()])
    assert [each for each in caplog.messages if each.startswith("runway.usage: the store is away: ")]
    assert not [record for record in caplog.records if record.exc_info]
    await harness.service.close()


@in_a_loop
async def test_before_the_start_they_say_so() -> None:
    commands = commands_of(None)
    for name in ("runway.keys", "runway.videos", "runway.usage"):
        with pytest.raises(exceptions.CommandError, match="has not started"):
            say(commands, name)
