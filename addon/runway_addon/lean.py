"""Drops the mitmproxy built-ins that a gateway does not use: each costs a call on every event."""

from __future__ import annotations

from collections.abc import Mapping

from mitmproxy import ctx

# Built-in: the options that need it; it stays where one of them is set. Why it may go: each does
# nothing but what its options, commands or a user interface ask for. What is not named here stays:
# core, proxyserver, nextlayer, tlsconfig, proxyauth, block, clientplayback (its `done` is a
# coroutine, so mitmproxy cannot remove it), errorcheck, the log, and whatever a later mitmproxy adds.
DROPPED: Mapping[str, tuple[str, ...]] = {
    "browser": (),  # starts a browser, by command
    "stripdnshttpsrecords": (),  # for DNS modes
    "blocklist": ("block_list",),
    "anticache": ("anticache",),
    "anticomp": ("anticomp",),
    "commandhistory": (),  # of the console
    "comment": (),  # by command
    "cut": (),  # by command
    "export": (),  # by command
    "onboarding": (),
    "dnsresolver": (),
    "serverplayback": ("server_replay",),
    "mapremote": ("map_remote",),
    "maplocal": ("map_local",),
    "modifybody": ("modify_body",),
    "modifyheaders": ("modify_headers",),
    "stickyauth": ("stickyauth",),
    "stickycookie": ("stickycookie",),
    "save": ("save_stream_file",),
    "savehar": ("hardump",),
    "upstreamauth": ("upstream_auth",),
    "updatealtsvc": ("keep_alt_svc_header",),
}


def drop_builtins() -> list[str]:
    """Removes what is not used; returns the names of what went."""
    gone = []
    for name, needing in DROPPED.items():
        addon = ctx.master.addons.get(name)
        if addon is None or any(_is_set(option) for option in needing):
            continue
        ctx.master.addons.remove(addon)
        gone.append(name)
    return gone


def _is_set(option: str) -> bool:
    return option in ctx.options and bool(getattr(ctx.options, option))
