from __future__ import annotations

import pytest
from mitmproxy.addons import default_addons
from mitmproxy.addons.termlog import TermLog
from mitmproxy.test import taddons

from runway_addon import lean

# What a proxy cannot be without, or what protects it.
NEVER = {"core", "proxyserver", "nextlayer", "tlsconfig", "proxyauth", "block", "clientplayback",
         "scriptloader", "disableh2c", "errorcheck", "termlog"}  # fmt: skip


def named(addons: list[object]) -> set[str]:
    return {getattr(addon, "name", type(addon).__name__.lower()) for addon in addons}


def test_every_name_is_a_built_in_of_this_mitmproxy() -> None:
    assert set(lean.DROPPED) <= named(default_addons())


def test_nothing_that_is_needed_is_dropped() -> None:
    assert NEVER.isdisjoint(lean.DROPPED)


def test_drops_all_but_those_whose_options_are_set() -> None:
    with taddons.context(*default_addons(), loadcore=False) as context:
        context.options.update(anticache=True, modify_headers=["/~q/x-a/b"])
        gone = lean.drop_builtins()
        left = set(context.master.addons.lookup)
    assert {"anticache", "modifyheaders"} <= left
    assert set(gone) == set(lean.DROPPED) - {"anticache", "modifyheaders"}
    assert left.isdisjoint(gone)


def test_an_unknown_addon_stays() -> None:
    with taddons.context(*default_addons(), TermLog(), loadcore=False) as context:
        lean.drop_builtins()
        assert "termlog" in context.master.addons.lookup


@pytest.mark.parametrize("name", sorted(lean.DROPPED))
def test_every_option_that_keeps_one_is_there(name: str) -> None:
    with taddons.context(*default_addons(), loadcore=False) as context:
        assert all(option in context.options for option in lean.DROPPED[name])
