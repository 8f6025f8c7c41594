"""Goals: packages with what they have, what they aim at, and how much work is left."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Points, Table
from worker.core.insights._base import Look
from worker.core.insights._parts import Part, list_parts
from worker.core.numbers import Ratio, format_count, format_limit, format_percent
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "goals"
_GATE = "package floor"


@dataclass(frozen=True, slots=True)
class _Goal:
    part: Part
    target: Fraction
    floor: Fraction | None
    touched: bool

    @property
    def percent(self) -> Fraction:
        return self.part.lines.percent or Fraction(0)

    @property
    def effort(self) -> int:
        """How many more lines have to be covered."""
        return _effort(self.part.lines, self.target)

    @property
    def low(self) -> bool:
        return self.floor is not None and self.percent < self.floor


def look(evidence: Evidence) -> Insight | None:
    """Compare every package with its target; without packages, every topmost folder."""
    whole = evidence.report.lines
    goals = [_goal(evidence, part) for part in list_parts(evidence)]
    if not goals or whole.percent is None:
        return None
    goals.sort(key=lambda one: (not one.low, not one.touched, -one.effort, one.part.name))
    reached = sum(1 for one in goals if not one.effort)
    effort = sum(one.effort for one in goals)
    packages = format_count(len(goals), "package")
    summary = f"{reached:,} of {packages} reached the target"
    if effort:
        summary += f"; {format_count(effort, 'more covered line')} would bring the others there"
    table = _table(evidence, goals, whole)
    missed = {file.path for file in evidence.new_code.files if file.missed}
    relevant = any(one.low and any(file.path in missed for file in one.part.files) for one in goals)
    return Insight(NAME, "Goals", summary, (table,), _results(evidence, goals), relevant=relevant)


def _goal(evidence: Evidence, part: Part) -> _Goal:
    config, package = evidence.config, part.package
    target = package.target if package is not None else None
    if target is None:
        target = config.goals.target if config.project.target is None else config.project.target
    floors = [config.goals.floor, package.minimum if package is not None else None]
    floor = max((one for one in floors if one is not None), default=None)
    touched = any(file.path in evidence.diff.files for file in part.files)
    return _Goal(part, max(target, floor or target), floor, touched)


def _effort(lines: Ratio, target: Fraction) -> int:
    return max(0, ceil(target * lines.total / 100) - lines.covered)


def _table(evidence: Evidence, goals: Sequence[_Goal], whole: Ratio) -> Table:
    config = evidence.config
    functions = any(one.part.functions.total for one in goals)
    floors = any(one.floor is not None for one in goals)
    named = bool(config.packages)
    columns = ["package", "current", "target", "gap", "lines to cover", "the project gains"]
    columns += ["floor"] * floors + ["priority"] * named + ["functions"] * functions
    rows = []
    for one in goals:
        row: list[Cell] = [Code(one.part.name), *_way(one.part.lines, one.target, whole)]
        if floors:
            row.append(_floor(one))
        if named and one.part.package is not None:
            row.append(str(one.part.package.priority))
        if functions:
            row.append(one.part.functions)
        rows.append(tuple(row))
    aim = config.goals.target if config.project.target is None else config.project.target
    blank = (None,) * (len(columns) - 6)
    return Table(tuple(columns), (("the whole project", *_way(whole, aim, whole), *blank), *rows))


def _way(lines: Ratio, target: Fraction, whole: Ratio) -> tuple[Cell, ...]:
    """Return what there is, the target, the gap, the effort and what the project gains by it."""
    effort = _effort(lines, target)
    gap = gain = None
    if effort and lines.percent is not None:
        gap = Points(lines.percent - target)
        gain = Points(Fraction(100 * effort, whole.total))
    return (lines, f"{format_limit(target)} %", gap, effort, gain)


def _floor(goal: _Goal) -> Cell:
    if goal.floor is None:
        return None
    return f"{format_limit(goal.floor)} %{', below it' if goal.low else ''}"


def _results(evidence: Evidence, goals: Sequence[_Goal]) -> tuple[GateResult, ...]:
    rule = evidence.config.goals
    if rule.floor is None:
        return ()
    floor = rule.floor
    low = [one for one in goals if one.percent < floor]
    limit = f"{format_limit(floor)} %"
    packages = format_count(len(goals), "package")
    actual = f"{len(goals) - len(low):,} of {packages}"
    required = f"each ≥ {limit}"
    reason = evidence.doubt()
    if reason:
        result = GateResult(_GATE, Outcome.NEUTRAL, reason, actual, required, rule.blocking)
    elif low:
        worst = min(low, key=lambda one: (one.percent, one.part.name))
        more = f", and {format_count(len(low) - 1, 'more package')}" if len(low) > 1 else ""
        lines = format_count(_effort(worst.part.lines, floor), "more line")
        summary = (
            f"package {worst.part.name} has {format_percent(worst.percent)}, "
            f"{limit} is needed: cover {lines}{more}"
        )
        result = GateResult(_GATE, Outcome.FAIL, summary, actual, required, rule.blocking)
    else:
        summary = f"all of {packages} have {limit} or more"
        result = GateResult(_GATE, Outcome.PASS, summary, actual, required, rule.blocking)
    return (result,)


LOOK = Look(NAME, look, judges=lambda config: config.goals.floor is not None)
