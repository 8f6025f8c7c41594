"""Risk: files ranked by how much may go wrong in them unseen, and the tests that they lack."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Place, Risk, Table
from worker.core.insights._base import Look
from worker.core.insights._missing import missing_tests, untested_names
from worker.core.insights._risk import FileRisk, rank_files
from worker.core.numbers import format_count
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "risk"
_MOST_FILES = 50
"""So many files have their missing tests listed."""
_COLUMNS = ("file", "risk", "coverage", "uncovered lines", "functions without a test")
_CALLED_BAD = (Risk.CRITICAL, Risk.HIGH)


def look(evidence: Evidence) -> Insight | None:
    """Rank the files that have uncovered lines; list the missing tests of the worst."""
    ranked = rank_files(evidence)
    if not ranked:
        return None
    changed = [one for one in ranked if one.file.path in evidence.diff.files]
    bad = [one for one in changed if one.risk in _CALLED_BAD]
    worst = _counts(bad)
    worse = {file.path for file in evidence.new_code.files if file.missed}
    files = format_count(len(ranked), "file")
    return Insight(
        NAME,
        "Risk",
        f"{worst and f'in the change {worst}; '}{files} with gaps: {_counts(ranked)}",
        (_table(evidence, ranked), _missing(evidence, ranked)),
        _results(evidence, changed),
        relevant=any(one.file.path in worse for one in bad),
    )


def _counts(ranked: Sequence[FileRisk]) -> str:
    counted = Counter(one.risk for one in ranked)
    return ", ".join(f"{counted[risk]:,} {risk}" for risk in Risk if counted[risk])


def _table(evidence: Evidence, ranked: Sequence[FileRisk]) -> Table:
    facts = evidence.inputs.material.facts
    named = any(one.name for one in ranked)
    counted = any(one.changes is not None for one in ranked)
    rows = []
    for one in ranked:
        path = one.file.path
        functions = untested_names(one.file, facts.get(path))
        row: list[Cell] = [
            Place(path),
            one.risk,
            one.file.lines,
            Place(path, one.file.missed, named=False),
            tuple(map(Code, functions)),
        ]
        if named:
            row.append((str(one.priority), Code(one.name)) if one.name else None)
        if counted:
            row.append(one.changes)
        rows.append(tuple(row))
    columns = (*_COLUMNS, *["priority"] * named, *["commits in 90 days"] * counted)
    return Table(columns, tuple(rows))


def _missing(evidence: Evidence, ranked: Sequence[FileRisk]) -> Table:
    """Return the tests that are missing, of the files of the change before all others."""
    changed, facts = evidence.diff.files, evidence.inputs.material.facts
    chosen = [one for one in ranked if one.file.path in changed or one.risk in _CALLED_BAD]
    chosen.sort(key=lambda one: one.file.path not in changed)
    rows = [
        row
        for one in chosen[:_MOST_FILES]
        for row in missing_tests(one.file, facts.get(one.file.path))
    ]
    return Table(("file", "missing test", "function", "lines"), tuple(rows), "Missing tests")


def _results(evidence: Evidence, changed: Sequence[FileRisk]) -> tuple[GateResult, ...]:
    if not evidence.config.risk.blocking:
        return ()
    found = [one.file for one in changed if one.risk is Risk.CRITICAL]
    actual = format_count(len(found), "file")
    required = "no changed file at critical risk"
    reason = evidence.doubt()
    if reason:
        return (GateResult(NAME, Outcome.NEUTRAL, reason, actual, required),)
    if not found:
        return (GateResult(NAME, Outcome.PASS, "none is critical", actual, required),)
    summary = f"the change touches {actual} at critical risk, first {found[0].path}"
    return (GateResult(NAME, Outcome.FAIL, summary, actual, required),)


LOOK = Look(NAME, look, judges=lambda config: config.risk.blocking)
