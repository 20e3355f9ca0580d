from __future__ import annotations

import os

import pytest
from mitmproxy.addonmanager import Loader
from mitmproxy.addons import default_addons
from mitmproxy.addons.termlog import TermLog
from mitmproxy.test import taddons

from runway_addon import lean

pytestmark = pytest.mark.dependencies

# What a proxy cannot be without, or what protects it.
NEVER = {"core", "proxyserver", "nextlayer", "tlsconfig", "proxyauth", "block", "clientplayback",
         "scriptloader", "disableh2c", "errorcheck", "termlog"}  # fmt: skip


def named(addons: list[object]) -> set[str]:
    return {getattr(addon, "name", type(addon).__name__.lower()) for addon in addons}


def test_every_name_is_a_built_in_of_this_mitmproxy() -> None:
    assert set(lean.DROPPED) <= named(default_addons())


def test_built_ins_that_a_proxy_needs_are_never_dropped() -> None:
    assert NEVER.isdisjoint(lean.DROPPED)
    with taddons.context(*default_addons(), loadcore=False) as context:
        needed = NEVER & set(context.master.addons.lookup)
        assert {"proxyserver", "nextlayer", "tlsconfig", "proxyauth"} <= needed
        assert lean.drop_builtins()
        assert needed <= set(context.master.addons.lookup)


def test_drops_all_but_those_whose_options_are_set() -> None:
    with taddons.context(*default_addons(), loadcore=False) as context:
        context.options.update(anticache=True, modify_headers=["/~q/x-a/b"])
        gone = lean.drop_builtins()
        left = set(context.master.addons.lookup)
    assert {"anticache", "modifyheaders"} <= left
    assert set(gone) == set(lean.DROPPED) - {"anticache", "modifyheaders"}
    assert left.isdisjoint(gone)


@pytest.mark.parametrize(
    ("option", "value", "name"),
    [
        ("block_list", ["/~q/444"], "blocklist"),
        ("anticache", True, "anticache"),
        ("anticomp", True, "anticomp"),
        ("server_replay", [__file__], "serverplayback"),
        ("map_remote", ["/a/b"], "mapremote"),
        ("map_local", [f"/a/{__file__}"], "maplocal"),
        ("modify_body", ["/a/b"], "modifybody"),
        ("modify_headers", ["/a/b/c"], "modifyheaders"),
        ("stickyauth", "x", "stickyauth"),
        ("stickycookie", "x", "stickycookie"),
        ("save_stream_file", os.devnull, "save"),
        ("hardump", os.devnull, "savehar"),
        ("upstream_auth", "a:b", "upstreamauth"),
        ("keep_alt_svc_header", True, "updatealtsvc"),
        ("dns_use_hosts_file", False, "dnsresolver"),
        ("onboarding_host", "mitm.example", "onboarding"),
    ],
)
def test_a_built_in_whose_option_is_set_stays(option: str, value: object, name: str) -> None:
    with taddons.context(*default_addons(), loadcore=False) as context:
        master = context.master
        # Set, and not acted on: a file that is replayed would have to be one.
        dict(context.options.items())[option].set(value)
        assert name not in lean.drop_builtins()
        assert name in master.addons.lookup
        context.options.reset()


class Comment:
    """A built-in as a later mitmproxy may have it: with an option that this one does not know."""

    name = "comment"

    def load(self, loader: Loader) -> None:
        loader.add_option("comment_all", bool, False, "Comment on every flow.")


class Cut:
    """A built-in as a later mitmproxy may make it."""

    name = "cut"

    def __init__(self, master: object) -> None:
        self.master = master


@pytest.mark.parametrize("is_set", [False, True])
def test_an_option_of_a_later_mitmproxy_keeps_its_built_in(is_set: bool) -> None:
    with taddons.context(Comment(), loadcore=False) as context:
        context.options.update(comment_all=is_set)
        assert lean.drop_builtins() == ([] if is_set else ["comment"])


def test_a_built_in_that_is_made_otherwise_stays() -> None:
    with taddons.context(loadcore=False) as context:
        context.master.addons.add(Cut(context.master))
        assert lean.drop_builtins() == []
        assert "cut" in context.master.addons.lookup


def test_an_unknown_addon_stays() -> None:
    with taddons.context(*default_addons(), TermLog(), loadcore=False) as context:
        lean.drop_builtins()
        assert "termlog" in context.master.addons.lookup
