"""Packages: named sets of paths with floors and targets of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.gates._base import Gate
from worker.core.gates._floor import Floor
from worker.core.gates._scope import NO_FLAG, report_of, within
from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from worker.core.config import Package
    from worker.core.verdict import Evidence, GateResult

__all__ = ["GATE"]

NAME = "packages"
ONE = "package"


def judge(evidence: Evidence) -> tuple[GateResult, ...]:
    """Compare each of `packages` that has a threshold with it."""
    return tuple(
        _judge(evidence, package)
        for package in evidence.config.packages
        if package.minimum is not None or package.target is not None
    )


def _judge(evidence: Evidence, package: Package) -> GateResult:
    report = report_of(evidence.inputs, package.flag)
    floor = Floor(
        ONE,
        package.minimum,
        NO_FLAG if report is None else "the reports measure no line of its paths",
        target=package.target,
        subject=package.name,
        blocking=package.blocking,
    )
    lines = Ratio() if report is None else within(report, package.paths).lines
    return floor.judge(lines, evidence.doubt(package.flag))


GATE = Gate(NAME, judge)
