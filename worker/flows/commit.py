"""Make of a commit's runs what they are good for: a baseline, or a look at pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.contracts import Notice, Subject
from worker.core.codec import encode_report
from worker.core.errors import ConfigError
from worker.core.refs import Repository, Sha, WorkflowRun
from worker.core.runs import Runs, assess_runs
from worker.flows.pull import MAX_TRIES, read_config
from worker.flows.reports import Gathered, gather_reports
from worker.ports import BaselineRecord, Claim, GitHub

if TYPE_CHECKING:
    from datetime import timedelta

    from worker.core.config import Config
    from worker.flows.deps import Deps

__all__ = ["reconcile_commit"]


def reconcile_commit(claim: Claim, deps: Deps, github: GitHub) -> timedelta | None:
    """Pass a commit's runs on to its pull requests, and record it as a baseline.

    Returns after how long to look again, or None where nothing is left to do.
    """
    if claim.tries > MAX_TRIES:
        return None  # it kills its workers: a missing baseline is said where it is missed
    sha = Sha(claim.subject.id)
    runs = github.runs(sha)
    _pass_on(claim, deps, github, runs)
    repository = github.repository()
    branch = _baseline_branch(github, repository, runs)
    if branch is None:
        return None
    deps.store.remember_repository(repository)
    try:
        config = read_config(github, branch)
    except ConfigError:
        return None  # said on the pull requests, where somebody reads it
    own = assess_runs((run for run in runs if _is_own_push(run, repository)), config.workflows)
    if own.awaited:
        return deps.look_again if _alive(deps, own) else None
    if own.ended and not own.failed:
        _record(claim, deps, github, (sha, branch), own, config)
    return None


def _pass_on(claim: Claim, deps: Deps, github: GitHub, runs: tuple[WorkflowRun, ...]) -> None:
    """Ask for a look at the open pull requests whose head this commit is.

    A fork's run names no pull request: they are found by head repository and branch.
    """
    heads = {(run.head_repository, run.head_branch) for run in runs if run.head_repository}
    subject = claim.subject
    repository = next(iter(claim.notices.values())).repository
    numbers = {
        pull.number
        for head_repository, head_branch in sorted(heads, key=str)
        for pull in github.pulls_from(str(head_repository), head_branch)
        if pull.head_sha == subject.id
    }
    notices = [
        Notice(
            Subject.pull(subject.installation_id, subject.repository_id, number),
            repository,
            "workflow_run",
        )
        for number in sorted(numbers)
    ]
    if notices:
        deps.inbox.accept(f"commit-{claim.token}", notices)


def _baseline_branch(
    github: GitHub, repository: Repository, runs: tuple[WorkflowRun, ...]
) -> str | None:
    """Return the branch whose baseline the commit may become, the default branch first.

    Only pushes to the repository itself count, never a fork's, whatever its branch is
    called: a stranger would choose what others are compared with.
    """
    branches = {run.head_branch for run in runs if _is_own_push(run, repository)}
    if repository.default_branch in branches:
        return repository.default_branch
    return next((name for name in sorted(branches) if github.has_pulls_onto(name)), None)


def _is_own_push(run: WorkflowRun, repository: Repository) -> bool:
    return run.event == "push" and run.head_repository == repository.full_name


def _alive(deps: Deps, runs: Runs) -> bool:
    last = runs.last_sign_of_life
    return last is None or deps.clock.now() - last < deps.deadline


def _record(
    claim: Claim,
    deps: Deps,
    github: GitHub,
    commit: tuple[Sha, str],
    runs: Runs,
    config: Config,
) -> None:
    sha, branch = commit
    gathered = gather_reports(
        github,
        runs,
        config,
        lambda: github.paths(sha),
        deps.inbox.effects(claim.subject),
        lambda: deps.inbox.renew(claim),
    )
    if not _is_whole(gathered):
        return
    lines = gathered.report.lines
    newest = max(gathered.runs, key=lambda run: (run.id, run.attempt))
    deps.store.record_baseline(
        BaselineRecord(
            repository_id=claim.subject.repository_id,
            commit=sha,
            branch=branch,
            covered=lines.covered,
            total=lines.total,
            report=encode_report(gathered.report),
            run_id=newest.id,
            attempt=newest.attempt,
            recorded_at=deps.clock.now(),
        )
    )


def _is_whole(gathered: Gathered) -> bool:
    """Return whether the reports may stand for the commit: all read, and of this repository."""
    return bool(gathered.sources and gathered.report.files and not gathered.problems)
