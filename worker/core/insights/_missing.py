"""Tests that are missing in a file: functions, error paths and branches that none reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Cell, Code, Place
from worker.core.model import line_numbers
from worker.core.numbers import format_count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.core.model import FileCoverage
    from worker.core.static import FileFacts

__all__ = ["missing_tests", "untested_names"]

_MOST = 7
"""Of one file, as many as the hand-made lists have."""


class _Span(NamedTuple):
    line: int
    name: str
    end: int

    @property
    def lines(self) -> int:
        return (1 << (self.end + 1)) - (1 << self.line)


def untested_names(file: FileCoverage, facts: FileFacts | None) -> tuple[str, ...]:
    """Return the names of these functions alone."""
    if file.functions:
        return tuple(one.name for one in file.functions if not one.hits)
    return tuple(name for name, _ in untested_functions(file, facts))


def untested_functions(file: FileCoverage, facts: FileFacts | None) -> tuple[tuple[str, int], ...]:
    """Return the functions that no test calls, with their uncovered lines as bitmaps.

    By the report where it names functions; else by the source: those of whose body, behind
    the line that defines it, no measured line was run.
    """
    if file.functions:
        return tuple(
            (one.name, file.missed & (_Span(one.line, one.name, one.end_line or one.line).lines))
            for one in file.functions
            if not one.hits
        )
    found = []
    for span in _spans(file, facts):
        body = span.lines & ~(1 << span.line)
        if file.measured & body and not file.hit & body:
            found.append((span.name, file.missed & span.lines))
    return tuple(found)


def missing_tests(file: FileCoverage, facts: FileFacts | None) -> tuple[tuple[Cell, ...], ...]:
    """Return rows of what to test, the function it is in, and the lines; seven at most.

    Functions first, then error paths and branches in functions that tests do call.
    """
    path = file.path
    functions = untested_functions(file, facts)
    rows: list[tuple[Cell, ...]] = [
        ("call it", Code(name), Place(path, lines, named=False)) for name, lines in functions
    ]
    inside = 0
    for _, lines in functions:
        inside |= lines
    spans = _spans(file, facts)
    errors = _bits(facts.errors if facts is not None else ()) & file.missed & ~inside
    rows += [
        ("make it fail: its error path is not run", name, Place(path, lines, named=False))
        for name, lines in _by_function(errors, spans)
    ]
    for name, lines in _by_function(file.partial, spans):
        branches = format_count(lines.bit_count(), "line")
        what = f"take the other branch on {branches}"
        rows.append((what, name, Place(path, lines, named=False)))
    return tuple((Place(path), *row) for row in rows[:_MOST])


def _spans(file: FileCoverage, facts: FileFacts | None) -> tuple[_Span, ...]:
    if file.functions:
        return tuple(
            _Span(one.line, one.name, one.end_line)
            for one in file.functions
            if one.end_line is not None and one.end_line >= one.line
        )
    functions = facts.functions if facts is not None else ()
    return tuple(_Span(one.line, one.name, max(one.line, one.end_line)) for one in functions)


def _bits(lines: Iterable[int]) -> int:
    found = 0
    for line in lines:
        found |= 1 << line
    return found


def _by_function(lines: int, spans: tuple[_Span, ...]) -> list[tuple[Cell, int]]:
    """Return lines by the innermost function that they stand in, in the order of the file."""
    found: dict[_Span | None, int] = {}
    for line in line_numbers(lines):
        around = max((one for one in spans if one.line <= line <= one.end), default=None)
        found[around] = found.get(around, 0) | 1 << line
    return [(None if one is None else Code(one.name), bits) for one, bits in found.items()]
