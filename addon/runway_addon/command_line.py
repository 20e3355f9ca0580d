"""Which options the command line names, also with their default value: mitmproxy itself cannot tell."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from mitmproxy import ctx
from mitmproxy.tools import cmdline

_PROGRAMS: Mapping[str, Callable[[object], ArgumentParser]] = {
    "dump": cmdline.mitmdump,
    "console": cmdline.mitmproxy,
    "web": cmdline.mitmweb,
}

# Prints the option names of mitmproxy's three programs. In its own process: each program replaces
# mitmproxy's context and the log of the process that it is created in, and two are slow to import.
_PRINT_OPTIONS = """
import asyncio
from mitmproxy.options import Options
from mitmproxy.tools.console.master import ConsoleMaster
from mitmproxy.tools.dump import DumpMaster
from mitmproxy.tools.web.master import WebMaster

async def main():
    for program in (DumpMaster, ConsoleMaster, WebMaster):
        options = Options()
        program(options)
        print(*options.keys())

asyncio.run(main())
"""
_PRINT_TIMEOUT_SECONDS = 60


class KnownOptions(Collection[str]):
    """Option names of the running program, then of mitmproxy's other programs: one mitm.conf may serve all.

    `others` is called only for a name that the running program does not have.
    """

    def __init__(self, own: Iterable[str], others: Callable[[], frozenset[str]]) -> None:
        self._own = frozenset(own)
        self._find_others = others

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> frozenset[str]:
        return self._own | self._find_others()


def options_of_all_programs() -> frozenset[str]:
    """The options of mitmdump, mitmproxy and mitmweb as installed; none where they cannot be listed."""
    command = [sys.executable, "-P", "-c", _PRINT_OPTIONS]
    try:
        done = subprocess.run(  # noqa: S603 (a constant command)
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_PRINT_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(done.stdout.split())


def named_options(arguments: Sequence[str] | None = None) -> dict[str, str]:
    """The options that the command line names, with the text of their values.

    `arguments` are the command line without the program.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    program = type(ctx.master).__module__.rpartition("tools.")[2].partition(".")[0]
    make = _PROGRAMS.get(program)
    if make is None:
        return {}
    args, _ = make(ctx.options).parse_known_args(arguments)
    named = {
        name: str(value) for name, value in vars(args).items() if value is not None and name in ctx.options
    }
    for assignment in args.setoptions:
        name, _, value = assignment.partition("=")
        named[name] = value
    if args.quiet or args.verbose:
        named |= {"termlog_verbosity": "", "flow_detail": ""}
    return named
