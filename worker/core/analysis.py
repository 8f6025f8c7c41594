"""From reports and a diff to a verdict: the heart, in a few lines.

New code is what the change adds (`+` lines of the diff from the merge base) and the report
measured. Both reports are counted by the same rules (`ignore`, `partial`), whatever the
rules were when the baseline was recorded.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.core.config import Config, Partial
from worker.core.gates import judge
from worker.core.model import FileCoverage, Report, line_numbers
from worker.core.paths import Glob
from worker.core.verdict import Evidence, Inputs, NewCode, NewCodeFile, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.core.diff import Diff

__all__ = ["analyze", "count_as_configured", "find_new_code"]


def analyze(inputs: Inputs) -> Verdict:
    """Judge a report of the tested commit against its baseline and the diff."""
    counted = _count(inputs)
    evidence = Evidence(counted, find_new_code(counted.report, counted.diff))
    return Verdict(evidence, judge(evidence))


def _count(inputs: Inputs) -> Inputs:
    """Return the inputs with all reports counted as configured."""
    config, baseline = inputs.config, inputs.baseline
    if baseline is not None:
        baseline = replace(
            baseline,
            report=count_as_configured(baseline.report, config),
            flags=_count_flags(baseline.flags, config),
        )
    return replace(
        inputs,
        report=count_as_configured(inputs.report, config),
        flags=_count_flags(inputs.flags, config),
        baseline=baseline,
    )


def _count_flags(flags: Mapping[str, Report], config: Config) -> Mapping[str, Report]:
    counted = {flag: count_as_configured(flags[flag], config) for flag in sorted(flags)}
    return MappingProxyType(counted)


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
