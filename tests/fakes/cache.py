"""A cache in memory: the same laws as the one in Redis."""

from __future__ import annotations

from worker.ports import MOST_CACHED


class MemoryCache:
    """`worker.ports.Cache` in a dict."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        if len(value) <= MOST_CACHED:
            self.values[key] = value
