"""Make of a commit's runs what they are good for: a baseline, or a look at pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from worker.contracts import Notice, Subject
from worker.core.errors import ConfigError, GitHubError
from worker.core.refs import Sha
from worker.flows.baseline import Built, build_baseline, is_own_push, remember_tree
from worker.flows.configured import read_config
from worker.flows.effects import asks_again
from worker.flows.flaky import note_failed
from worker.flows.group import is_of_queue
from worker.flows.material import read_material
from worker.flows.past import note_past

if TYPE_CHECKING:
    from datetime import timedelta

    from worker.core.refs import WorkflowRun
    from worker.flows.deps import Look

__all__ = ["reconcile_commit"]

_log = structlog.get_logger(__name__)


def reconcile_commit(look: Look) -> timedelta | None:
    """Pass a commit's runs on to its pull requests, and record it as a baseline.

    Returns after how long to look again, or None where nothing is left to do. What GitHub
    refuses is logged: a missing baseline is told where it is missed.
    """
    try:
        runs = look.github.runs(Sha(look.claim.subject.id))
        _pass_on(look, runs)
        return _keep_baseline(look, runs)
    except GitHubError as error:
        _log.warning("commit.refused", subject=look.claim.subject.key, reason=str(error))
        return None


def _pass_on(look: Look, runs: tuple[WorkflowRun, ...]) -> None:
    """Ask for a look at the open pull requests, or the merge group, whose head this commit is.

    A fork's run names no pull request: they are found by head repository and branch. A
    request for the check itself is passed on as what it is. What a merge queue made is a
    subject of its own.
    """
    heads = {
        (run.head_repository, run.head_branch)
        for run in runs
        if run.head_repository and not is_of_queue(run)
    }
    subject = look.claim.subject
    notices = list(look.claim.notices.values())
    asked = [notice for notice in notices if asks_again(notice)]
    numbers = {
        pull.number
        for head_repository, head_branch in sorted(heads, key=str)
        for pull in look.github.pulls_from(str(head_repository), head_branch)
        if pull.head_sha == subject.id
    }
    place = subject.installation_id, subject.repository_id
    subjects = [Subject.pull(*place, number) for number in sorted(numbers)]
    if any(is_of_queue(run) for run in runs):
        subjects.append(Subject.group(*place, subject.id))
    passed = [
        Notice(
            one,
            notices[0].repository,
            asked[0].event if asked else "workflow_run",
            facts=asked[0].facts if asked else {},
        )
        for one in subjects
    ]
    if passed:
        look.deps.inbox.accept(f"commit-{look.claim.token}", passed)


def _keep_baseline(look: Look, runs: tuple[WorkflowRun, ...]) -> timedelta | None:
    """Record the commit where it is on the default branch, or on one that is a base.

    Of others only the tree is remembered: where a commit of a base branch has the very same
    files, and no report, theirs can be had.
    """
    branches = {run.head_branch for run in runs if is_own_push(run, look.repository)}
    default = look.repository.default_branch
    bases = [
        branch
        for branch in sorted(branches, key=lambda name: (name != default, name))
        if branch == default or look.github.has_pulls_onto(branch)
    ]
    if not bases:
        for run in runs:
            if is_own_push(run, look.repository) and run.conclusion == "success":
                remember_tree(look, run)
        return None
    try:
        config = read_config(look.github, bases[0])
    except ConfigError:
        return None  # said on the pull requests, where somebody reads it
    sha = Sha(look.claim.subject.id)
    built = build_baseline(
        look,
        sha,
        frozenset(bases),
        config,
        lambda gathered: note_past(
            look, sha, gathered, config, lambda: read_material(look, sha, gathered, config)
        ),
    )
    if built is Built.NOTHING:
        pushed = [run for run in runs if is_own_push(run, look.repository)]
        note_failed(look, sha, [run for run in pushed if run.head_branch in bases], config)
    return look.deps.look_again if built is Built.WAITING else None
