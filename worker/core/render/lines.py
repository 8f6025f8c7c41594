"""What is known of one line: the tests that reach it, the nearest one, the branch not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.model import line_numbers
from worker.core.numbers import format_count
from worker.core.render.markdown import code, file_url, link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.core.model import FileCoverage
    from worker.core.render.context import Context
    from worker.core.verdict import Verdict

__all__ = ["explain_line", "tested_line"]

_MOST_TESTS = 20


def tested_line(context: Context, file: FileCoverage, line: int) -> int | None:
    """Return a line of the head in the tested commit; None where it is nowhere there."""
    moved = context.head_lines.get(file.path)
    if moved is None:
        return line
    # No line is measured twice, so that the first one found is the one.
    return next(
        (number for number in line_numbers(file.measured) if moved.line(number) == line), None
    )


def explain_line(verdict: Verdict, context: Context, file: FileCoverage, line: int) -> str:
    """Return what the reports know of one line of the head."""
    number = tested_line(context, file, line)
    place = _place(context, file.path, line)
    if number is None or not file.measured >> number & 1:
        return (
            f"{place} is not measured: the reports tell nothing of it. Blank lines, comments and "
            "declarations are such lines."
        )
    changed = verdict.evidence.diff.files.get(file.path)
    new = changed is not None and bool(changed.added >> number & 1)
    parts = [f"{place} is {'new and ' if new else ''}{_state(file, number)}."]
    parts += _function(file, number)
    parts += _branches(file, number)
    parts += _flags(verdict, file.path, number)
    parts.append(_tests(file, number))
    return "\n".join(f"- {part}" if at else f"{part}\n" for at, part in enumerate(parts))


def _place(context: Context, path: str, line: int) -> str:
    text = code(f"{path}:{line}")
    if not context.repository_url:
        return text
    return link(text, f"{file_url(context.repository_url, context.head, path)}#L{line}")


def _state(file: FileCoverage, number: int) -> str:
    if not file.hit >> number & 1:
        return "not covered"
    return "covered in part" if file.partial >> number & 1 else "covered"


def _function(file: FileCoverage, number: int) -> Iterator[str]:
    around = [
        function
        for function in file.functions
        if function.end_line is not None and function.line <= number <= function.end_line
    ]
    if around:
        inner = max(around)
        called = f"called {inner.hits:,} times" if inner.hits else "never called"
        yield f"It stands in {code(inner.name)}, {called}."


def _branches(file: FileCoverage, number: int) -> Iterator[str]:
    for record in file.branches:
        if record.line != number:
            continue
        text = f"{record.taken} of {format_count(record.total, 'branch', 'branches')} taken"
        if record.arms is not None and record.taken < record.total:
            left = [str(at + 1) for at in range(record.total) if not record.arms >> at & 1]
            text += f"; never taken: number {', '.join(left)}, in the report's order"
        yield f"{text}."


def _flags(verdict: Verdict, path: str, number: int) -> Iterator[str]:
    reached = [
        code(flag)
        for flag, report in sorted(verdict.evidence.inputs.flags.items())
        if path in report.files and report.files[path].hit >> number & 1
    ]
    if reached:
        yield f"Reached by the reports of {', '.join(reached)}."


def _tests(file: FileCoverage, number: int) -> str:
    """Return the tests that reach a line, or else the nearest one."""
    if not any(name for name, _ in file.contexts):
        return (
            "Which tests reach it, the reports do not tell. coverage.py does with "
            "`dynamic_context = test_function` and `coverage json --show-contexts`."
        )
    tests = [name for name, lines in file.contexts if name and lines >> number & 1]
    if tests:
        shown = ", ".join(code(name) for name in tests[:_MOST_TESTS])
        left = len(tests) - _MOST_TESTS
        more = f" and {left:,} more" if left > 0 else ""
        return f"Reached by {format_count(len(tests), 'test')}: {shown}{more}."
    near = _nearest(file, number)
    return f"No test reaches it. {near}" if near else "No test reaches it, nor its file."


def _nearest(file: FileCoverage, number: int) -> str:
    """Return the test that comes nearest: in the same function if one does, else by lines."""
    spans = [
        (function.line, function.end_line)
        for function in file.functions
        if function.end_line is not None and function.line <= number <= function.end_line
    ]
    first, last = max(spans, default=(number, number))
    found = [
        (not first <= line <= (last or line), abs(line - number), line, name)
        for name, lines in file.contexts
        if name
        for line in line_numbers(lines)
    ]
    if not found:
        return ""
    _, distance, line, name = min(found)
    side = "above" if line < number else "below"
    return (
        f"The nearest test is {code(name)}: it reaches line {line}, "
        f"{format_count(distance, 'line')} {side}."
    )
