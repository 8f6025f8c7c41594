"""Which workflows usually leave reports, learned from what earlier commits' runs left.

GitHub makes a push's runs within seconds, but not all at once, and a path filter makes none.
So a workflow that has left reports lately is waited for, though it has no run yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from worker.core.refs import Sha, WorkflowRun
    from worker.core.runs import Runs

__all__ = ["LOOKED_BACK", "Habits", "Outcome", "learn", "outcomes_of"]

LOOKED_BACK = 5
"""How many pull requests count: the newest head of each, so that none counts twice."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the run of one workflow on one head left."""

    number: int
    """The pull request's; 0 for a commit of a branch or of a merge queue."""
    head_sha: Sha
    workflow_id: int
    name: str
    reported: bool
    """Whether it left an artifact that matched."""
    seconds: int
    """How long it took; 0 where that is not known."""
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Habits:
    """What is usual, by workflow."""

    expected: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    """The names of those that left a report for at least half of the heads."""
    seconds: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    """How long a run takes: the median."""
    reports: Mapping[int, bool] = field(default_factory=lambda: MappingProxyType({}))
    """Whether it ever left a report, of those that are known."""


def learn(outcomes: Iterable[Outcome]) -> Habits:
    """Return what is usual by the outcomes of one branch."""
    newest = sorted(outcomes, key=lambda one: (one.recorded_at, one.workflow_id), reverse=True)
    seconds: dict[int, list[int]] = {}
    reports: dict[int, bool] = {}
    heads: dict[int, Sha] = {}
    for one in newest:
        if one.seconds:
            seconds.setdefault(one.workflow_id, []).append(one.seconds)
        reports[one.workflow_id] = reports.get(one.workflow_id, False) or one.reported
        heads.setdefault(one.number, one.head_sha)
    counted = dict(list(heads.items())[:LOOKED_BACK])
    names: dict[int, list[str]] = {}
    for one in newest:
        if one.reported and counted.get(one.number) == one.head_sha:
            names.setdefault(one.workflow_id, []).append(one.name)
    usual = {key: found[0] for key, found in names.items() if 2 * len(found) >= len(counted)}
    return Habits(
        expected=MappingProxyType({key: usual[key] for key in sorted(usual)}),
        seconds=MappingProxyType({key: round(median(found)) for key, found in seconds.items()}),
        reports=MappingProxyType(reports),
    )


def outcomes_of(
    number: int, runs: Runs, reporting: Iterable[WorkflowRun], now: datetime
) -> tuple[Outcome, ...]:
    """Return what a head's ended runs left; `reporting` are those that left a report.

    Of another event than these, none was looked through: nothing is known of them; nor of
    what one would have left that did not succeed.
    """
    ids = {run.id for run in reporting}
    events = {run.event for run in reporting}
    return tuple(
        Outcome(
            number=number,
            head_sha=run.head_sha,
            workflow_id=run.workflow_id,
            name=run.name,
            reported=run.id in ids,
            seconds=_seconds(run) if run.conclusion == "success" else 0,
            recorded_at=now,
        )
        for run in runs.ended
        if run.event in events and (run.conclusion == "success" or run.id in ids)
    )


def _seconds(run: WorkflowRun) -> int:
    if run.started_at is None or run.updated_at is None:
        return 0
    return max(0, round((run.updated_at - run.started_at).total_seconds()))
