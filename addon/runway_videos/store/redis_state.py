"""Shared state in Redis (7.0 or newer) or Valkey: for processes on several machines."""

from __future__ import annotations

import contextlib
import math
import secrets
from collections.abc import Awaitable, Sequence
from typing import Any

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

from runway_videos.store.shared_state import StoreUnavailableError, Swapped

#: Before every key. A version beside it may have another layout.
PREFIX = "runway-videos:1:"
#: A Redis that takes longer than this to answer is as good as none, in seconds.
ANSWER_SECONDS = 0.5
# Connections of a process. Calls beyond them wait for their turn, for so long.
_MAX_CONNECTIONS, _TURN_SECONDS = 50, 5.0

# What its user must be allowed, in words of ACL SETUSER; and how long a key lives that only tries that.
_RIGHTS = f"~{PREFIX.partition(':')[0]}:* +@read +@write +@scripting +@connection +@transaction +time"
_TRIED_SECONDS = 10.0

# Settings that could lose what protects a payment: the name, the values that do, what to say.
_EVICTING = tuple(
    f"{what}-{how}" for what in ("allkeys", "volatile") for how in ("lru", "lfu", "random", "ttl", "lrm")
)
_SETTINGS = (
    ("maxmemory-policy", _EVICTING, "Redis may evict creates: set maxmemory-policy noeviction"),
    ("appendonly", ("no",), "Redis forgets creates when it restarts: set appendonly yes"),
)

# ARGV: whether a value is expected, the expected one, whether one is to be put, that value, milliseconds.
_SWAP = """
local current = redis.call('GET', KEYS[1])
if ARGV[1] == '0' and current or ARGV[1] == '1' and current ~= ARGV[2] then
    return {0, current}
end
if ARGV[3] == '1' then
    redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
else
    redis.call('DEL', KEYS[1])
end
return {1, ARGV[4]}
"""


class RedisState:
    """A SharedState in the Redis at `url` (`redis://`, `rediss://`). Connects when it is first used.

    `connection_class` makes connections to a `redis://`.
    """

    def __init__(
        self,
        url: str,
        answer_seconds: float = ANSWER_SECONDS,
        connection_class: type[redis.asyncio.Connection] = redis.asyncio.Connection,
    ) -> None:
        self._connections = redis.asyncio.BlockingConnectionPool.from_url(
            url,
            connection_class=connection_class,
            max_connections=_MAX_CONNECTIONS,
            timeout=_TURN_SECONDS,
            socket_timeout=answer_seconds,
            socket_connect_timeout=answer_seconds,
            # Sent again, a swap whose answer was lost would find its own value and say "not done".
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        )
        self._redis = redis.asyncio.Redis.from_pool(self._connections)
        self._swap = self._redis.register_script(_SWAP)

    async def time(self) -> float:
        seconds, microseconds = await self._ask(self._redis.time())
        return float(seconds + microseconds / 1e6)

    async def get(self, key: str) -> bytes | None:
        return (await self.get_many([key]))[0]

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        if not keys:
            return []
        return list(await self._ask(self._redis.mget([PREFIX + key for key in keys])))

    async def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float) -> Swapped:
        arguments: list[Any] = [int(expected is not None), expected or b"", int(value is not None)]
        arguments += [value or b"", _milliseconds(seconds)]
        done, current = await self._ask(self._swap(keys=[PREFIX + key], args=arguments))
        return Swapped(True, value) if done else Swapped(False, current)

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._ask(self._redis.set(PREFIX + key, value, px=_milliseconds(seconds)))

    async def add(self, key: str, item: bytes, seconds: float, oldest: bytes) -> None:
        await self._ask(self._add(PREFIX + key, item, seconds, oldest))

    async def remove(self, key: str, item: bytes) -> None:
        await self._ask(self._redis.zrem(PREFIX + key, item))

    async def items(
        self, key: str, limit: int, *, after: bytes | None = None, descending: bool = False
    ) -> list[bytes]:
        bound = None if after is None else b"(" + after
        if descending:
            found = self._redis.zrevrangebylex(PREFIX + key, bound or "+", "-", 0, limit)
        else:
            found = self._redis.zrangebylex(PREFIX + key, bound or "-", "+", 0, limit)
        return list(await self._ask(found))

    async def warnings(self) -> list[str]:
        if problem := await self._what_it_refuses():
            return [f"a command that is needed fails: {problem}; a Redis user needs {_RIGHTS}"]
        try:
            settings = await self._ask(self._redis.config_get("maxmemory*", "appendonly"))
        except StoreUnavailableError as error:
            if isinstance(error.__cause__, ResponseError):  # a hosted Redis may not tell
                return []
            raise
        found = {_text(name): _text(value) for name, value in settings.items()}
        return [text for name, bad, text in _SETTINGS if found.get(name) in bad]

    async def _what_it_refuses(self) -> str:
        """What goes wrong of all that is asked of it, but writes that no replica and no full one takes."""
        key = f"tried:{secrets.token_hex(8)}"
        try:
            await self.time()
            await self.put(key, b"x", _TRIED_SECONDS)
            await self.swap(key, b"x", None, _TRIED_SECONDS)
            await self.add(key, b"x", _TRIED_SECONDS, b"")
            for descending in (False, True):
                await self.items(key, 1, descending=descending)
            await self.remove(key, b"x")
            await self.get(key)
        except StoreUnavailableError as error:
            cause = error.__cause__
            if isinstance(cause, ResponseError) and not isinstance(cause, ReadOnlyError | OutOfMemoryError):
                return str(error)
            raise
        return ""

    async def _add(self, name: str, item: bytes, seconds: float, oldest: bytes) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.zadd(name, {item: 0})
            pipeline.zremrangebylex(name, "-", b"(" + oldest)
            pipeline.pexpire(name, _milliseconds(seconds))
            await pipeline.execute()

    async def _ask(self, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        # Not RedisError and OSError alone: asyncio raises AttributeError where a connection ends just before
        # it is written to. Whatever it is, the answer is not known.
        except Exception as error:
            if isinstance(error, ReadOnlyError):
                # Who answers is a replica by now; behind its address there may be the one that takes writes.
                with contextlib.suppress(Exception):
                    await self._connections.disconnect(inuse_connections=False)
            raise StoreUnavailableError(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        await self._redis.aclose()


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _milliseconds(seconds: float) -> int:
    return max(1, math.ceil(seconds * 1000))
