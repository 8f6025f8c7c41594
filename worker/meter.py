"""What workers count.

A job's process lives for a moment and a deployment has many of them, so that none can be
scraped. Each adds what it counted to sums in Redis (`worker.inbox.sums`), which any
receiver's /metrics shows.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FIGURES", "Figure", "Limit", "Meter", "Sum", "read_limits", "read_sums", "route"]

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that workers count; with `buckets`, in seconds, a histogram."""

    help: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = ()


FIGURES: dict[str, Figure] = {
    "covgate_reconcile_seconds": Figure(
        "Looks at a subject, by its kind and how they ended.", ("kind", "ending"), _SECONDS
    ),
    "covgate_step_seconds": Figure("Steps of a look.", ("step",), _SECONDS),
    "covgate_github_requests": Figure(
        "Requests to GitHub, by route and status.", ("method", "route", "status")
    ),
    "covgate_checks": Figure("Concluded checks.", ("conclusion",)),
    "covgate_commands": Figure("Comments with slash-commands, by how they ended.", ("ending",)),
}
"""Every figure, by its name in Prometheus; counters without their `_total`."""

_VARIABLE = re.compile(r"(?<=/)(?:\d+|[0-9a-f]{40}|[0-9a-f]{64})(?=/|$)")
_AFTER = re.compile(
    r"/(contents|compare|tarball|zipball|branches|commits|git/ref|git/trees|collaborators|orgs)/.+$"
)
_REPOSITORY = re.compile(r"^.*?/repos/[^/]+/[^/]+")


@dataclass(slots=True)
class Meter:
    """The counts of one process, by figure, labels and, of a histogram, bucket."""

    sums: dict[tuple[str, ...], float] = field(default_factory=dict)
    limits: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By installation: what is left of its hourly limit, and when that begins anew."""

    def count(self, name: str, *labels: str) -> None:
        """Add one."""
        self._add((name, *labels), 1)

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Add a duration."""
        key = (name, *labels)
        for bucket in FIGURES[name].buckets:
            if seconds <= bucket:
                self._add((*key, str(bucket)), 1)
                break
        self._add((*key, "count"), 1)
        self._add((*key, "sum"), seconds)

    @contextmanager
    def timing(self, step: str) -> Iterator[None]:
        """Add what the block takes to the step's durations."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.observe("covgate_step_seconds", time.monotonic() - begun, step)

    def count_request(self, method: str, path: str, status: int) -> None:
        """Add a request to GitHub; `status` 0 is one without an answer."""
        self.count("covgate_github_requests", method, route(path), str(status))

    def note_limit(self, installation_id: int, remaining: int, reset: int) -> None:
        """Note what an installation has left until `reset` (Unix time, seconds)."""
        self.limits[installation_id] = (remaining, reset)

    def _add(self, key: tuple[str, ...], amount: float) -> None:
        self.sums[key] = self.sums.get(key, 0) + amount


def route(path: str) -> str:
    """Return a path with its variable parts replaced, so that their number stays small."""
    path = _REPOSITORY.sub("/repos/{owner}/{repo}", path)
    path = _AFTER.sub(r"/\1/{}", path)
    return _VARIABLE.sub("{}", path)


@dataclass(frozen=True, slots=True)
class Sum:
    """A figure's value for one set of labels; `buckets` are cumulative, the last one is all."""

    name: str
    labels: tuple[str, ...]
    value: float
    buckets: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """What an installation has left of its hourly limit."""

    installation_id: int
    remaining: int


def read_sums(raw: Mapping[bytes, bytes]) -> list[Sum]:
    """Return what the hash holds, sorted; what is no figure of this version is left out."""
    found: dict[tuple[str, tuple[str, ...]], dict[str, float]] = {}
    for field_name, amount in raw.items():
        name, *rest = msgspec.json.decode(field_name, type=tuple[str, ...])
        figure = FIGURES.get(name)
        if figure is None or len(rest) != len(figure.labels) + bool(figure.buckets):
            continue
        part = rest.pop() if figure.buckets else ""
        found.setdefault((name, tuple(rest)), {})[part] = float(amount)
    return [_sum(name, labels, parts) for (name, labels), parts in sorted(found.items())]


def _sum(name: str, labels: tuple[str, ...], parts: dict[str, float]) -> Sum:
    if not FIGURES[name].buckets:
        return Sum(name, labels, parts[""])
    total, buckets = 0.0, []
    for bucket in FIGURES[name].buckets:
        total += parts.get(str(bucket), 0)
        buckets.append((str(bucket), total))
    buckets.append(("+Inf", parts.get("count", 0)))
    return Sum(name, labels, parts.get("sum", 0), tuple(buckets))


def read_limits(raw: Mapping[bytes, bytes], now: float) -> list[Limit]:
    """Return what installations have left, of those whose hour has not ended by `now`."""
    found = []
    for installation, text in raw.items():
        remaining, reset = text.split()
        if int(reset) > now:
            found.append(Limit(int(installation), int(remaining)))
    return sorted(found, key=lambda one: one.installation_id)
