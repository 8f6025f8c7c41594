"""Faults that tests arm, and the rate limits that GitHub keeps.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Fault", "Faults", "Limit", "RateLimits"]


@dataclass(slots=True)
class Fault:
    """What goes wrong with requests that match "METHOD template" (`*` matches anything).

    `status` replaces the answer: before the request took effect, or `after` it did.
    `delay` (seconds) comes first; with `after`, once the effect is there. `cut` sends that
    many bytes of the body and closes the connection. `retry_after` (seconds) adds that
    header; `exhausted` says that no request of the hour is left. `stale` hides what is
    younger than so many seconds from the answer. `body` replaces the answer's text.
    """

    pattern: str
    times: int = 1
    status: int | None = None
    after: bool = False
    delay: float = 0.0
    cut: int | None = None
    retry_after: int | None = None
    exhausted: bool = False
    stale: float = 0.0
    body: str | None = None

    @property
    def replaces(self) -> bool:
        """Whether another answer takes the place of the right one."""
        return self.status is not None or self.body is not None


@dataclass(slots=True)
class Faults:
    """The faults still armed; each is used up after its number of requests."""

    armed: list[Fault] = field(default_factory=list)
    struck: list[tuple[str, Fault]] = field(default_factory=list)

    def arm(  # noqa: PLR0913 - each is one way to fail
        self,
        pattern: str,
        *,
        times: int = 1,
        status: int | None = None,
        after: bool = False,
        delay: float = 0.0,
        cut: int | None = None,
        retry_after: int | None = None,
        exhausted: bool = False,
        stale: float = 0.0,
        body: str | None = None,
    ) -> Fault:
        """Let the next `times` requests of a pattern fail; see `Fault`."""
        fault = Fault(
            pattern, times, status, after, delay, cut, retry_after, exhausted, stale, body
        )
        self.armed.append(fault)
        return fault

    def clear(self) -> None:
        """Disarm all."""
        self.armed.clear()

    def take(self, method: str, template: str) -> Fault | None:
        """Return the fault that strikes this request, and count it."""
        name = f"{method} {template}"
        for fault in self.armed:
            if fault.pattern == name or fnmatchcase(name, fault.pattern):
                fault.times -= 1
                if fault.times <= 0:
                    self.armed.remove(fault)
                self.struck.append((name, fault))
                return fault
        return None


@dataclass(frozen=True, slots=True)
class Limit:
    """A refusal: what the headers of the answer say."""

    primary: bool
    retry_after: int


@dataclass(slots=True)
class RateLimits:
    """The budget of each installation: requests an hour, content-creating ones a minute.

    A request inside a window in which GitHub asked to wait is a complaint.
    """

    clock: Callable[[], datetime]
    hourly: int = 5_000
    writes_per_minute: int = 80
    writes_per_hour: int = 500
    used: dict[int, int] = field(default_factory=dict)
    reset: dict[int, datetime] = field(default_factory=dict)
    writes: dict[int, deque[datetime]] = field(default_factory=dict)
    closed_until: dict[int, datetime] = field(default_factory=dict)

    def window(self, installation: int) -> datetime:
        """Return when the hour of an installation ends, opening a new one if it has."""
        now = self.clock()
        if installation not in self.reset or self.reset[installation] <= now:
            self.reset[installation] = now + timedelta(hours=1)
            self.used[installation] = 0
        return self.reset[installation]

    def spend(self, installation: int, *, write: bool) -> Limit | None:
        """Count a request; return the refusal where it is one too many."""
        now = self.clock()
        reset = self.window(installation)
        if self.used[installation] >= self.hourly:
            return Limit(primary=True, retry_after=max(1, int((reset - now).total_seconds())))
        self.used[installation] += 1
        if write:
            recent = self.writes.setdefault(installation, deque())
            while recent and recent[0] <= now - timedelta(hours=1):
                recent.popleft()
            minute = sum(1 for time in recent if time > now - timedelta(minutes=1))
            if minute >= self.writes_per_minute or len(recent) >= self.writes_per_hour:
                return Limit(primary=False, retry_after=60)
            recent.append(now)
        return None

    def forgive(self, installation: int) -> None:
        """Give a request back: an answer 304 does not count."""
        self.used[installation] = max(0, self.used.get(installation, 0) - 1)

    def close(self, installation: int, seconds: float) -> None:
        """Remember that this installation was asked to wait."""
        self.closed_until[installation] = self.clock() + timedelta(seconds=seconds)

    def early(self, installation: int) -> bool:
        """Whether a request comes before the end of the wait that was asked for."""
        until = self.closed_until.get(installation)
        # A second of grace: clients round, and so does the header.
        return until is not None and self.clock() < until - timedelta(seconds=1)
