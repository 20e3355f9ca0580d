"""What the command line says, also where it says the default: mitmproxy itself cannot tell."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping

from mitmproxy import ctx
from mitmproxy.tools import cmdline

_PROGRAMS: Mapping[str, Callable[[object], ArgumentParser]] = {
    "dump": cmdline.mitmdump,
    "console": cmdline.mitmproxy,
    "web": cmdline.mitmweb,
}

#: Options that only one of mitmproxy's three programs has: one file may serve all of them.
OF_ONE_PROGRAM = frozenset(
    {"console_default_contentview", "console_eventlog_verbosity", "console_flowlist_layout",
     "console_focus_follow", "console_layout", "console_layout_headers", "console_mouse",
     "console_palette", "console_palette_transparent", "console_quickhelp_visible",
     "console_strip_trailing_newlines", "dumper_default_contentview", "dumper_filter", "flow_detail",
     "intercept", "intercept_active", "keepserving", "termlog_verbosity", "view_filter", "view_order",
     "view_order_reversed", "web_columns", "web_debug", "web_host", "web_open_browser",
     "web_password", "web_port", "web_static_viewer"}
)  # fmt: skip


def named_options() -> dict[str, str]:
    """The options that the command line names, with what `--set` gives them."""
    program = type(ctx.master).__module__.rpartition("tools.")[2].partition(".")[0]
    make = _PROGRAMS.get(program)
    if make is None:
        return {}
    args, _ = make(ctx.options).parse_known_args(sys.argv[1:])
    named = {
        name: str(value) for name, value in vars(args).items() if value is not None and name in ctx.options
    }
    for assignment in args.setoptions:
        name, _, value = assignment.partition("=")
        named[name] = value
    if args.quiet or args.verbose:
        named |= {"termlog_verbosity": "", "flow_detail": ""}
    return named
