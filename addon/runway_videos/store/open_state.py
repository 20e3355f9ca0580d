"""The shared state that `runway_store` names."""

from __future__ import annotations

from pathlib import Path

from runway_videos.config.conf_file import ConfigError
from runway_videos.config.store_option import StoreOption
from runway_videos.store.shared_state import SharedState, StoreUnavailableError


def open_state(option: StoreOption) -> SharedState | None:
    """None for memory. A Redis is not connected to yet. Raises ConfigError where it can never work."""
    if option.kind == "sqlite":
        from runway_videos.store.sqlite_state import SqliteState

        try:
            return SqliteState(Path(option.place))
        except StoreUnavailableError as error:
            raise ConfigError(f"runway_store: {error}") from error
    if option.kind == "redis":
        try:
            from runway_videos.store.redis_state import RedisState
        except ImportError as error:
            raise ConfigError(
                "runway_store: redis:// needs the package redis: pip install 'redis>=5.2,<9'"
            ) from error
        return RedisState(option.place)
    return None
