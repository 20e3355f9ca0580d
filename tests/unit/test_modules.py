"""Modules hold no state, and those of the mitmproxy side have a test file each."""

from __future__ import annotations

import ast
import importlib
import re
from collections import deque
from pathlib import Path
from types import ModuleType
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import msgspec

from running import ROOT

ADDON = ROOT / "addon"
#: The one that holds what outlives a reload of the script.
STATE = "runway_addon.reload_state"
#: The modules that speak HTTP by themselves: to Runway, and to webhooks.
HTTP_CLIENTS = {
    "runway_videos.upstream.client",
    "runway_videos.webhooks.client",
    "runway_videos.upstream.unreached",
}
CONTAINERS = (list, dict, set, bytearray, deque, WeakKeyDictionary, WeakValueDictionary, WeakSet)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ADDON).with_suffix("").parts).removesuffix(".__init__")


PATHS = sorted(path for path in ADDON.rglob("*.py") if path.stem != "__main__" and path.parent != ADDON)


def changes(value: object) -> bool:
    """Whether a value of a module can change: a container, or an object of one of our own classes."""
    if isinstance(value, msgspec.Struct):
        return not value.__struct_config__.frozen
    own = type(value).__module__.startswith(("runway_addon", "runway_videos"))
    return isinstance(value, CONTAINERS) or (own and hasattr(value, "__dict__"))


def state_of(module: ModuleType) -> list[str]:
    """Names of what changes; a name in capitals says that it is a constant."""
    values = {name: value for name, value in vars(module).items() if not name.startswith("__")}
    return [name for name, value in values.items() if not name.isupper() and changes(value)]


def test_modules_hold_no_state() -> None:
    found = {name: state_of(importlib.import_module(name)) for name in map(name_of, PATHS)}
    assert {"options", "connections", "calls"} <= set(found.pop(STATE))
    assert {name: state for name, state in found.items() if state} == {}


def test_no_function_writes_a_name_of_its_module() -> None:
    for path in PATHS:
        assert not any(isinstance(node, ast.Global) for node in ast.walk(ast.parse(path.read_text()))), path


def imported(path: Path) -> set[str]:
    """The packages that a module imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


def test_the_product_knows_no_mitmproxy_and_only_its_clients_know_httpx() -> None:
    product = {name_of(path): imported(path) for path in PATHS if name_of(path).startswith("runway_videos")}
    assert {name for name, packages in product.items() if "httpx" in packages} == HTTP_CLIENTS
    assert not any("mitmproxy" in packages or "runway_addon" in packages for packages in product.values())


def test_each_module_of_the_mitmproxy_side_has_its_test_file() -> None:
    modules = {path.stem for path in (ADDON / "runway_addon").glob("*.py")} - {"__init__"}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests/unit/addon").glob("test_*.py")}
    assert modules <= tests
    assert len(modules) > 15


PATCHING = re.compile(
    r"monkeypatch\.setattr|MonkeyPatch\(|mock\.patch|patch\.object|^\s*\w+\._[a-z]\w* = ", re.MULTILINE
)


def test_no_test_patches_a_name_or_sets_a_private_attribute() -> None:
    """Fakes go in by the constructor; what a class sets of its own (`self._x`) is not meant."""
    for path in (ROOT / "tests").rglob("*.py"):
        found = [
            hit[0] for hit in PATCHING.finditer(path.read_text()) if not hit[0].strip().startswith("self.")
        ]
        assert path == Path(__file__) or found == [], path
