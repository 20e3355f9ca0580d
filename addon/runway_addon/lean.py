"""Drops the mitmproxy built-ins that a gateway does not use: each costs a call on every event."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from mitmproxy import ctx
from mitmproxy.addonmanager import traverse

# Why each may go: it does nothing but what its options, commands or a user interface ask for. What is
# not named here stays: core, proxyserver, nextlayer, tlsconfig, proxyauth, block, clientplayback (its
# `done` is a coroutine, so mitmproxy cannot remove it), errorcheck, the log, and whatever a later
# mitmproxy adds.
DROPPED: Iterable[str] = (
    "browser",  # starts a browser, by command
    "stripdnshttpsrecords",  # for DNS modes
    "blocklist",
    "anticache",
    "anticomp",
    "commandhistory",  # of the console
    "comment",  # by command
    "cut",  # by command
    "export",  # by command
    "onboarding",
    "dnsresolver",
    "serverplayback",
    "mapremote",
    "maplocal",
    "modifybody",
    "modifyheaders",
    "stickyauth",
    "stickycookie",
    "save",
    "savehar",
    "upstreamauth",
    "updatealtsvc",
)


class _Declared:
    """Stands in for mitmproxy's loader: takes the names of the options that an addon declares."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def add_option(self, name: str, *_: object, **__: object) -> None:
        self.names.append(name)

    def add_command(self, *_: object) -> None:
        """Commands are of no interest."""


def drop_builtins() -> list[str]:
    """Removes what is not used; returns the names of what went."""
    gone = []
    for name in DROPPED:
        addon = ctx.master.addons.get(name)
        if addon is None or _is_used(addon):
            continue
        ctx.master.addons.remove(addon)
        gone.append(name)
    return gone


def _is_used(addon: object) -> bool:
    """Whether one of the options that a built-in declares, whatever its version has, is set."""
    declared = _Declared()
    try:
        # A fresh one declares them: the one that runs is not loaded a second time.
        for each in traverse([type(addon)()]):
            if hasattr(each, "load"):
                each.load(declared)
        return any(ctx.options.has_changed(name) for name in declared.names)
    except Exception:
        # A version that is made or loaded in another way: it costs a little, and stays.
        logging.getLogger(__name__).debug("%s stays", addon, exc_info=True)
        return True
