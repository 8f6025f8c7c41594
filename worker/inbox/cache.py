"""`worker.ports.Cache` in Redis.

Redis refuses work when it is full instead of dropping keys, so little is kept: a few small
values for each repository, a day at most, and none that is long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis import RedisError

from worker.inbox.keys import CACHE
from worker.ports import MOST_CACHED

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["RedisCache"]

SECONDS = 24 * 3600


class RedisCache:
    """Values that all workers share. Redis being away is no reason to fail."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key."""
        try:
            value = self._client.get(f"{CACHE}{key}")
        except RedisError:
            return None
        return value if isinstance(value, bytes) else None

    def put(self, key: str, value: bytes) -> None:
        """Keep a value for a day."""
        if len(value) > MOST_CACHED:
            return
        try:
            self._client.set(f"{CACHE}{key}", value, ex=SECONDS)
        except RedisError:
            return
