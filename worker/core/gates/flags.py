"""Flags: the other gates once more, on the reports of one flag alone."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.core.config import BranchesRule, Config, FunctionsRule, ProjectRule
from worker.core.elsewhere import NOTHING_ELSEWHERE, compare_sides
from worker.core.gates import branches, functions, new_code, project, regression
from worker.core.gates._base import Gate
from worker.core.gates._scope import NO_FLAG
from worker.core.model import EMPTY_REPORT, Report
from worker.core.verdict import Evidence, GateResult, NewCode, NewCodeFile, Outcome

if TYPE_CHECKING:
    from worker.core.config import FlagRules

__all__ = ["GATE"]

NAME = "flags"


def judge(evidence: Evidence) -> tuple[GateResult, ...]:
    """Judge each of `gates.flags` by the gates that it names."""
    return tuple(result for rules in evidence.config.flags for result in _judge(evidence, rules))


def _judge(evidence: Evidence, rules: FlagRules) -> list[GateResult]:
    part = _part(evidence, rules)
    gates = (
        (new_code.GATE, rules.new_code),
        (regression.GATE, rules.regression),
        (project.GATE, rules.project),
        (branches.GATE, rules.branches),
        (functions.GATE, rules.functions),
    )
    found = [result for gate, rule in gates if rule is not None for result in gate.judge(part)]
    return [_named(result, rules.name, missing=not part.report.files) for result in found]


def _named(result: GateResult, flag: str, *, missing: bool) -> GateResult:
    result = replace(
        result, subject=flag, headline=result.headline and f"{flag} tests: {result.headline}"
    )
    if missing:
        result = replace(result, outcome=Outcome.NEUTRAL, summary=NO_FLAG, actual="–", headline="")
    return result


def _part(evidence: Evidence, rules: FlagRules) -> Evidence:
    """Return the evidence as if the flag's reports were all there are, under its rules."""
    inputs, flag = evidence.inputs, rules.name
    report = inputs.flags.get(flag, EMPTY_REPORT)
    own = replace(
        inputs,
        report=report,
        flags=MappingProxyType({flag: report}),
        artifacts=(),
        config=_config(inputs.config, rules),
    )
    before = None if inputs.baseline is None else inputs.baseline.flags.get(flag)
    if inputs.baseline is not None and before is None:
        own = replace(own, baseline=None, no_baseline="the baseline has no report of this flag")
    elsewhere = NOTHING_ELSEWHERE
    if inputs.baseline is not None and before is not None:
        flags = MappingProxyType({flag: before})
        baseline = replace(inputs.baseline, report=before, flags=flags, artifacts=())
        own = replace(own, baseline=baseline)
        elsewhere = compare_sides(
            baseline.side,
            own.side,
            since=baseline.since,
            diff=own.diff,
            flapping=own.flapping,
        )
    return replace(
        evidence,
        inputs=own,
        new_code=_new_code(evidence.new_code, report),
        elsewhere=elsewhere,
    )


def _config(config: Config, rules: FlagRules) -> Config:
    return replace(
        config,
        new_code=rules.new_code or config.new_code,
        regression=rules.regression or config.regression,
        project=rules.project or ProjectRule(),
        branches=rules.branches or BranchesRule(),
        functions=rules.functions or FunctionsRule(),
    )


def _new_code(whole: NewCode, report: Report) -> NewCode:
    """Return the new lines that the flag's reports measure, as these saw them."""
    files = []
    for file in whole.files:
        own = report.files.get(file.path)
        if own is not None and own.measured & (file.covered | file.missed):
            files.append(_seen(file, own.hit, own.missed, own.partial))
    return replace(whole, files=tuple(files))


def _seen(file: NewCodeFile, hit: int, missed: int, partial: int) -> NewCodeFile:
    lines = file.covered | file.missed
    added = file.added_covered | file.added_missed
    measured = hit | missed
    return replace(
        file,
        covered=hit & lines,
        missed=missed & lines,
        partial=partial & lines,
        functions=(),
        added_covered=hit & added,
        added_missed=missed & added,
        moved=file.moved & measured,
        touched=file.touched & measured,
        lost=file.lost & missed,
    )


GATE = Gate(NAME, judge)
