"""The test pyramid: how the tests are spread over their types, and how they should be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Table
from worker.core.insights._base import Look
from worker.core.insights._contexts import tests_of
from worker.core.insights._tests import base_tests_of, types_of
from worker.core.insights._types import type_of
from worker.core.numbers import Ratio, format_count, format_limit, format_percent
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.config.test_rules import Range
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "pyramid"
_GATE = "test pyramid"
_UNIT = "unit"


@dataclass(frozen=True, slots=True)
class _Level:
    """One type of tests, and the share that it should have; None where nobody says."""

    name: str
    share: Ratio
    range: Range | None
    before: Ratio | None

    @property
    def off(self) -> Fraction:
        """By how many points its share is out of its range; below is negative."""
        return _off(self.share, self.range)


def look(evidence: Evidence) -> Insight | None:
    """Compare the shares of the types with the recommended ones.

    Nothing where less than two types of tests are known.
    """
    counts = _counts(evidence)
    if len(counts) < 2:
        return None
    levels = _levels(evidence, counts)
    total = sum(counts.values())
    table = _table(levels, total)
    return Insight(
        NAME,
        "Test pyramid",
        _summary(levels),
        (table,),
        _results(evidence, levels),
        (*_advice(levels, total), *_assumed(evidence)),
        relevant=any(_is_worse(one) and _is_meant(one) for one in levels),
    )


def _counts(evidence: Evidence) -> Mapping[str, int]:
    """Return how many tests of each type there are: as written, or where none is, as they ran."""
    types = types_of(evidence)
    found = Counter(types[one.id] for one in tests_of(evidence))
    if not found:
        for flag, run in evidence.inputs.suites.items():
            found[flag] = len({case.id for case in run.cases})
    return _told(found)


def _told(found: Mapping[str, int]) -> Mapping[str, int]:
    """Return the counts by type. Where nothing is called a unit test, what has no type is one."""
    counts = {name: count for name, count in found.items() if name and count}
    if counts and _UNIT not in counts and found.get(""):
        counts[_UNIT] = found[""]
    return counts


def _levels(evidence: Evidence, counts: Mapping[str, int]) -> list[_Level]:
    """Return the recommended types, the top of the pyramid first, and then the others."""
    shares = dict(evidence.config.tests.pyramid.shares)
    earlier = _earlier(evidence, counts)
    total = sum(counts.values())
    total_before = sum(earlier.values()) if earlier else 0
    others = sorted(counts.keys() - shares.keys(), key=lambda name: (-counts[name], name))
    return [
        _Level(
            name,
            Ratio(counts.get(name, 0), total),
            shares.get(name),
            Ratio(earlier.get(name, 0), total_before) if earlier and total_before else None,
        )
        for name in [*reversed(list(shares)), *others]
    ]


def _earlier(evidence: Evidence, counts: Mapping[str, int]) -> Mapping[str, int] | None:
    """Return the counts at the base; None where they are not known, or are the same."""
    base, types = base_tests_of(evidence), types_of(evidence)
    if base is None or not types:
        return None
    names = (types.get(one.id) or type_of(one.path, one.test, evidence.config) for one in base)
    found = _told(Counter(names))
    return None if found == counts else found


def _off(share: Ratio, limits: Range | None) -> Fraction:
    percent = share.percent
    if limits is None or percent is None:
        return Fraction(0)
    low, high = limits
    return min(Fraction(0), percent - low) + max(Fraction(0), percent - high)


def _is_worse(one: _Level) -> bool:
    """Return whether the change takes a share further out of its range."""
    return one.before is not None and abs(one.off) > abs(_off(one.before, one.range))


def _is_meant(one: _Level) -> bool:
    """Return whether tests of this very type were added or taken away.

    More unit tests are always welcome, even where too many of all tests are such.
    """
    if one.before is None:
        return False
    more = one.share.covered - one.before.covered
    return more < 0 if one.off < 0 else more > 0 and one.name != _UNIT


def _assumed(evidence: Evidence) -> tuple[str, ...]:
    """Say what becomes of the tests that nothing tells the type of."""
    types = types_of(evidence)
    left = sum(1 for one in tests_of(evidence) if not types[one.id])
    if not left:
        return ()
    told = _UNIT in types.values()
    tests = format_count(left, "test")
    how = "left out" if told else "counted as unit tests"
    return (f"{tests} of no known type: {how}. The key tests.types tells types.",)


def _table(levels: Sequence[_Level], total: int) -> Table:
    known = any(one.before is not None for one in levels)
    columns = ("type", "tests", "recommended", "in tests", "so there are")
    rows = [_row(one, total) for one in levels]
    if not known:
        return Table(columns, tuple(rows))
    compared = [(*row, one.before) for row, one in zip(rows, levels, strict=True)]
    return Table((*columns, "at the base"), tuple(compared))


def _row(one: _Level, total: int) -> tuple[Cell, ...]:
    wanted = tests = said = None
    if one.range is not None:
        low, high = one.range
        wanted = f"{format_limit(low)} to {format_limit(high)} %"
        least, most = ceil(low * total / 100), int(high * total / 100)
        tests = f"{least:,} to {most:,}" if least < most else f"{least:,}"
        said = "as recommended" if not one.off else "fewer" if one.off < 0 else "more"
    return (Code(one.name), one.share, wanted, tests, said)


def _summary(levels: Sequence[_Level]) -> str:
    asked = [one for one in levels if one.range is not None]
    told = ", ".join(f"{one.name} {format_percent(one.share.percent)}" for one in reversed(asked))
    # Where there are too few of the others, too many at the bottom say nothing more.
    many = [one.name for one in reversed(asked[:-1]) if one.off > 0]
    few = [one.name for one in reversed(asked) if one.off < 0]
    if not any(one.off for one in asked):
        return f"{told}: as recommended"
    words = []
    if _is_inverted(asked):
        words.append("inverted")
    if many:
        words.append(f"too many {_list(many)} tests")
    if few:
        words.append(f"too few {_list(few)} tests")
    return f"{told}: {', '.join(words) or 'most of all at the bottom'}"


def _list(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _is_inverted(levels: Sequence[_Level]) -> bool:
    """Return whether a level has more tests than the next one below that has any.

    The top comes first.
    """
    counts = [one.share.covered for one in levels if one.share.covered]
    return any(upper > lower for upper, lower in pairwise(counts))


def _advice(levels: Sequence[_Level], total: int) -> tuple[str, ...]:
    """Say how many tests of which type would make it the recommended shape."""
    found = []
    below = ""
    for one in reversed(levels):
        lower, below = below, one.name if one.range is not None else below
        if one.range is None or not one.off:
            continue
        low, high = one.range
        if one.off < 0:
            missing = ceil(low * total / 100) - one.share.covered
            more = format_count(missing, f"more {one.name} test")
            found.append(f"{more} would make {format_limit(low)} % of today's number of tests.")
        elif lower:
            surplus = one.share.covered - int(high * total / 100)
            tests = format_count(surplus, f"{one.name} test")
            move = f"those that test one part alone could be {lower} tests"
            found.append(f"{tests} above {format_limit(high)} %: {move}.")
    return tuple(found)


def _results(evidence: Evidence, levels: Sequence[_Level]) -> tuple[GateResult, ...]:
    if not evidence.config.tests.pyramid.blocking:
        return ()
    worse = [one for one in levels if _is_worse(one)]
    off = [one for one in levels if one.off]
    actual = f"{len(off):,} out of range" if off else "in range"
    required = "no share further out of its range"
    if base_tests_of(evidence) is None:
        reason = "the tests at the base are not known"
        return (GateResult(_GATE, Outcome.NEUTRAL, reason, actual, required),)
    if not worse:
        summary = "the change takes no share of a type further out of its range"
        return (GateResult(_GATE, Outcome.PASS, summary, actual, required),)
    first = max(worse, key=lambda one: (abs(one.off), one.name))
    side = "less" if first.off < 0 else "more"
    summary = (
        f"{first.name} tests are {format_percent(first.share.percent)} of all, {side} than "
        f"recommended, and it was {format_percent(first.before.percent if first.before else None)}"
    )
    return (GateResult(_GATE, Outcome.FAIL, summary, actual, required),)


LOOK = Look(NAME, look, judges=lambda config: config.tests.pyramid.blocking)
