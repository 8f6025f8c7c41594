"""Trends of the base branch: month by month, by package, and when the target is reached."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Points, Seconds, Table
from worker.core.insights._base import Look
from worker.core.numbers import format_count, format_limit, format_percent, format_points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from worker.core.material import Point
    from worker.core.numbers import Ratio
    from worker.core.verdict import Evidence

__all__ = ["LOOK", "months_of", "pace_of"]

NAME = "trends"

WINDOW = timedelta(days=90)
"""The pace is that of so long before the newest commit."""
LEAST_POINTS = 3
LEAST_SPAN = timedelta(days=7)
"""Fewer commits, or nearer to one another, have no pace."""
FURTHEST = timedelta(days=3650)
"""Nobody believes a date that is further away."""

_MONTHS = 12


def look(evidence: Evidence) -> Insight | None:
    """Put the base branch's commits together by month; None where there are not two yet."""
    history = [point for point in evidence.inputs.material.history if point.lines.total]
    if len(history) < 2:
        return None
    months = months_of(history)
    now = history[-1]
    before = [months[month][-1] for month in months if month < _month(now)]
    summary = f"the base branch has {format_percent(now.lines.percent)}"
    if before:
        change = _change(before[-1].lines, now.lines)
        if change is not None:
            summary += f", {format_points(change)} since {_month(before[-1])}"
    tables = [_months_table(months)]
    packages = _packages_table(now, before[-1] if before else history[0])
    if packages.rows:
        tables.append(packages)
    return Insight(
        NAME,
        "Trends",
        f"{summary}; {_outlook(evidence, history)}",
        tuple(tables),
        relevant=False,  # they are of the branch, and not of the change
    )


def months_of(history: Sequence[Point]) -> Mapping[str, list[Point]]:
    """Return the points by month ("2030-01"), the oldest first."""
    months: dict[str, list[Point]] = {}
    for point in sorted(history, key=lambda one: one.day):
        months.setdefault(_month(point), []).append(point)
    return months


def pace_of(history: Sequence[Point]) -> Fraction | None:
    """Return by how many points a day coverage rises: the least squares' line.

    Over the commits of the 90 days before the newest one; None for fewer than three, or of
    less than a week.
    """
    newest = max(point.day for point in history)
    recent = [point for point in history if point.day >= newest - WINDOW]
    days = [Fraction((point.day - newest).days) for point in recent]
    values = [point.lines.percent or Fraction(0) for point in recent]
    if len(recent) < LEAST_POINTS or max(days) - min(days) < LEAST_SPAN.days:
        return None
    mean = sum(days, Fraction(0)) / len(recent)
    middle = sum(values, Fraction(0)) / len(recent)
    up = [(x - mean) * (y - middle) for x, y in zip(days, values, strict=True)]
    return sum(up, Fraction(0)) / sum(((x - mean) ** 2 for x in days), Fraction(0))


def _outlook(evidence: Evidence, history: Sequence[Point]) -> str:
    """Return when the target is reached, or why that can't be told."""
    config, now = evidence.config, history[-1]
    target = config.goals.target if config.project.target is None else config.project.target
    goal, percent = f"{format_limit(target)} %", now.lines.percent or Fraction(0)
    if percent >= target:
        return f"the target of {goal} is reached"
    pace = pace_of(history)
    if pace is None:
        return f"for a date of {goal} there are too few commits yet"
    if pace <= 0:
        return f"at the pace of the last 90 days {goal} is never reached"
    days = ceil((target - percent) / pace)
    if days > FURTHEST.days:
        return f"at the pace of the last 90 days {goal} is not reached within ten years"
    date = now.day + timedelta(days=days)
    return f"at the pace of the last 90 days {goal} is reached on {date.isoformat()}"


def _months_table(months: Mapping[str, list[Point]]) -> Table:
    """Return a row for each month, the newest first; what no commit knows has no column."""
    extra: list[tuple[str, Callable[[Point], Cell]]] = [
        ("tests", lambda point: point.tests),
        ("skipped", lambda point: point.skipped),
        ("duration", lambda point: Seconds(point.seconds) if point.seconds is not None else None),
        ("flaky", lambda point: point.flaky),
        ("assertions", lambda point: point.assertions),
    ]
    last = [some[-1] for some in months.values()]
    shown = [(name, of) for name, of in extra if any(of(point) is not None for point in last)]
    rows: list[tuple[Cell, ...]] = []
    for at, (month, some) in enumerate(months.items()):
        change = _change(last[at - 1].lines, some[-1].lines) if at else None
        cells = (of(some[-1]) for _, of in shown)
        points = None if change is None else Points(change)
        rows.append((month, some[-1].lines, points, len(some), *cells))
    columns = ("month", "coverage", "change", "commits", *(name for name, _ in shown))
    commits = format_count(sum(map(len, months.values())), "commit")
    title = f"By month, as of its last commit ({commits})"
    return Table(columns, tuple(reversed(rows)), title, _MONTHS)


def _packages_table(now: Point, before: Point) -> Table:
    """Return what became of each package since, those that lost most first."""
    found: list[tuple[Fraction, str, Ratio]] = []
    for name, lines in now.packages.items():
        change = _change(before.packages.get(name), lines)
        if change is not None:
            found.append((change, name, lines))
    rows = tuple(
        (Code(name), lines, Points(change)) for change, name, lines in sorted(found, key=_place)
    )
    since = f"By package, since {before.day.isoformat()}"
    return Table(("package", "coverage", "change"), rows, since)


def _place(found: tuple[Fraction, str, Ratio]) -> tuple[Fraction, str]:
    return found[:2]


def _change(old: Ratio | None, new: Ratio) -> Fraction | None:
    if old is None or old.percent is None or new.percent is None:
        return None
    return new.percent - old.percent


def _month(point: Point) -> str:
    return f"{point.day:%Y-%m}"


LOOK = Look(NAME, look)
