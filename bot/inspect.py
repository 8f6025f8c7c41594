"""`covgate inspect`: what reports of coverage, and of tests, hold."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.given import read_file
from worker.core import junit
from worker.core.errors import CovgateError, ReportError
from worker.core.formats import HEAD, read, recognise
from worker.core.formats._base import unpack_head
from worker.core.formats._producers import tell_producer
from worker.core.inspection import Inspection, inspect_report, inspect_tests
from worker.core.numbers import Ratio, format_count, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


__all__ = ["absent_notes", "inspect_files", "render_inspections", "render_inspections_json"]

_COVERAGE = (
    *("format", "files", "lines", "branches", "functions", "partial", "contexts"),
    *("producer", "report"),
)
_TESTS = (
    "format",
    "tests",
    "passed",
    "failed",
    "errors",
    "skipped",
    "reruns",
    "producer",
    "report",
)
_TEXTS = {"format", "producer", "report"}
_ALWAYS = {"format", "report"}
_NOTHING = "–"
_NOT_LOOKED_INTO = {"node_modules", "__pycache__"}


def inspect_files(files: Sequence[Path]) -> tuple[list[Inspection], list[CovgateError]]:
    """Return what the reports hold, in the order given, and what is wrong with the others.

    Of a folder, the reports anywhere in it are inspected, in the order of their paths.
    """
    inspections: list[Inspection] = []
    errors: list[CovgateError] = []
    for given in files:
        try:
            paths = _reports_in(given) if given.is_dir() else [given]
        except CovgateError as error:
            errors.append(error)
            continue
        for path in paths:
            try:
                inspections.append(_inspect(path))
            except ReportError as error:
                errors.append(error.named(str(path)))
            except CovgateError as error:
                errors.append(error)
    return inspections, errors


def _inspect(path: Path) -> Inspection:
    data = read_file(path)
    head = unpack_head(data[:HEAD])
    if junit.sniff(head):
        return inspect_tests(str(path), junit.parse_junit(data), tell_producer("junit", head))
    absent: list[str] = []

    def read_source(name: str) -> bytes | None:
        source = _read_source(name)
        if source is None:
            absent.append(name)
        return source

    known, parsed = read(data, read_source)
    found = inspect_report(str(path), known, parsed.report, tell_producer(known.name, head))
    return replace(found, absent=tuple(absent))


def _reports_in(folder: Path) -> list[Path]:
    """Return the files below a folder that are reports. Raises `CovgateError` if none is."""
    found = [path for path in _files_below(folder) if _is_report(path)]
    if not found:
        raise CovgateError(
            f"{folder} is a folder without a coverage report of a known format; name the file"
        )
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _NOT_LOOKED_INTO
        )
        yield from (Path(here, name) for name in sorted(names))


def _is_report(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
        return junit.sniff(head) or recognise(head) is not None
    except ReportError:
        return True  # two formats at once: it is told when it is read
    except OSError:
        return False


def _read_source(path: str) -> bytes | None:
    """Return a source that a `.coverage` file names, where it is on this machine."""
    source = Path(path)
    try:
        return source.read_bytes() if source.is_file() else None
    except (OSError, ValueError):  # no right to read it, or a name that no file can have
        return None


def render_inspections_json(inspections: Sequence[Inspection]) -> str:
    """Return a JSON list with one object a report; the keys are `Inspection.as_json`'s."""
    return json.dumps([inspection.as_json() for inspection in inspections], indent=2) + "\n"


def render_inspections(inspections: Sequence[Inspection]) -> str:
    """Return a table of the coverage reports, and one of the test reports below it.

    The paths come last, so that no long one is cut or moves a number. A column that says
    nothing of any report is left out.
    """
    coverage = [_coverage(one) for one in inspections if one.tests is None]
    tests = [_tests(one, one.tests) for one in inspections if one.tests is not None]
    tables = ((_COVERAGE, coverage), (_TESTS, tests))
    return "\n".join(_table(columns, rows) for columns, rows in tables if rows)


def absent_notes(inspections: Sequence[Inspection]) -> list[str]:
    """Return a sentence for each report of which lines are not known, because sources are not."""
    return [
        f"note: {_path(one)} holds only the lines that were executed, and {len(one.absent):,} of "
        f"its {format_count(one.files, 'source')} are not here (for example {one.absent[0]!r}), so "
        "their lines are not known: look at it where the tests ran, or at what `coverage xml` "
        "writes"
        for one in inspections
        if one.absent
    ]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    shown = [
        at
        for at, name in enumerate(columns)
        if name in _ALWAYS or any(row[at] != _NOTHING for row in rows)
    ]
    table = [[row[at] for at in shown] for row in (columns, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    left = [columns[at] in _TEXTS for at in shown]
    return "".join(f"{_aligned(row, widths, left)}\n" for row in table)


def _aligned(row: Sequence[str], widths: Sequence[int], left: Sequence[bool]) -> str:
    cells = [
        cell.ljust(width) if text else cell.rjust(width)
        for cell, width, text in zip(row, widths, left, strict=True)
    ]
    return "  ".join([*cells[:-1], row[-1]])


def _coverage(one: Inspection) -> tuple[str, ...]:
    lines = one.lines
    return (
        one.format,
        _count(one.files),
        f"{lines.covered:,} of {lines.total:,}, {_percent(lines)}" if lines.total else _NOTHING,
        _percent(one.branches),
        _percent(one.functions),
        _count(one.partials),
        _count(one.contexts),
        one.producer or _NOTHING,
        _path(one),
    )


def _tests(one: Inspection, run: junit.TestRun) -> tuple[str, ...]:
    outcomes = run.outcomes
    return (
        one.format,
        f"{len(run):,}",
        *(_count(outcomes[kind]) for kind in ("passed", "failed", "error", "skipped")),
        _count(sum(case.reruns for case in run.cases)),
        one.producer or _NOTHING,
        _path(one),
    )


def _path(one: Inspection) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in one.path)


def _count(number: int) -> str:
    return f"{number:,}" if number else _NOTHING


def _percent(ratio: Ratio) -> str:
    return format_percent(ratio.percent) if ratio.total else _NOTHING
