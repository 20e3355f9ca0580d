"""Configuration and environment of a history's proxies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from chaos.client import token
from chaos.limits import NONE
from chaos.plan import CALLERS, Plan

#: The account of a process, in its folder.
AUDIT = "audit.jsonl"


def conf_of(plan: Plan, url: str, other: bool, webhooks: Sequence[Mapping[str, object]]) -> str:
    """`mitm.conf`. `other`: how it is after it has been changed."""
    return json.dumps(
        {
            "runway_base_url": url,
            "runway_keys": [
                {
                    "name": name,
                    "value": f"env.KEY_{name.upper()}",
                    "models": [f"{lane}-*"],
                    "weight": 2 if other else 1,
                }
                for lane in plan.lanes
                for name in _keys(lane)
            ],
            "runway_callers": [
                {"name": name, "value": token(name), **msgspec.to_builtins(plan.limits.get(name, NONE))}
                for name in CALLERS
            ],
            "runway_poll_seconds": plan.poll_seconds,  # the same for all, as their statuses are
            "runway_lean": plan.lean,
            "runway_store": "env.STORE",
            "runway_audit": AUDIT,
            "runway_webhooks": webhooks,
            "flow_detail": 0,
        }
    )


def env_of(plan: Plan, store: str) -> dict[str, str]:
    """Keys, `runway_store` and what all share."""
    env = {f"KEY_{name.upper()}": f"key-of-{name}" for lane in plan.lanes for name in _keys(lane)}
    # As whoever starts it has it: without a terminal, and not unbuffered.
    return env | {"PYTHONUNBUFFERED": "", "RUNWAY_ID_SECRET": "known to all", "STORE": store}


def _keys(lane: str) -> Iterable[str]:
    return (f"{lane}a", f"{lane}b")
