"""Parts of what is judged: some paths, one flag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.model import Report
from worker.core.paths import Glob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.verdict import Baseline, Inputs

__all__ = ["NO_FLAG", "baseline_of", "report_of", "within"]

NO_FLAG = "no report of its flag was read"


def report_of(side: Inputs | Baseline, flag: str | None) -> Report | None:
    """Return all reports merged, or one flag's; None where that has none."""
    return side.report if flag is None else side.flags.get(flag)


def baseline_of(inputs: Inputs, flag: str | None) -> Report | None:
    """Return what a flag (None: all reports) is compared with, where there is that."""
    return None if inputs.baseline is None else report_of(inputs.baseline, flag)


def within(report: Report, patterns: Sequence[str]) -> Report:
    """Return the report's files that some glob matches."""
    globs = [Glob(pattern) for pattern in patterns]
    return Report.of(file for file in report if any(glob.matches(file.path) for glob in globs))
