"""Gaps in the order in which to close them: tests that are missing, by the risk of their file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Risk
from worker.core.insights._missing import (
    CALL,
    FAIL,
    bits_of,
    by_function,
    spans_of,
    untested_functions,
)
from worker.core.insights._parts import remember
from worker.core.insights._risk import rank_files

if TYPE_CHECKING:
    from worker.core.insights._risk import FileRisk
    from worker.core.model import FileCoverage
    from worker.core.static import FileFacts
    from worker.core.verdict import Evidence

__all__ = ["Gap", "list_gaps"]

_PRIORITIES = {Risk.CRITICAL: 1, Risk.HIGH: 2, Risk.MEDIUM: 3}
_REST = {
    (True, True): "take it through its other lines and branches",
    (True, False): "take it through its other lines",
    (False, True): "take it through its other branches",
}
"""What is left of a function, by whether lines and whether branches are missed."""
_MOST = 4
"""Tests of one file that are told apart, so that the list is not of a few long files alone."""
_MOST_FILES = 300
"""So many files have their missing tests listed one by one."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One test that is missing."""

    priority: int
    """1, 2 or 3."""
    risk: Risk
    path: str
    what: str
    function: Cell
    """The function to test, as code; None where that is not told."""
    lines: int
    """A bitmap of what the test would cover or complete: the effort is its number of lines."""
    level: str
    """"integration" where the lines touch a database, queue or other service, else "unit"."""


def list_gaps(evidence: Evidence) -> tuple[Gap, ...]:
    """Return the missing tests of all files but those of low risk, the most urgent first.

    Within a priority, files stand in the order of their risk, and the tests of a file that
    bring the most lines before the others. Lines of a file that belong to none of them come
    last, as one gap.
    """
    return remember(evidence, "gaps", _list_gaps)


def _list_gaps(evidence: Evidence) -> tuple[Gap, ...]:
    facts = evidence.inputs.material.facts
    ranked = [one for one in rank_files(evidence) if one.risk in _PRIORITIES]
    gaps: list[Gap] = []
    for count, one in enumerate(ranked):
        gaps += _of_file(one, facts.get(one.file.path), listed=count < _MOST_FILES)
    gaps.sort(key=lambda gap: gap.priority)
    return tuple(gaps)


def _of_file(one: FileRisk, facts: FileFacts | None, *, listed: bool) -> list[Gap]:
    found = _tests_of(one.file, facts) if listed else []
    left = one.file.missed
    for _, _, lines in found:
        left &= ~lines
    if left:
        what = "run the other uncovered lines" if found else "run its uncovered lines"
        found.append((what, None, left))
    outside = bits_of(point.line for point in facts.points) if facts is not None else 0
    return [
        Gap(
            _PRIORITIES[one.risk], one.risk, one.file.path, what, function, lines,
            "integration" if lines & outside else "unit",
        )
        for what, function, lines in found
    ]  # fmt: skip


def _tests_of(file: FileCoverage, facts: FileFacts | None) -> list[tuple[str, Cell, int]]:
    """Return what to test, in which function, and the lines; those that bring the most first.

    Functions that nothing calls; then, in the others, error paths; then all else.
    """
    functions = untested_functions(file, facts)
    found: list[tuple[str, Cell, int]] = [
        (CALL, Code(name), lines) for name, lines in functions if lines
    ]
    left = file.missed
    for _, lines in functions:
        left &= ~lines
    spans = spans_of(file, facts)
    errors = left & bits_of(facts.errors if facts is not None else ())
    errors |= left & errors >> 1  # "except …:" itself stands on the line before
    found += [(FAIL, name, lines) for name, lines in by_function(errors, spans)]
    for name, lines in by_function(left & ~errors | file.partial, spans):
        if name is not None or not lines & left:
            found.append((_REST[bool(lines & left), bool(lines & file.partial)], name, lines))
    found.sort(key=lambda gap: -gap[2].bit_count())
    return found[:_MOST]
