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

__all__ = [
    "CALL",
    "FAIL",
    "bits_of",
    "by_function",
    "missing_tests",
    "spans_of",
    "untested_functions",
    "untested_names",
]

CALL = "call it"
"""What is missing of a function that no test calls."""
FAIL = "make it fail: its error path is not run"
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
    the line that defines it, no measured line was run. Lines of a function in another one,
    that nothing calls either, are its own alone.
    """
    spans = spans_of(file, facts)
    if file.functions:
        functions = zip(sorted(file.functions), spans, strict=True)
        chosen = [span for one, span in functions if not one.hits]
    else:
        bodies = [(span, span.lines & ~(1 << span.line)) for span in spans]
        chosen = [span for span, body in bodies if file.measured & body and not file.hit & body]
    chosen.sort(key=lambda span: (span.line, -span.end))
    return tuple((span.name, file.missed & _own(at, chosen)) for at, span in enumerate(chosen))


def _own(at: int, spans: list[_Span]) -> int:
    """Return the lines of a span that belong to none of those within it, which follow it."""
    span = spans[at]
    lines = span.lines
    for inner in spans[at + 1 :]:
        if inner.line > span.end:
            break
        if (inner.line, inner.end) != (span.line, span.end):
            lines &= ~inner.lines
    return lines


def missing_tests(file: FileCoverage, facts: FileFacts | None) -> tuple[tuple[Cell, ...], ...]:
    """Return rows of what to test, the function it is in, and the lines; seven at most.

    Functions first, then error paths and branches in functions that tests do call.
    """
    path = file.path
    functions = untested_functions(file, facts)
    rows: list[tuple[Cell, ...]] = [
        (CALL, Code(name), Place(path, lines, named=False)) for name, lines in functions
    ]
    inside = 0
    for _, lines in functions:
        inside |= lines
    spans = spans_of(file, facts)
    errors = bits_of(facts.errors if facts is not None else ()) & file.missed & ~inside
    rows += [
        (FAIL, name, Place(path, lines, named=False)) for name, lines in by_function(errors, spans)
    ]
    for name, lines in by_function(file.partial, spans):
        branches = format_count(lines.bit_count(), "line")
        what = f"take the other branch on {branches}"
        rows.append((what, name, Place(path, lines, named=False)))
    return tuple((Place(path), *row) for row in rows[:_MOST])


def spans_of(file: FileCoverage, facts: FileFacts | None) -> tuple[_Span, ...]:
    """Return where functions are: by the report where it names some, else by the source."""
    if file.functions:
        return _spans_of_report(file)
    functions = facts.functions if facts is not None else ()
    return tuple(_Span(one.line, one.name, max(one.line, one.end_line)) for one in functions)


def _spans_of_report(file: FileCoverage) -> tuple[_Span, ...]:
    """Return where functions are; one whose end is not told ends before the next one."""
    functions = sorted(file.functions)
    nexts = [one.line - 1 for one in functions[1:]] + [file.measured.bit_length() - 1]
    return tuple(
        _Span(one.line, one.name, max(one.line, one.end_line or end))
        for one, end in zip(functions, nexts, strict=True)
    )


def bits_of(lines: Iterable[int]) -> int:
    """Return lines as a bitmap."""
    found = 0
    for line in lines:
        found |= 1 << line
    return found


def by_function(lines: int, spans: tuple[_Span, ...]) -> list[tuple[Cell, int]]:
    """Return lines by the innermost function that they stand in, in the order of the file."""
    found: dict[_Span | None, int] = {}
    for line in line_numbers(lines):
        around = max((one for one in spans if one.line <= line <= one.end), default=None)
        found[around] = found.get(around, 0) | 1 << line
    return [(None if one is None else Code(one.name), bits) for one, bits in found.items()]
