"""A reload of the script makes a new addon, which goes on with what the last one knew."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from mitmproxy.addons.script import load_script

from running import ADDON
from runway_addon import reload_state
from runway_addon.admission import AdmittedCall
from runway_videos.openai.routes import find
from unit.addon.flow_harness import flow_of

pytestmark = pytest.mark.dependencies


def load() -> Any:
    """The addon, as mitmproxy loads the script."""
    script = load_script(str(ADDON))
    assert script is not None
    (addon,) = script.addons
    return addon


def test_the_addons_of_two_loads_share_what_outlives_a_reload() -> None:
    first, second = load(), load()
    assert type(first) is not type(second)  # else nothing was loaded anew
    for name in ("options", "connections", "decisions", "addresses", "video_calls"):
        assert getattr(first, name) is getattr(second, name) is getattr(reload_state, name)
    assert first.tasks is not second.tasks


def test_a_call_is_forgotten_with_its_flow() -> None:
    route = find("POST", "/v1/videos")
    assert route is not None
    before = len(reload_state.calls)
    flow = flow_of("POST")
    reload_state.calls[flow] = AdmittedCall(route, "", ())
    assert len(reload_state.calls) == before + 1
    del flow
    gc.collect()
    assert len(reload_state.calls) == before
