"""Branches: so many of all branches, and of those on new lines, must be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.gates._base import Gate
from worker.core.gates._floor import Floor
from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from worker.core.model import FileCoverage
    from worker.core.verdict import Evidence, GateResult

__all__ = ["GATE"]

NAME = "branches"
ON_NEW_CODE = "branches of new code"


def judge(evidence: Evidence) -> tuple[GateResult, ...]:
    """Compare with `gates.branches.minimum` and `gates.branches.new_code`, where these are."""
    rule = evidence.config.branches
    results = []
    if rule.minimum is not None:
        floor = Floor(
            NAME,
            rule.minimum,
            "the reports tell of no branch",
            unit="branch",
            verb="take",
            blocking=rule.blocking,
        )
        results.append(floor.judge(evidence.report.branch_ratio, evidence.doubt()))
    if rule.new_code is not None:
        floor = Floor(
            ON_NEW_CODE,
            rule.new_code,
            "the reports tell of no branch on a line that was added or changed",
            unit="branch",
            verb="take",
            blocking=rule.blocking,
        )
        results.append(floor.judge(_on_new_code(evidence)))
    return tuple(results)


def _on_new_code(evidence: Evidence) -> Ratio:
    files = evidence.report.files
    ratios = (
        _on_lines(files[new.path], new.covered | new.missed)
        for new in evidence.new_code.files
        if new.path in files
    )
    return sum(ratios, Ratio())


def _on_lines(file: FileCoverage, lines: int) -> Ratio:
    """Return branches taken, of branches on some lines; of several records the greatest counts."""
    counting: dict[int, tuple[int, int]] = {}
    for branch in file.branches:
        if lines >> branch.line & 1:
            counts = branch.total, branch.taken
            counting[branch.line] = max(counts, counting.get(branch.line, counts))
    return Ratio(
        sum(taken for _, taken in counting.values()), sum(total for total, _ in counting.values())
    )


GATE = Gate(NAME, judge)
