"""What a report holds, in numbers: `covgate inspect`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from worker.core.formats import Format
    from worker.core.junit import TestRun
    from worker.core.model import Report

__all__ = ["Inspection", "inspect_report", "inspect_tests"]


_NONE = Ratio()


@dataclass(frozen=True, slots=True)
class Inspection:
    """The totals of one report. A partial line counts as covered.

    A report of tests has no lines, and a report of coverage no tests.
    """

    path: str
    format: str
    producer: str | None = None
    """The tool that wrote it, with its version where the file tells; None: it does not."""
    files: int = 0
    lines: Ratio = _NONE
    branches: Ratio = _NONE
    functions: Ratio = _NONE
    partials: int = 0
    contexts: int = 0
    """How many tests, or other contexts, the report tells apart."""
    tests: TestRun | None = None
    absent: tuple[str, ...] = ()
    """Sources that are not here, and without which the report does not tell a file's lines."""

    def as_json(self) -> dict[str, Any]:
        """Return the value that `covgate inspect --json` prints; its keys are fixed."""
        return {
            "path": self.path,
            "format": self.format,
            "producer": self.producer,
            "files": self.files,
            "lines": _counts(self.lines),
            "branches": _counts(self.branches),
            "functions": _counts(self.functions),
            "partials": self.partials,
            "contexts": self.contexts,
            "tests": None if self.tests is None else _outcomes(self.tests),
        }


def inspect_report(
    path: str, known: Format, report: Report, producer: str | None = None
) -> Inspection:
    """Return what the report that was read from `path` holds."""
    functions = [function for file in report for function in file.functions]
    return Inspection(
        path=path,
        format=known.name,
        producer=producer,
        files=len(report),
        lines=report.lines,
        branches=report.branch_ratio,
        functions=Ratio(sum(function.hits > 0 for function in functions), len(functions)),
        partials=sum(file.partial.bit_count() for file in report),
        contexts=len({name for file in report for name, _ in file.contexts}),
    )


def inspect_tests(path: str, run: TestRun, producer: str | None = None) -> Inspection:
    """Return what the JUnit report that was read from `path` holds."""
    return Inspection(path, "junit", producer, tests=run)


def _counts(ratio: Ratio) -> dict[str, int]:
    return {"valid": ratio.total, "covered": ratio.covered}


def _outcomes(run: TestRun) -> dict[str, int]:
    outcomes = run.outcomes
    return {
        "total": len(run),
        "passed": outcomes["passed"],
        "failed": outcomes["failed"],
        "errors": outcomes["error"],
        "skipped": outcomes["skipped"],
        "reruns": sum(case.reruns for case in run.cases),
    }
