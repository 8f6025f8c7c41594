"""Project: the whole project's percentage by itself, with a mark that only rises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.gates._base import Gate
from worker.core.gates._floor import Floor

if TYPE_CHECKING:
    from fractions import Fraction

    from worker.core.config import ProjectRule
    from worker.core.verdict import Evidence, GateResult

__all__ = ["GATE"]

NAME = "project"
NO_MARK = "no report of the base branch was recorded yet that could be its highest"


def judge(evidence: Evidence) -> tuple[GateResult, ...]:
    """Compare with `gates.project.minimum`, and with the highest percentage ever recorded."""
    rule = evidence.config.project
    if rule.minimum is None and rule.target is None and not rule.ratchet:
        return ()
    mark = _mark(evidence, rule)
    lowest = max((one for one in (rule.minimum, mark) if one is not None), default=None)
    floor = Floor(
        NAME,
        lowest,
        "the reports measure no line",
        target=rule.target,
        origin="the base branch's best" if lowest not in (None, rule.minimum) else "",
        blocking=rule.blocking,
    )
    unsure = evidence.doubt()
    if rule.ratchet and lowest is None:
        unsure = unsure or NO_MARK
    return (floor.judge(evidence.report.lines, unsure),)


def _mark(evidence: Evidence, rule: ProjectRule) -> Fraction | None:
    """Return the least that the ratchet lets through."""
    best = evidence.inputs.best.percent if evidence.inputs.best else None
    if not rule.ratchet or best is None:
        return None
    return max(best - rule.tolerance, best * 0)


GATE = Gate(NAME, judge)
