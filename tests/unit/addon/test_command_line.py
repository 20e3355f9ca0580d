"""Which options the command line names comes from mitmproxy's own parsers, also for a default value."""

from __future__ import annotations

import asyncio

import pytest
from mitmproxy import master, options
from mitmproxy.tools.console.master import ConsoleMaster
from mitmproxy.tools.dump import DumpMaster
from mitmproxy.tools.web.master import WebMaster

from runway_addon import command_line
from runway_addon.command_line import KnownOptions, options_of_all_programs
from runway_addon.options import is_on_command_line
from unit.addon.start_harness import Start, error_of
from unit.loopback import in_a_loop

pytestmark = pytest.mark.dependencies

PROGRAMS: list[type[DumpMaster | ConsoleMaster | WebMaster]] = [DumpMaster, ConsoleMaster, WebMaster]


def test_options_that_the_command_line_names(start: Start) -> None:
    start("listen_port: 9\n", "--set", "http2=false", "--set", "runway_poll_seconds=5", "-p", "0", "-q")
    for name in ("http2", "confdir", "runway_poll_seconds", "listen_port", "flow_detail"):
        assert is_on_command_line(name)
    for name in ("listen_host", "mode", "runway_content", "no_such_option"):
        assert not is_on_command_line(name)


def test_values_of_set_are_kept_as_written(start: Start) -> None:
    start("", "--set", "runway_aliases=a=b", "--set", "stickyauth", "--listen-host", "::1")
    named_options = command_line.named_options()
    assert (named_options["runway_aliases"], named_options["stickyauth"], named_options["listen_host"]) == (
        "a=b",
        "",
        "::1",
    )


@pytest.mark.parametrize("program", PROGRAMS)
@in_a_loop
async def test_each_of_the_three_programs_is_read(
    program: type[DumpMaster | ConsoleMaster | WebMaster],
) -> None:
    program(options.Options())
    named_options = command_line.named_options(["-p", "8080", "--set", "a=b"])
    assert (named_options["listen_port"], named_options["a"]) == ("8080", "b")


@in_a_loop
async def test_another_program_names_no_options() -> None:
    master.Master(options.Options(), asyncio.get_running_loop())
    assert command_line.named_options(["-p", "8080"]) == {}


@pytest.mark.slow
@in_a_loop
async def test_options_of_all_three_programs_are_found() -> None:
    names: set[str] = set()
    for program in PROGRAMS:
        found = options.Options()
        program(found)
        names.update(found.keys())
    assert options_of_all_programs() == names
    assert {"flow_detail", "web_port", "console_mouse"} <= names


def test_other_programs_are_asked_only_for_a_name_that_this_one_lacks() -> None:
    asked = []

    def others() -> frozenset[str]:
        asked.append("asked")
        return frozenset({"web_port"})

    known = KnownOptions(["mode"], others)
    assert "mode" in known
    assert asked == []
    assert "web_port" in known
    assert "web_prot" not in known
    assert sorted(known) == ["mode", "web_port"]
    assert len(known) == 2
    assert asked == ["asked"]


@pytest.mark.slow
def test_one_file_may_serve_all_three_programs(start: Start) -> None:
    mine = set(start("").keys())
    others = options_of_all_programs() - mine
    assert {"web_port", "console_mouse"} <= others
    found = start("".join(f"{name}: 3\n" for name in sorted(others)) + "runway_poll_seconds: 9\n")
    assert found.runway_poll_seconds == 9
    assert others.isdisjoint(found.keys())


def test_a_name_that_no_program_has_is_refused(start: Start) -> None:
    assert "there is no option web_prot; did you mean web_port?" in error_of(lambda: start("web_prot: 3\n"))
