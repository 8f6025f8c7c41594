"""`covgate inspect`: what coverage reports hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from bot.check import read_file
from worker.core.errors import CovgateError, ReportError
from worker.core.formats import read
from worker.core.inspection import Inspection, inspect_report
from worker.core.numbers import Ratio, format_percent

if TYPE_CHECKING:
    from collections.abc import Sequence


__all__ = ["inspect_files", "render_inspections", "render_inspections_json"]

_COLUMNS = ("format", "files", "lines", "branches", "functions", "partial", "report")


def inspect_files(files: Sequence[Path]) -> tuple[list[Inspection], list[CovgateError]]:
    """Return what the reports hold, in the order given, and what is wrong with the others."""
    inspections: list[Inspection] = []
    errors: list[CovgateError] = []
    for path in files:
        try:
            known, parsed = read(read_file(path), _read_source)
        except ReportError as error:
            errors.append(error.named(str(path)))
        except CovgateError as error:
            errors.append(error)
        else:
            inspections.append(inspect_report(str(path), known, parsed.report))
    return inspections, errors


def _read_source(path: str) -> bytes | None:
    """Return a source that a `.coverage` file names, where it is on this machine."""
    source = Path(path)
    return source.read_bytes() if source.is_file() else None


def render_inspections_json(inspections: Sequence[Inspection]) -> str:
    """Return a JSON list with one object a report; the keys are `Inspection.as_json`'s."""
    return json.dumps([inspection.as_json() for inspection in inspections], indent=2) + "\n"


def render_inspections(inspections: Sequence[Inspection]) -> str:
    """Return a table; the paths come last, so that no long one is cut or moves a number."""
    rows = [_COLUMNS, *(_row(inspection) for inspection in inspections)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS) - 1)]
    return "".join(f"{_aligned(row, widths)}\n" for row in rows)


def _aligned(row: tuple[str, ...], widths: Sequence[int]) -> str:
    first, *numbers = (cell for cell in row[:-1])
    cells = [first.ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
    return "  ".join([*cells, row[-1]])


def _row(one: Inspection) -> tuple[str, ...]:
    path = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in one.path)
    ratios = (_ratio(one.lines), _ratio(one.branches), _ratio(one.functions))
    return one.format, f"{one.files:,}", *ratios, f"{one.partials:,}", path


def _ratio(ratio: Ratio) -> str:
    if not ratio.total:
        return "–"
    return f"{ratio.covered:,} of {ratio.total:,}, {format_percent(ratio.percent)}"
