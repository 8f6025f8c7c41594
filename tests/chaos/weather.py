"""GitHub's bad days: what goes wrong with one request in so many, drawn by seed."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.sandbox.faults import RateLimits

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.sandbox.world import World

__all__ = ["KINDS", "WAIT", "ShortHours", "Weather"]

_CHECKS = "GET /repos/{owner}/{repo}/commits/{ref}/check-runs"
_COMMENTS = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments"

WAIT = 4
"""Seconds that a 429 asks to wait."""

KINDS: dict[str, tuple[int, dict[str, Any]]] = {
    "slow": (30, {"pattern": "* /repos/*", "delay": 1.5}),
    "401 in mid-job": (25, {"pattern": "* /repos/*", "status": 401}),
    "502 after the write": (12, {"pattern": "P* /repos/*", "status": 502, "after": True}),
    "500": (6, {"pattern": "* *", "status": 500}),
    "time-out, applied": (3, {"pattern": "P* /repos/*", "delay": 11.0, "after": True}),
    "time-out, applied late": (3, {"pattern": "P* /repos/*", "delay": 11.0}),
    "403, Retry-After": (4, {"pattern": "* /repos/*", "status": 403, "retry_after": 2}),
    "429, Retry-After": (8, {"pattern": "* /repos/*", "status": 429, "retry_after": WAIT}),
    "403, nothing remains": (4, {"pattern": "* /repos/*", "status": 403, "exhausted": True}),
    "stale list of comments": (10, {"pattern": _COMMENTS, "stale": 5.0}),
    "stale list of checks": (5, {"pattern": _CHECKS, "stale": 5.0}),
    "cut archive": (4, {"pattern": "GET /artifact/{artifact_id}", "cut": 60}),
    "cut answer": (4, {"pattern": "GET /repos/*", "cut": 20}),
}
"""Each kind's weight, and how it is armed: see `bot.sandbox.faults.Fault`."""


class Weather:
    """Arms faults, a few at a time, so that each strikes whoever comes next."""

    def __init__(self, world: World, seed: int, *, quick: bool = False) -> None:
        self._world = world
        self._random = random.Random(seed)
        # What costs ten seconds each is for the long run.
        self._kinds = {
            name: entry for name, entry in KINDS.items() if not (quick and "time-out" in name)
        }

    def struck(self) -> dict[str, int]:
        """Return how often each kind has struck."""
        with self._world.lock:
            counts = dict.fromkeys(KINDS, 0)
            for _, fault in self._world.faults.struck:
                counts[_name(fault)] += 1
            return counts

    def blow(self) -> None:
        """Arm one more fault where few are armed."""
        with self._world.lock:
            armed = {_name(fault) for fault in self._world.faults.armed}
            if len(armed) > 4:
                return
            weights = [weight for weight, _ in self._kinds.values()]
            name = self._random.choices(list(self._kinds), weights)[0]
            if name in armed:
                return
            self._world.faults.arm(**self._kinds[name][1])

    def clear(self) -> None:
        """Let GitHub be well again."""
        with self._world.lock:
            self._world.faults.clear()


class ShortHours(RateLimits):
    """Limits that so many pushes do not reach, and whose hour is over in three seconds.

    So that "nothing remains until the hour ends" is waited for, and more than once.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock, 10**6, 10**6, 10**6)

    def window(self, installation: int) -> datetime:
        """Return when the hour of an installation ends."""
        now = self.clock()
        if self.reset.get(installation, now) <= now:
            self.reset[installation] = now + timedelta(seconds=3)
            self.used[installation] = 0
        return self.reset[installation]


def _name(fault: Any) -> str:
    """Return the kind of an armed fault."""
    return next(
        name
        for name, (_, armed) in KINDS.items()
        if all(getattr(fault, key) == value for key, value in armed.items())
        and all(getattr(fault, key) in (None, False, 0.0) for key in _OTHERS - set(armed))
    )


_OTHERS = {"status", "after", "delay", "cut", "retry_after", "exhausted", "stale"}
