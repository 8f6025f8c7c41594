"""Functions: so many of all functions must be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.gates._base import Gate
from worker.core.gates._floor import Floor
from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from worker.core.verdict import Evidence, GateResult

__all__ = ["GATE"]

NAME = "functions"


def judge(evidence: Evidence) -> tuple[GateResult, ...]:
    """Compare with `gates.functions.minimum`, where there is one."""
    rule = evidence.config.functions
    if rule.minimum is None:
        return ()
    called = sum(function.hits > 0 for file in evidence.report for function in file.functions)
    total = sum(len(file.functions) for file in evidence.report)
    floor = Floor(
        NAME,
        rule.minimum,
        "the reports tell of no function",
        unit="function",
        verb="call",
        blocking=rule.blocking,
    )
    return (floor.judge(Ratio(called, total), evidence.doubt()),)


GATE = Gate(NAME, judge)
