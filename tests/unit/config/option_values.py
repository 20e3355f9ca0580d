"""Settings as an operator would give them: the defaults of the table in the README, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runway_videos.config import settings
from runway_videos.config.aliases import DEFAULT_ALIASES
from runway_videos.config.settings import Settings

#: A key of Runway's form, so that nothing is warned of.
RUNWAY_KEY = "key_" + "0123456789abcdef" * 8

DEFAULTS: Mapping[str, object] = {
    "runway_keys": [],
    "runway_base_url": "https://api.dev.runwayml.com",
    "runway_proxy": None,
    "runway_aliases": list(DEFAULT_ALIASES),
    "runway_remix_model": "aleph2",
    "runway_extend_model": "seedance2_5",
    "runway_hosts": ["api.openai.com"],
    "runway_fallback": None,
    "runway_callers": [],
    "runway_forward": False,
    "runway_sandbox": False,
    "runway_poll_seconds": 5,
    "runway_content": "stream",
    "runway_max_body": "64m",
    "runway_lean": False,
    "runway_replay": False,
    "runway_webhooks": [],
    "runway_alerts": [],
    "runway_store": "memory",
    "runway_store_prompts": True,
    "runway_store_days": 30,
    "runway_audit": None,
    "runway_admin": None,
    "runway_audit_prompts": False,
}


def settings_from(
    environ: Mapping[str, str] | None = None,
    where: Callable[[str], str] = lambda option: option,
    conf: str = "",
    file_mode: int = 0,
    /,
    **options: object,
) -> Settings:
    """The settings for options (without `runway_`) that differ from their defaults."""
    given = {f"runway_{name}": value for name, value in options.items()}
    assert set(given) <= set(DEFAULTS)
    return settings.read(
        {**DEFAULTS, **given}, environ or {}, where, conf=conf, file_mode=lambda option: file_mode
    )
