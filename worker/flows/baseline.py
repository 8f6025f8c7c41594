"""The reports that pull requests are compared with: find the right one, or make it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from worker.core.codec import decode_report, encode_report
from worker.core.errors import CovgateError
from worker.core.runs import Runs, assess_runs
from worker.core.verdict import Baseline
from worker.flows.reports import Gathered, gather_reports
from worker.ports import BaselineRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.config import Config
    from worker.core.refs import Commit, Repository, Sha, WorkflowRun
    from worker.flows.deps import Look
    from worker.ports import Store

__all__ = ["Built", "build_baseline", "find_baseline", "first_parents", "is_own_push"]

SEARCHED = 100
"""How many commits before the merge base are looked through: one page of GitHub's list."""


class Built(Enum):
    """How the making of a baseline went."""

    RECORDED = "recorded"
    WAITING = "waiting"
    """Its runs have not ended: later."""
    NOTHING = "nothing"
    """No run of the repository's own left a whole report."""


def find_baseline(look: Look, merge_base: Sha) -> tuple[Baseline | None, str]:
    """Return the baseline of the merge base or of its nearest first-parent ancestor.

    Where there is none, the text says why. Distances count along first parents, which is
    the branch's own history (`git log --first-parent`).
    """
    store, repository_id = look.deps.store, look.repository.id
    baseline = _read(store, repository_id, [merge_base])
    if baseline is not None:
        return baseline, ""
    if not store.has_baseline(repository_id):
        return None, "no baseline yet (the first run on a push to the base branch makes one)"
    chain = first_parents(look.github.ancestors(merge_base, limit=SEARCHED))
    baseline = _read(store, repository_id, chain)
    if baseline is None:
        return None, (
            f"no report of the merge base {merge_base[:7]} nor of the {len(chain) - 1} commits "
            "before it (run the workflow on pushes to the base branch)"
        )
    return baseline, ""


def build_baseline(look: Look, sha: Sha, branches: frozenset[str], config: Config) -> Built:
    """Make the baseline of a commit from what its own push runs left.

    Only pushes to one of `branches` are trusted. Runs of forks never count, whatever their
    branch is called: a stranger would choose what others are compared with. A run that
    failed is not recorded, nor is a report that could not be read whole.
    """
    own = [
        run
        for run in look.github.runs(sha)
        if is_own_push(run, look.repository) and run.head_branch in branches
    ]
    runs = assess_runs(own, config.workflows)
    if runs.awaited:
        return Built.WAITING if _alive(look, runs) else Built.NOTHING
    gathered = gather_reports(look, runs, config, sha, of_failed=False)
    if not _is_whole(gathered):
        return Built.NOTHING
    _record(look, sha, gathered)
    return Built.RECORDED


def first_parents(commits: Sequence[Commit]) -> list[Sha]:
    """Return the first of `commits` and its line of first parents, as far as they are listed."""
    known = {commit.sha: commit for commit in commits}
    chain = []
    commit = commits[0] if commits else None
    while commit is not None:
        chain.append(commit.sha)
        commit = known.get(commit.parents[0]) if commit.parents else None
    return chain


def is_own_push(run: WorkflowRun, repository: Repository) -> bool:
    """Return whether a run came from a push to the repository itself."""
    return run.event == "push" and run.head_repository == repository.full_name


def _read(store: Store, repository_id: int, commits: list[Sha]) -> Baseline | None:
    """Return the baseline of the first of `commits` that has one that can be read."""
    left = commits
    while left:
        record = store.baseline(repository_id, left)
        if record is None:
            return None
        try:
            report = decode_report(record.report)
        except CovgateError:
            # Of another version, or damaged: as good as none, and the next one may do.
            left = left[left.index(record.commit) + 1 :]
        else:
            return Baseline(record.commit, commits.index(record.commit), report)
    return None


def _alive(look: Look, runs: Runs) -> bool:
    last = runs.last_sign_of_life
    return last is not None and look.deps.clock.now() - last < look.deps.deadline


def _is_whole(gathered: Gathered) -> bool:
    """Return whether the reports may stand for the commit."""
    measured = gathered.report.lines.total > 0
    return bool(gathered.sources and measured and not gathered.problems)


def _record(look: Look, sha: Sha, gathered: Gathered) -> None:
    lines = gathered.report.lines
    newest = max(gathered.runs, key=lambda run: (run.id, run.attempt))
    look.deps.store.record_baseline(
        BaselineRecord(
            repository_id=look.repository.id,
            commit=sha,
            branch=newest.head_branch,
            covered=lines.covered,
            total=lines.total,
            report=encode_report(gathered.report),
            run_id=newest.id,
            attempt=newest.attempt,
            recorded_at=look.deps.clock.now(),
        )
    )
