"""Make a pull request's check and comment say what is true of it now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from worker.core.config import CheckAs, CommentWhen, Config
from worker.core.errors import ConfigError, DiffIncompleteError, GitHubError
from worker.core.render import (
    Conclusion,
    Page,
    conclude,
    messages,
    render_check,
    render_comment,
    render_json,
)
from worker.core.render.messages import Message
from worker.core.render.statuses import gate_statuses
from worker.core.replay import encode_replay
from worker.core.runs import Runs, assess_runs
from worker.flows.again import fingerprint, note_verdict, recall_verdict
from worker.flows.change import Change
from worker.flows.commands import obey
from worker.flows.configured import read_config, read_config_at
from worker.flows.effects import Publisher
from worker.flows.heads import leave_to_others, worst_of_head
from worker.flows.judging import judge
from worker.flows.noting import note_pull
from worker.flows.overrides import active_overrides, find_debts, note_uncovered, time_left
from worker.flows.statuses import publish_statuses, retract_statuses
from worker.flows.tested import note_merge
from worker.flows.vigil import Vigil, begin_vigil
from worker.ports import VerdictRecord

if TYPE_CHECKING:
    from worker.core.overrides import Override
    from worker.core.refs import PullRequest, WorkflowRun
    from worker.core.render import Context
    from worker.core.verdict import Verdict
    from worker.flows.deps import Look

__all__ = ["MAX_INPUTS", "reconcile_pull", "tell"]

MAX_INPUTS = 64 * 2**20
"""How many bytes the inputs of a verdict may have to be kept for a replay."""

_AT_ONCE = timedelta(seconds=1)

_log = structlog.get_logger(__name__)


def reconcile_pull(look: Look) -> timedelta | None:
    """Do what comments ask for; judge a pull request, or say what it waits for.

    Returns after how long to look again, or None where nothing is left to do. Raises
    `NotFoundError` where there is no such pull request. What GitHub refuses of its parts is
    said on its check.
    """
    pull = look.pull or look.github.pull(int(look.claim.subject.id))
    structlog.contextvars.bind_contextvars(head=pull.head_sha)  # for as long as the look lasts
    if look.read:
        note_merge(look, pull)
    note_pull(look, pull)
    publisher = Publisher(look)
    asked = obey(look, pull, publisher)
    one = _Pull(look, pull, publisher, active_overrides(look, pull, publisher))
    try:
        wait = one.reconcile()
    except GitHubError as error:
        _log.warning("pull.refused", subject=look.claim.subject.key, reason=str(error))
        one.tell(messages.refused(str(error)))
        wait = None
    ends = time_left(look, one.overrides) if pull.state == "open" else None
    return _soonest(wait, asked, ends)


def tell(look: Look, message: Message) -> None:
    """Put a message on a pull request's check, whatever else is the matter with it."""
    pull = look.pull or look.github.pull(int(look.claim.subject.id))
    publisher = Publisher(look)
    _Pull(look, pull, publisher, active_overrides(look, pull, publisher)).tell(message)


def _soonest(*waits: timedelta | None) -> timedelta | None:
    return min((wait for wait in waits if wait is not None), default=None)


@dataclass(frozen=True, slots=True)
class _Pull:
    """One look at one pull request."""

    look: Look
    pull: PullRequest
    publisher: Publisher
    overrides: tuple[Override, ...]
    """Those that hold for the head."""

    def reconcile(self) -> timedelta | None:
        head = self.pull.head_sha
        if self.pull.state != "open" and leave_to_others(self.look, self.pull):
            return None
        self.publisher.end_superseded(head)
        self.publisher.note_requests(head)
        try:
            with self.look.deps.meter.timing("facts"):
                runs, change, config = self._facts()
        except ConfigError as error:
            self.tell(messages.broken_config(str(error), self.pull.base_ref))
            return None
        vigil = begin_vigil(
            self.look, change, self.publisher, assess_runs(runs, config.workflows), config
        )
        if not vigil.over:
            return self._wait(vigil)
        if not self._is_as_known(change):
            return _AT_ONCE
        same = fingerprint(self.look, change, vigil.runs, config) if not self.overrides else None
        found = None
        if self.publisher.was_cleared(head):
            found = recall_verdict(self.look, self.pull, same)
        if found is not None:
            self._publish(*found)
            return None
        self.publisher.open_check(head, messages.reading(vigil.runs))
        return self._judge(change, vigil.runs, config, same)

    def _facts(self) -> tuple[tuple[WorkflowRun, ...], Change, Config]:
        """Return the head's runs, how it differs from its base, and the rules in force.

        The comparison names the base branch's tip, whose configuration may be known. As long
        as nothing has ended there is no need for it; and what was opened just now has no runs.
        Raises `ConfigError`.
        """
        look, pull = self.look, self.pull
        change = Change.of_pull(pull)
        if look.new:
            return (), change, read_config_at(look, pull.base_sha)
        runs = look.github.runs(pull.head_sha) if look.runs is None else look.runs
        if change.closed or not any(run.conclusion for run in runs):
            return runs, change, read_config(look.github, pull.base_ref)
        if not self.publisher.is_made(pull.head_sha):
            self.publisher.open_check(pull.head_sha, messages.reading(assess_runs(runs, ("*",))))
        comparison = look.github.compare(change.base, pull.head_sha)
        tip = comparison.base_tip
        config = read_config_at(look, tip) if tip else read_config(look.github, pull.base_ref)
        return runs, replace(change, comparison=comparison), config

    def _is_as_known(self, change: Change) -> bool:
        """Return whether the pull request is as it was described, where that may matter.

        Where the base has moved on, the test merge of now may be the one that was tested.
        """
        if self.look.read or change.comparison is None or not change.comparison.behind_by:
            return True
        now = self.look.github.pull(self.pull.number)
        note_merge(self.look, now)
        known = (self.pull.head_sha, self.pull.base_ref, self.pull.state)
        return (now.head_sha, now.base_ref, now.state) == known

    def _wait(self, vigil: Vigil) -> timedelta | None:
        let_in = self._let_in(vigil.message)
        if let_in is None:
            vigil.show()
            return vigil.keep(self.tell)
        self.publisher.conclude_check(vigil.head, "success", let_in.page, judged=False)
        left = vigil.left()
        return left if left > timedelta(0) else None

    def _judge(
        self, change: Change, runs: Runs, config: Config, same: str | None
    ) -> timedelta | None:
        try:
            found = judge(self.look, change, self.publisher, runs, config)
        except DiffIncompleteError as error:
            found = messages.diff_incomplete(str(error))
        if isinstance(found, timedelta):
            return found
        if isinstance(found, Message):
            self.tell(found, config)
            return None
        verdict, context = found
        debts = find_debts(self.look, self.pull, verdict, context)
        context = replace(context, overrides=self.overrides, debts=debts)
        note_uncovered(self.look, self.pull, verdict, context)
        context = self._set_statuses(verdict, context, config)
        self._keep_inputs(verdict, context)
        self._publish(verdict, context)
        note_verdict(self.look, change, context, same)
        return None

    def _publish(self, verdict: Verdict, context: Context) -> None:
        conclusion = conclude(verdict, context)
        page = render_check(verdict, context)
        for insight in verdict.insights:
            if insight.defect:
                _log.error("analysis.failed", analysis=insight.name, error=insight.defect)
        self._record(conclusion, page.title, render_json(verdict, context))
        self._conclude(conclusion, page, judged=True)
        config = verdict.evidence.config
        asks = conclusion != "success" or config.comment.post is CommentWhen.ALWAYS
        self._comment(render_comment(verdict, context), config, create=asks)

    def tell(self, message: Message, config: Config | None = None) -> None:
        """Publish a message that ends the check; an existing comment never says otherwise."""
        message = self._let_in(message) or message
        conclusion = message.conclusion or "action_required"
        retract_statuses(self.look, self.pull, config, conclusion, message.page.title)
        self._record(conclusion, message.page.title, "{}")
        self._conclude(conclusion, message.page, judged=False)
        self._comment(message.comment, config, create=message.comments)

    def _let_in(self, message: Message) -> Message | None:
        """Return what to say where the head was let in as a whole, verdict or not."""
        whole = [override for override in self.overrides if override.is_whole]
        if not whole or message.conclusion in {"success", "neutral"}:
            return None
        return messages.overridden(message, whole, self.pull.head_sha)

    def _set_statuses(self, verdict: Verdict, context: Context, config: Config) -> Context:
        """Set the statuses that are asked for; the check says where they are refused."""
        if config.check_as is CheckAs.CHECK:
            return context
        own, page = conclude(verdict, context), render_check(verdict, context)
        conclusion, worst = worst_of_head(self.look, self.pull, own, page)
        worse = worst.title if conclusion != own else ""
        refused = publish_statuses(self.look, self.pull, gate_statuses(verdict, context), worse)
        return replace(context, notes=(*context.notes, refused)) if refused else context

    def _keep_inputs(self, verdict: Verdict, context: Context) -> None:
        """Keep what the verdict was made from, unless it is too much to keep."""
        inputs = encode_replay(verdict.evidence.inputs, context)
        if len(inputs) > MAX_INPUTS:
            _log.info("inputs.too_long", number=self.pull.number, bytes=len(inputs))
            return
        repository, number = self.look.repository.id, self.pull.number
        self.look.deps.store.record_inputs(repository, number, self.pull.head_sha, inputs)

    def _conclude(self, conclusion: Conclusion, page: Page, *, judged: bool) -> None:
        """End the check, as badly as the worst of the pull requests that share the head.

        There is one check a commit: another pull request of the same commit onto another
        branch must not turn this one's failure into a success, nor the other way round. Its
        verdict may be recorded while this one is published, so it is asked for once more.
        """
        head = self.pull.head_sha
        worst = worst_of_head(self.look, self.pull, conclusion, page)
        self.publisher.conclude_check(head, *worst, judged=judged)
        again = worst_of_head(self.look, self.pull, conclusion, page)
        if again != worst:
            self.publisher.conclude_check(head, *again, judged=judged)

    def _comment(self, body: str, config: Config | None, *, create: bool) -> None:
        """Write the comment where that is allowed and wanted; the check has said it already."""
        if config is not None and config.comment.post is CommentWhen.NEVER:
            return
        create = create and self.pull.state == "open"
        try:
            self.publisher.comment(self.pull.number, body, create=create)
        except GitHubError as error:  # a locked conversation, a right withdrawn
            _log.warning("comment.refused", number=self.pull.number, reason=str(error))

    def _record(self, conclusion: str, title: str, details: str) -> None:
        self.look.deps.store.record_verdict(
            VerdictRecord(
                repository_id=self.look.repository.id,
                number=self.pull.number,
                head_sha=self.pull.head_sha,
                conclusion=conclusion,
                title=title,
                details=details,
                recorded_at=self.look.deps.clock.now(),
            )
        )
