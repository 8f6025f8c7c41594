"""From reports and a diff to a verdict: the heart, in a few lines.

New code is what the change adds (`+` lines of the diff from the merge base) and the report
measured. Both reports are counted by the same rules (`ignore`, `partial`), whatever the
rules were when the baseline was recorded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.core.config import Config, Partial
from worker.core.gates import judge
from worker.core.model import FileCoverage, Report, line_numbers
from worker.core.paths import Glob
from worker.core.verdict import Baseline, Evidence, NewCode, NewCodeFile, Verdict

if TYPE_CHECKING:
    from worker.core.diff import Diff

__all__ = ["analyze", "count_as_configured", "find_new_code"]


def analyze(
    report: Report,
    diff: Diff,
    baseline: Baseline | None,
    config: Config,
    *,
    no_baseline: str = "",
    run_failed: bool = False,
    incomplete: bool = False,
) -> Verdict:
    """Judge a report of the head, with repository paths, against the baseline and the diff."""
    report = count_as_configured(report, config)
    if baseline is not None:
        baseline = replace(baseline, report=count_as_configured(baseline.report, config))
    evidence = Evidence(
        report=report,
        diff=diff,
        new_code=find_new_code(report, diff),
        baseline=baseline,
        config=config,
        no_baseline=no_baseline,
        run_failed=run_failed,
        incomplete=incomplete,
    )
    return Verdict(evidence, judge(evidence))


def count_as_configured(report: Report, config: Config) -> Report:
    """Return the report without ignored files, partial lines counted as configured."""
    if not config.ignore and config.partial is not Partial.MISSED:
        return report
    globs = [Glob(pattern) for pattern in config.ignore]
    files = [file for file in report if not any(glob.matches(file.path) for glob in globs)]
    if config.partial is Partial.MISSED:
        files = [file.counting_partial_as_missed() for file in files]
    return Report.of(files)


def find_new_code(report: Report, diff: Diff) -> NewCode:
    """Return the measured lines among those that the diff adds, by file."""
    files = []
    for changed in diff:
        file = report.files.get(changed.path)
        if file is not None and file.measured & changed.added:
            files.append(_new_code_of(file, changed.added))
    return NewCode(tuple(files))


def _new_code_of(file: FileCoverage, added: int) -> NewCodeFile:
    missed = file.missed & added
    return NewCodeFile(
        path=file.path,
        covered=file.hit & added,
        missed=missed,
        partial=file.partial & added,
        functions=_functions_around(file, missed),
    )


def _functions_around(file: FileCoverage, lines: int) -> tuple[str, ...]:
    """Return the names of the innermost functions that hold one of `lines`, by first line."""
    found = set()
    for line in line_numbers(lines):
        spanning = [
            function
            for function in file.functions
            if function.end_line is not None and function.line <= line <= function.end_line
        ]
        if spanning:
            found.add(max(spanning, key=lambda function: (function.line, function.name)))
    return tuple(function.name for function in sorted(found))
