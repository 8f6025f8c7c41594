"""From reports and a diff to a verdict: the heart, in a few lines.

New code is what the change adds (`+` lines of the diff from the merge base) and the report
measured. Both reports are counted by the same rules (`ignore`, `partial`), whatever the
rules were when the baseline was recorded.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.core.carrying import carry_forward
from worker.core.config import Config, LineClass, OnUnmeasured, Partial
from worker.core.elsewhere import NOTHING_ELSEWHERE, Elsewhere, compare_sides
from worker.core.gates import judge
from worker.core.insights import judge_insights, look_into
from worker.core.model import FileCoverage, Report, line_numbers
from worker.core.novelty import Classes, find_unmeasured, tell_apart
from worker.core.paths import Glob
from worker.core.verdict import Evidence, Inputs, NewCode, NewCodeFile, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["analyze", "count_as_configured", "find_new_code", "merge_flags"]

_ALL_NEW = Classes()


def analyze(inputs: Inputs) -> Verdict:
    """Judge a report of the tested commit against its baseline and the diff."""
    counted = _count(carry_forward(inputs))
    new_code = find_new_code(counted)
    evidence = Evidence(counted, new_code, _look_elsewhere(counted))
    results = (*judge(evidence), *judge_insights(evidence))
    return Verdict(evidence, results, look_into)


def _look_elsewhere(counted: Inputs) -> Elsewhere:
    baseline = counted.baseline
    if baseline is None:
        return NOTHING_ELSEWHERE
    return compare_sides(
        baseline.side,
        counted.side,
        since=baseline.since,
        diff=counted.diff,
        flapping=counted.flapping,
    )


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


def find_new_code(counted: Inputs) -> NewCode:
    """Return what the diff adds, by file and class, of inputs that are counted as configured."""
    report, diff, baseline = counted.report, counted.diff, counted.baseline
    rule, ignore = counted.config.new_code, counted.config.ignore
    base = baseline.report if baseline is not None else None
    since = baseline.since if baseline is not None else None
    classes = tell_apart(report, diff, base, since, ignore)
    files = []
    for changed in diff:
        file = report.files.get(changed.path)
        if file is not None and file.measured & changed.added:
            known = classes.get(changed.path, _ALL_NEW)
            files.append(_new_code_of(file, changed.added, known, rule.count))
    if rule.unmeasured is OnUnmeasured.IGNORE:
        return NewCode(tuple(files))
    unmeasured = find_unmeasured(diff, report, base, ignore)
    if rule.unmeasured is OnUnmeasured.COUNT:
        files += [NewCodeFile(one.path, 0, one.lines, 0) for one in unmeasured if one.lines]
        files.sort(key=lambda file: file.path)
    return NewCode(tuple(files), unmeasured)


def _new_code_of(
    file: FileCoverage, added: int, classes: Classes, count: tuple[LineClass, ...]
) -> NewCodeFile:
    counted = added
    if LineClass.MOVED not in count:
        counted &= ~classes.moved
    if LineClass.TOUCHED not in count:
        counted &= ~classes.touched
    missed = file.missed & counted
    return NewCodeFile(
        path=file.path,
        covered=file.hit & counted,
        missed=missed,
        partial=file.partial & counted,
        functions=_functions_around(file, missed),
        added_covered=file.hit & added,
        added_missed=file.missed & added,
        moved=classes.moved,
        touched=classes.touched,
        lost=classes.lost,
        moved_from=classes.moved_from,
    )


def _functions_around(file: FileCoverage, lines: int) -> tuple[str, ...]:
    """Return the names of the innermost functions that hold one of `lines`, by first line."""
    found = set()
    for line in line_numbers(lines) if file.functions else ():
        spanning = [
            function
            for function in file.functions
            if function.end_line is not None and function.line <= line <= function.end_line
        ]
        if spanning:
            found.add(max(spanning, key=lambda function: (function.line, function.name)))
    return tuple(function.name for function in sorted(found))


def merge_flags(reports: Iterable[tuple[str | None, Report]]) -> Mapping[str, Report]:
    """Return the reports that have a flag, those of each flag merged, sorted by flag."""
    files: dict[str, list[FileCoverage]] = {}
    for flag, report in reports:
        if flag is not None:
            files.setdefault(flag, []).extend(report)
    return MappingProxyType({flag: Report.of(files[flag]) for flag in sorted(files)})
