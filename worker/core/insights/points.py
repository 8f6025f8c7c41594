"""Integration points: where the program meets the outside, and which tests get there."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._points import sites_of
from worker.core.insights._ran import Runs, has_contexts
from worker.core.numbers import Ratio, format_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from worker.core.insights._points import Site
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "points"
_KINDS = {
    "route": ("route", "routes"),
    "table": ("table", "tables"),
    "topic": ("topic", "topics"),
    "queue": ("queue", "queues"),
    "call": ("external call", "external calls"),
}
_MOST_TYPES = 5


@dataclass(frozen=True, slots=True)
class _Point:
    """All places of one point, and whether a test reaches each; None where that is not told."""

    kind: str
    name: str
    sites: tuple[Site, ...]
    reached: tuple[bool | None, ...]
    tests: int
    """How many tests reach it that are known."""
    places: Ratio
    """Places that a test reaches, of those that are told of."""
    types: tuple[str, ...]
    """The types of the tests that reach it."""

    @classmethod
    def of(cls, sites: Sequence[Site], runs: Runs) -> _Point:
        """Return the point that some places are, with what ran at each."""
        ran = tuple(runs.at(one.path, one.lines) if one.lines else None for one in sites)
        told = [one for one in ran if one is not None]
        types = frozenset[str]().union(*(one.types for one in told))
        tests = 0
        for one in told:
            tests |= one.tests
        return cls(
            sites[0].kind,
            sites[0].name,
            tuple(sites),
            tuple(None if one is None else one.reached for one in ran),
            tests.bit_count(),
            Ratio(sum(one.reached for one in told), len(told)),
            tuple(sorted(types)),
        )

    @property
    def unreached(self) -> bool:
        """Whether no test reaches any of its places."""
        return bool(self.places.total) and not self.places.covered


def look(evidence: Evidence) -> Insight | None:
    """List the points of the measured source files; nothing where there are none."""
    sites = sites_of(evidence)
    wanted: dict[str, int] = defaultdict(int)
    for site in sites:
        wanted[site.path] |= site.lines
    runs = Runs(evidence, wanted)
    points = [
        _Point.of(tuple(group), runs)
        for _, group in groupby(sites, lambda site: (site.kind, site.name))
    ]
    if not points:
        return None
    without = [one for one in points if one.unreached]
    new = [one for one in without if any(_is_new(evidence, site) for site in one.sites)]
    return Insight(
        NAME,
        "Integration points",
        f"{len(without):,} of {len(points):,} reached by no test{_told(without)}"
        f"{f'; {len(new):,} of them in the change' if new else ''}",
        (_by_kind(points), _table(evidence, points)),
        relevant=bool(new),
    )


def _is_new(evidence: Evidence, site: Site) -> bool:
    """Return whether the change adds a place, or changes what runs there."""
    changed = evidence.diff.files.get(site.path)
    return changed is not None and bool(changed.added & (site.lines | 1 << site.line))


def _told(points: Sequence[_Point]) -> str:
    counted = Counter(one.kind for one in points)
    words = [
        format_count(counted[kind], *_KINDS.get(kind, (kind, kind))) for kind in _in_order(counted)
    ]
    return f": {', '.join(words)}" if words else ""


def _in_order(kinds: Iterable[str]) -> list[str]:
    known = {kind: at for at, kind in enumerate(_KINDS)}
    return sorted(kinds, key=lambda kind: (known.get(kind, len(known)), kind))


def _by_kind(points: Sequence[_Point]) -> Table:
    types = sorted({name for one in points for name in one.types})[:_MOST_TYPES]
    rows: list[tuple[Cell, ...]] = []
    for kind in _in_order({one.kind for one in points}):
        told = [one for one in points if one.kind == kind and one.places.total]
        count = sum(one.kind == kind for one in points)
        reached = Ratio(sum(not one.unreached for one in told), len(told))
        by_type = [Ratio(sum(name in one.types for one in told), len(told)) for name in types]
        named = _KINDS[kind][1] if kind in _KINDS else Code(kind)
        rows.append((named, count, reached, *by_type))
    columns = ("kind", "points", "reached by a test", *(f"by {name} tests" for name in types))
    return Table(columns, tuple(rows))


def _table(evidence: Evidence, points: Sequence[_Point]) -> Table:
    """Return a row a point, those without a test first, with the places that none reaches."""
    counted = has_contexts(evidence)
    order = _in_order({one.kind for one in points})
    ranked = sorted(
        points,
        key=lambda one: (
            not one.unreached, not one.places.total, order.index(one.kind), one.name,
        ),
    )  # fmt: skip
    rows = []
    for one in ranked:
        kind = _KINDS[one.kind][0] if one.kind in _KINDS else Code(one.kind)
        row: list[Cell] = [kind, Code(one.name), one.places]
        if counted:
            row.append(one.tests if one.places.total else None)
        rows.append((*row, tuple(map(Code, one.types)), _places(one)))
    columns = ("kind", "point", "places reached", *["tests"] * counted, "types of tests", "where")
    return Table(columns, tuple(rows), "Points", shown=20)


def _places(point: _Point) -> Cell:
    """Return the places that no test reaches, or where all are reached, all of them."""
    both = zip(point.sites, point.reached, strict=True)
    left = [site for site, reached in both if reached is False]
    lines: dict[str, int] = {}
    for site in left or point.sites:
        lines[site.path] = lines.get(site.path, 0) | 1 << site.line
    return tuple(Place(path, lines[path]) for path in sorted(lines))


LOOK = Look(NAME, look)
