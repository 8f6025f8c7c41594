"""Carry forward: an earlier report of a flag stands in where its tests did not run.

Only where the configuration says so for the flag, and only up to an age. The report is that
of the commit where the tests really ran, brought to the lines of now: a changed line has no
coverage in it. What stands in is named with its commit; it is never recorded as if it had
been run, so nothing is carried on from something carried.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.core.diff import carry_report
from worker.core.verdict import Baseline, CarriedFlag, Inputs

if TYPE_CHECKING:
    from worker.core.config import CarryForward, Config

__all__ = ["carry_forward", "carrying_flags"]


def carrying_flags(config: Config) -> dict[str, CarryForward]:
    """Return the flags that are carried forward, and how far, sorted by name."""
    rules = {
        source.flag: source.carry_forward
        for source in config.reports
        if source.flag and source.carry_forward is not None
    }
    return {flag: rules[flag] for flag in sorted(rules)}


def carry_forward(inputs: Inputs) -> Inputs:
    """Return the inputs with the baseline's reports of flags that did not run."""
    baseline = inputs.baseline
    if baseline is None or baseline.since is None:
        return inputs
    report, flags, carried = inputs.report, dict(inputs.flags), list(inputs.carried)
    for flag, rule in carrying_flags(inputs.config).items():
        if flag in flags or flag not in baseline.flags:
            continue
        origin = _origin(baseline, flag)
        if origin.distance > rule.commits or origin.days > rule.days:
            continue
        moved = carry_report(carry_report(baseline.flags[flag], baseline.since), inputs.diff)
        flags[flag] = moved
        report = report.merge(moved)
        carried.append(origin)
    if len(carried) == len(inputs.carried):
        return inputs
    return replace(
        inputs,
        report=report,
        flags=MappingProxyType({flag: flags[flag] for flag in sorted(flags)}),
        carried=tuple(sorted(carried)),
    )


def _origin(baseline: Baseline, flag: str) -> CarriedFlag:
    own = CarriedFlag(flag, baseline.commit, baseline.distance, baseline.days)
    return next((origin for origin in baseline.carried if origin.flag == flag), own)
