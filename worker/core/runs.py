"""Which workflow runs a verdict waits for, and which runs' artifacts it reads.

A head commit can have many runs: of several workflows, of one workflow for `push` and for
`pull_request`, in several attempts, and some that never start by themselves. Run states:
https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.names import matches_any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from worker.core.refs import WorkflowRun

__all__ = ["Runs", "assess_runs"]

_FAILED = frozenset({"failure", "timed_out", "cancelled", "startup_failure"})
_RANK = {"pull_request": 0, "pull_request_target": 1, "merge_group": 2, "push": 3}
"""Which event's run speaks for a workflow that has several on one commit."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a head commit, sorted by what they mean for its verdict."""

    awaited: tuple[WorkflowRun, ...] = ()
    """Not ended yet: the verdict waits."""
    ended: tuple[WorkflowRun, ...] = ()
    """Their artifacts are read, best event first, then by id."""
    aside: tuple[WorkflowRun, ...] = ()
    """Skipped, waiting for an approval, or GitHub's own: named, never waited for."""
    absent: tuple[str, ...] = ()
    """Names of workflows that were expected and have no run."""

    @property
    def failed(self) -> tuple[WorkflowRun, ...]:
        """The ended runs that did not succeed."""
        return tuple(run for run in self.ended if run.conclusion in _FAILED)

    @property
    def last_sign_of_life(self) -> datetime | None:
        """When GitHub last said something of any of these runs."""
        return max(
            (run.updated_at for run in (*self.awaited, *self.ended, *self.aside) if run.updated_at),
            default=None,
        )

    def by_event(self) -> tuple[tuple[WorkflowRun, ...], ...]:
        """Return the ended runs in groups of one event each, the preferred event first.

        Reports of a `push` run and of a `pull_request` run are never merged: they may be of
        different commits (the head, and its test merge with the base).
        """
        groups: dict[str, list[WorkflowRun]] = {}
        for run in self.ended:
            groups.setdefault(run.event, []).append(run)
        return tuple(tuple(group) for group in groups.values())


def assess_runs(runs: Iterable[WorkflowRun], workflows: tuple[str, ...]) -> Runs:
    """Sort a commit's runs; `workflows` are globs on the workflows' names."""
    speaking: dict[int, WorkflowRun] = {}
    aside = []
    for run in sorted(runs, key=_preference):
        if not matches_any(workflows, run.name):
            continue
        if _stands_aside(run):
            aside.append(run)
        else:
            speaking.setdefault(run.workflow_id, run)
    chosen = sorted(speaking.values(), key=lambda run: (_rank(run), run.id))
    return Runs(
        awaited=tuple(run for run in chosen if run.status != "completed"),
        ended=tuple(run for run in chosen if run.status == "completed"),
        aside=tuple(sorted(aside, key=lambda run: run.id)),
    )


def _rank(run: WorkflowRun) -> int:
    return _RANK.get(run.event, len(_RANK))


def _preference(run: WorkflowRun) -> tuple[int, int, int]:
    return (_rank(run), -run.id, -run.attempt)


def _stands_aside(run: WorkflowRun) -> bool:
    return (
        run.event == "dynamic"
        or run.status in {"action_required", "waiting"}
        or run.conclusion in {"skipped", "action_required", "stale"}
    )
