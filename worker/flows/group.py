"""Make the check of a merge queue's commit say whether it may become the branch's tip.

A merge queue makes a commit of the branch and of the pull requests before it, and takes
nothing in unless its required checks pass there. It is judged as a pull request is, against
the commit that it follows, and nobody is told by a comment.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from worker.core.errors import ConfigError, DiffIncompleteError, GitHubError
from worker.core.refs import Sha
from worker.core.render import conclude, messages, render_check
from worker.core.render.messages import Message
from worker.core.runs import assess_runs
from worker.core.verdict import Verdict
from worker.flows.change import Change
from worker.flows.configured import read_config
from worker.flows.effects import Publisher
from worker.flows.judging import judge
from worker.flows.overrides import queued_overrides
from worker.flows.vigil import begin_vigil

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from worker.core.config import Config
    from worker.core.overrides import Override
    from worker.core.refs import WorkflowRun
    from worker.core.runs import Runs
    from worker.flows.deps import Look

__all__ = ["Base", "is_of_queue", "queue_base", "reconcile_group", "tell_group"]

_BASE = "base"
"""Holds the base branch and the commit on it that the group follows."""
_QUEUE = re.compile(
    r"gh-readonly-queue/(?P<ref>.+)/pr-(?P<number>\d{1,18})-(?P<sha>[0-9a-f]{40}(?:[0-9a-f]{24})?)"
)
"""How GitHub calls the branch of a group."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Base:
    """What a group goes into."""

    ref: str
    sha: Sha


def queue_base(branch: str) -> Base | None:
    """Return what the group of a merge queue's branch goes into; None for any other branch."""
    found = _QUEUE.fullmatch(branch)
    return Base(found["ref"], Sha(found["sha"])) if found else None


def is_of_queue(run: WorkflowRun) -> bool:
    """Return whether a run is of a merge queue's commit, and not of the branch that it became."""
    return run.event == "merge_group" or (
        run.event == "push" and queue_base(run.head_branch) is not None
    )


def reconcile_group(look: Look) -> timedelta | None:
    """Judge a merge queue's commit, or say what it waits for.

    Returns after how long to look again, or None where nothing is left to do.
    """
    group = _Group(look, Sha(look.claim.subject.id), Publisher(look))
    try:
        return group.reconcile()
    except GitHubError as error:
        _log.warning("group.refused", subject=look.claim.subject.key, reason=str(error))
        group.tell(messages.refused(str(error)))
        return None


def tell_group(look: Look, message: Message) -> None:
    """Put a message on a group's check, whatever else is the matter with it."""
    _Group(look, Sha(look.claim.subject.id), Publisher(look)).tell(message)


@dataclass(frozen=True, slots=True)
class _Group:
    """One look at one merge queue's commit."""

    look: Look
    head: Sha
    publisher: Publisher

    def reconcile(self) -> timedelta | None:
        self.publisher.note_requests(self.head)
        own = [
            run
            for run in self.look.github.runs(self.head)
            if is_of_queue(run) and run.head_repository == self.look.repository.full_name
        ]
        base = self._base(own)
        if base is None:
            self.tell(messages.no_group_base())
            return None
        try:
            config = read_config(self.look.github, base.ref)
        except ConfigError as error:
            self.tell(messages.broken_config(str(error), base.ref))
            return None
        change = Change(self.head, base.ref, base.sha, self.look.repository.url)
        runs = assess_runs(own, config.workflows)
        vigil = begin_vigil(self.look, change, self.publisher, runs, config)
        if not vigil.over:
            vigil.show()
            return vigil.keep(self.tell)
        self.publisher.open_check(self.head, messages.reading(runs))
        return self._judge(change, vigil.runs, config)

    def _judge(self, change: Change, runs: Runs, config: Config) -> timedelta | None:
        try:
            found = judge(self.look, change, self.publisher, runs, config)
        except DiffIncompleteError as error:
            found = messages.diff_incomplete(str(error))
        match found:
            case Message():
                self.tell(found)
            case (Verdict() as verdict, context):
                context = replace(context, overrides=self._overrides(runs))
                conclusion, page = conclude(verdict, context), render_check(verdict, context)
                self.publisher.conclude_check(self.head, conclusion, page, judged=True)
            case wait:
                return wait
        return None

    def tell(self, message: Message) -> None:
        """Publish a message that ends the check."""
        conclusion = message.conclusion or "action_required"
        self.publisher.conclude_check(self.head, conclusion, message.page, judged=False)

    def _overrides(self, runs: Runs) -> tuple[Override, ...]:
        """Return what holds for the pull request that this commit adds to the one before it."""
        branches = {run.head_branch for run in runs.ended}
        numbers = {int(found["number"]) for one in branches if (found := _QUEUE.fullmatch(one))}
        return queued_overrides(self.look, numbers.pop()) if len(numbers) == 1 else ()

    def _base(self, runs: Iterable[WorkflowRun]) -> Base | None:
        """Return what the group goes into, as its delivery, a former look or a run has it."""
        effects = self.look.effects
        for notice in self.look.claim.notices.values():
            ref, sha = notice.facts.get("base_ref"), notice.facts.get("base_sha")
            if ref and sha:
                effects.put(_BASE, f"{sha} {ref}")
        known = effects.get(_BASE)
        if known is not None:
            sha, _, ref = known.partition(" ")
            return Base(ref, Sha(sha))
        found = (queue_base(run.head_branch) for run in runs)
        return next((base for base in found if base is not None), None)
