"""What a report holds, in numbers: `covgate inspect`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from worker.core.formats import Format
    from worker.core.model import Report

__all__ = ["Inspection", "inspect_report"]


@dataclass(frozen=True, slots=True)
class Inspection:
    """The totals of one report. A partial line counts as covered."""

    path: str
    format: str
    files: int
    lines: Ratio
    branches: Ratio
    functions: Ratio
    partials: int

    def as_json(self) -> dict[str, str | int | dict[str, int]]:
        """Return the value that `covgate inspect --json` prints; its keys are fixed."""
        return {
            "path": self.path,
            "format": self.format,
            "files": self.files,
            "lines": _counts(self.lines),
            "branches": _counts(self.branches),
            "functions": _counts(self.functions),
            "partials": self.partials,
        }


def inspect_report(path: str, known: Format, report: Report) -> Inspection:
    """Return what the report that was read from `path` holds."""
    functions = [function for file in report for function in file.functions]
    return Inspection(
        path=path,
        format=known.name,
        files=len(report),
        lines=report.lines,
        branches=report.branch_ratio,
        functions=Ratio(sum(function.hits > 0 for function in functions), len(functions)),
        partials=sum(file.partial.bit_count() for file in report),
    )


def _counts(ratio: Ratio) -> dict[str, int]:
    return {"valid": ratio.total, "covered": ratio.covered}
