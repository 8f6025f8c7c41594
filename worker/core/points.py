"""The figures of one commit: made of its analysis, and kept as text for years.

JSON, whose keys may become more: what is missing was not known then. `Point.seconds`
and `floor` are written as exact fractions ("61/4").
"""

from __future__ import annotations

import json
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from worker.core.insights import list_parts
from worker.core.insights._contexts import tests_of
from worker.core.insights._tests import duration_of, ran_of
from worker.core.material import Point
from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from worker.core.refs import Sha
    from worker.core.verdict import Evidence

__all__ = ["MOST_PACKAGES", "decode_point", "encode_point", "make_point"]

MOST_PACKAGES = 200
"""Of more packages the largest are kept: a point is read with each verdict."""

_COUNTS = ("tests", "skipped", "flaky", "assertions")


def make_point(evidence: Evidence, commit: Sha, day: date, fixed: Ratio | None) -> Point:
    """Return the figures of a commit. A test that several jobs ran is one test."""
    ran = ran_of(evidence.inputs.tests)
    skipped = [one for one in ran.values() if {case.outcome for case in one.cases} == {"skipped"}]
    flaky = {one.id for one in evidence.inputs.material.test_history}
    written = [len(one.test.asserts) for one in tests_of(evidence)]
    return Point(
        commit,
        day,
        evidence.report.lines,
        {part.name: part.lines for part in list_parts(evidence)},
        tests=len(ran) if ran else None,
        skipped=len(skipped) if ran else None,
        seconds=duration_of(evidence.inputs.tests),
        flaky=len(flaky & ran.keys()) if ran else None,
        assertions=sum(written) if written else None,
        fixed=fixed,
        floor=evidence.config.project.minimum,
    )


def encode_point(point: Point) -> str:
    """Return all of a point but its commit, day and lines, as JSON."""
    named = sorted(point.packages.items(), key=lambda item: (-item[1].total, item[0]))
    kept = sorted(named[:MOST_PACKAGES])
    data: dict[str, Any] = {}
    if kept:
        data["packages"] = {name: [ratio.covered, ratio.total] for name, ratio in kept}
    data |= {name: getattr(point, name) for name in _COUNTS if getattr(point, name) is not None}
    if point.seconds is not None:
        data["seconds"] = str(point.seconds)
    if point.floor is not None:
        data["floor"] = str(point.floor)
    if point.fixed is not None:
        data["fixed"] = [point.fixed.covered, point.fixed.total]
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


def decode_point(commit: Sha, day: date, lines: Ratio, data: str) -> Point:
    """Return a point again; what of it can't be read is as if it had not been known."""
    try:
        known = json.loads(data)
    except ValueError:
        known = {}
    if not isinstance(known, dict):
        known = {}
    return Point(
        commit,
        day,
        lines,
        _packages(known.get("packages")),
        seconds=_fraction(known.get("seconds")),
        floor=_fraction(known.get("floor")),
        fixed=_ratio(known.get("fixed")),
        **{name: _count(known.get(name)) for name in _COUNTS},
    )


def _packages(value: object) -> Mapping[str, Ratio]:
    named = value.items() if isinstance(value, dict) else ()
    ratios = {str(name): _ratio(pair) for name, pair in named}
    return MappingProxyType({name: ratio for name, ratio in ratios.items() if ratio is not None})


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _fraction(value: object) -> Fraction | None:
    try:
        return Fraction(value) if isinstance(value, str) else None
    except (ValueError, ZeroDivisionError):
        return None


def _ratio(value: object) -> Ratio | None:
    if not isinstance(value, list) or [type(part) for part in value] != [int, int]:
        return None
    try:
        return Ratio(*value)
    except ValueError:
        return None
