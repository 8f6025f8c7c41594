"""How bad a file's gap is: by coverage, uncovered lines, priority and how often it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.config import Priority
from worker.core.insight import Risk
from worker.core.insights._parts import matcher, remember, sources_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.core.config import Config, RiskRule
    from worker.core.model import FileCoverage
    from worker.core.verdict import Evidence

__all__ = ["FileRisk", "rank_files"]


@dataclass(frozen=True, slots=True)
class FileRisk:
    """A file with uncovered lines, its risk, and what beside its coverage made it that."""

    file: FileCoverage
    risk: Risk
    priority: Priority
    name: str
    """The critical path or package that the priority comes from; empty for none."""
    changes: int | None
    """In how many commits of the last 90 days it changed; None where that is not known."""


def rank_files(evidence: Evidence) -> tuple[FileRisk, ...]:
    """Return the source files with uncovered lines, those at the greatest risk first."""
    return remember(evidence, "risks", _rank_files)


def _rank_files(evidence: Evidence) -> tuple[FileRisk, ...]:
    config, churn = evidence.config, evidence.inputs.material.churn
    priority = _priorities(config)
    ranked = []
    for file in sources_of(evidence):
        if file.missed:
            changes = None if churn is None else churn.get(file.path, 0)
            ranked.append(_rank(file, config.risk, *priority(file.path), changes))
    ranked.sort(key=lambda one: (one.risk.rank, -one.file.missed.bit_count(), one.file.path))
    return tuple(ranked)


def _priorities(config: Config) -> Callable[[str], tuple[Priority, str]]:
    """Return a function from a path to the highest priority that it has, and by which name."""
    named = [(Priority.CRITICAL, path.name, matcher(path.paths)) for path in config.critical]
    named += [
        (package.priority, package.name, matcher(package.paths))
        for package in config.packages
        if package.priority is not Priority.MEDIUM
    ]
    order = tuple(Priority)
    named.sort(key=lambda one: order.index(one[0]))

    def priority(path: str) -> tuple[Priority, str]:
        found = ((level, name) for level, name, matches in named if matches(path))
        return next(found, (Priority.MEDIUM, ""))

    return priority


def _rank(
    file: FileCoverage, rule: RiskRule, priority: Priority, name: str, changes: int | None
) -> FileRisk:
    base = _level(file, rule)
    if priority is Priority.LOW:
        return FileRisk(file, Risk.LOW, priority, name, changes)
    if base is Risk.LOW:  # well tested: it is worse only where everything depends on it
        worse = int(priority is Priority.CRITICAL)
    else:
        worse = {Priority.CRITICAL: 2, Priority.HIGH: 1}.get(priority, 0)
        worse += bool(rule.churn) and (changes or 0) >= rule.churn
    risk = tuple(Risk)[max(0, base.rank - worse)]
    return FileRisk(file, risk, priority, name, changes)


def _level(file: FileCoverage, rule: RiskRule) -> Risk:
    """Return the worst level that a file's coverage and its uncovered lines belong to."""
    lines = file.lines
    for risk, level in (
        (Risk.CRITICAL, rule.critical),
        (Risk.HIGH, rule.high),
        (Risk.MEDIUM, rule.medium),
    ):
        below = lines.percent is not None and lines.percent < level.below
        if below and lines.missed >= level.lines:
            return risk
    return Risk.LOW
