"""Make a pull request's check and comment say what is true of it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from worker.core.config import DEFAULT_CONFIG, Config, parse_config
from worker.core.errors import ConfigError, DiffIncompleteError, GitHubError, RefusedError
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
from worker.core.runs import Runs, assess_runs
from worker.flows.effects import Publisher
from worker.flows.heads import leave_to_others, worst_of_head
from worker.flows.judging import judge_pull
from worker.ports import VerdictRecord

if TYPE_CHECKING:
    from worker.core.refs import PullRequest
    from worker.flows.deps import Look
    from worker.ports import GitHub

__all__ = ["MAX_CONFIG", "read_config", "reconcile_pull", "tell"]

MAX_CONFIG = 64 * 2**10
"""The longest configuration file, in bytes."""

_log = structlog.get_logger(__name__)


def reconcile_pull(look: Look) -> timedelta | None:
    """Judge a pull request, or say what it waits for.

    Returns after how long to look again, or None where nothing is left to do. Raises
    `NotFoundError` where there is no such pull request. What GitHub refuses of its parts is
    said on its check.
    """
    pull = look.github.pull(int(look.claim.subject.id))
    one = _Pull(look, pull, Publisher(look))
    try:
        return one.reconcile()
    except GitHubError as error:
        _log.warning("pull.refused", subject=look.claim.subject.key, reason=str(error))
        one.tell(messages.refused(str(error)))
        return None


def tell(look: Look, message: Message) -> None:
    """Put a message on a pull request's check, whatever else is the matter with it."""
    pull = look.github.pull(int(look.claim.subject.id))
    _Pull(look, pull, Publisher(look)).tell(message)


def read_config(github: GitHub, branch: str) -> Config:
    """Return the configuration at a branch's tip, the defaults where it has none.

    Raises `ConfigError`. Never read from a pull request's head: it would loosen its own
    gate.
    """
    try:
        data = github.file(messages.CONFIG_PATH, branch, limit=MAX_CONFIG)
    except RefusedError as error:
        raise ConfigError(f"the file can not be read: {error}") from error
    return DEFAULT_CONFIG if data is None else parse_config(data)


@dataclass(frozen=True, slots=True)
class _Pull:
    """One look at one pull request."""

    look: Look
    pull: PullRequest
    publisher: Publisher

    def reconcile(self) -> timedelta | None:
        head = self.pull.head_sha
        if self.pull.state != "open" and leave_to_others(self.look, self.pull):
            return None
        self.publisher.end_superseded(head)
        self.publisher.note_requests(head)
        try:
            config = read_config(self.look.github, self.pull.base_ref)
        except ConfigError as error:
            self.tell(messages.broken_config(str(error), self.pull.base_ref))
            return None
        runs = assess_runs(self.look.github.runs(head), config.workflows)
        deadline = self._deadline(runs)
        if runs.awaited or not runs.ended:
            self.publisher.open_check(head, messages.waiting(runs, deadline))
            return self._wait(runs, deadline)
        self.publisher.open_check(head, messages.reading(runs))
        return self._judge(runs, config)

    def _wait(self, runs: Runs, deadline: datetime) -> timedelta | None:
        if self.publisher.is_judged(self.pull.head_sha):
            return None  # a re-run: the verdict stands until the new one ends
        left = deadline - self.look.deps.clock.now()
        if left > timedelta(0):
            return min(left, self.look.deps.look_again)
        if not self.publisher.is_concluded(self.pull.head_sha):
            self.tell(messages.deadline_passed(runs))
        return None

    def _deadline(self, runs: Runs) -> datetime:
        """Return the end of waiting: so long after the last sign of life of this head."""
        head, effects = self.pull.head_sha, self.look.effects
        seen = effects.get(f"seen:{head}")
        if seen is None or self.publisher.needs_opening(head):
            seen = self.look.deps.clock.now().isoformat()
            effects.put(f"seen:{head}", seen)
        alive = [datetime.fromisoformat(seen)]
        if runs.last_sign_of_life is not None:
            alive.append(runs.last_sign_of_life)
        return max(alive) + self.look.deps.deadline

    def _judge(self, runs: Runs, config: Config) -> timedelta | None:
        try:
            found = judge_pull(self.look, self.pull, self.publisher, runs, config)
        except DiffIncompleteError as error:
            found = messages.diff_incomplete(str(error))
        if isinstance(found, timedelta):
            return found
        if isinstance(found, Message):
            self.tell(found)
            return None
        verdict, context = found
        conclusion = conclude(verdict, context)
        page = render_check(verdict, context)
        self._record(conclusion, page.title, render_json(verdict, context))
        self._conclude(conclusion, page, judged=True)
        self._comment(render_comment(verdict, context), create=True)
        return None

    def tell(self, message: Message) -> None:
        """Publish a message that ends the check; an existing comment never says otherwise."""
        conclusion = message.conclusion or "action_required"
        self._record(conclusion, message.page.title, "{}")
        self._conclude(conclusion, message.page, judged=False)
        self._comment(message.comment, create=message.comments)

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

    def _comment(self, body: str, *, create: bool) -> None:
        """Write the comment where that is allowed; the check has said it already."""
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
