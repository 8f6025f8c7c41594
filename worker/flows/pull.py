"""Make a pull request's check and comment say what is true of it now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from worker.contracts import Notice, Subject
from worker.core.analysis import analyze, count_as_configured
from worker.core.config import DEFAULT_CONFIG, Config, parse_config
from worker.core.errors import ConfigError, DiffIncompleteError, GitHubError, RefusedError
from worker.core.refs import Sha
from worker.core.render import (
    Conclusion,
    Context,
    Page,
    conclude,
    messages,
    render_check,
    render_comment,
    render_json,
)
from worker.core.render.messages import Message
from worker.core.render.remarks import behind_remark, path_remarks, run_remarks
from worker.core.runs import Runs, assess_runs
from worker.flows.baseline import Built, build_baseline, find_baseline
from worker.flows.changes import complete_diff, list_changes
from worker.flows.effects import Publisher
from worker.flows.reports import Gathered, gather_reports
from worker.ports import VerdictRecord

if TYPE_CHECKING:
    from worker.core.refs import Comparison, PullRequest
    from worker.core.verdict import Baseline, Verdict
    from worker.flows.deps import Look
    from worker.ports import GitHub

__all__ = ["MAX_CONFIG", "read_config", "reconcile_pull", "tell"]

MAX_CONFIG = 64 * 2**10
"""The longest configuration file, in bytes."""

_BLOCKING: dict[str, int] = {"failure": 2, "action_required": 1}

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
        if self.pull.state != "open" and self._left_to_others():
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
            found = self._verdict(runs, config)
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

    def _verdict(self, runs: Runs, config: Config) -> tuple[Verdict, Context] | Message | timedelta:
        """Return the verdict, or why there is none, or after how long there may be one."""
        look, pull = self.look, self.pull
        if self._waits_for_base(config):
            return look.deps.look_again
        gathered = gather_reports(look, runs, config, pull.head_sha)
        missing = self._missing(runs, gathered, config)
        if missing is not None:
            return missing
        comparison = look.github.compare(_base_of(pull), pull.head_sha)
        baseline, no_baseline = self._baseline(comparison, config)
        if isinstance(baseline, timedelta):
            return baseline
        diff = list_changes(look.github, pull.number, comparison)
        counted = count_as_configured(gathered.report, config)
        commits = (comparison.merge_base, pull.head_sha)
        verdict = analyze(
            gathered.report,
            complete_diff(look, diff, counted, commits),
            baseline,
            config,
            no_baseline=no_baseline,
            run_failed=any(run in gathered.runs for run in runs.failed),
            incomplete=bool(gathered.problems),
        )
        context = Context(
            head=pull.head_sha,
            merge_base=comparison.merge_base,
            base_ref=pull.base_ref,
            repository_url=pull.url.rpartition("/pull/")[0],
            sources=gathered.sources,
            problems=gathered.problems,
            notes=_notes(runs, gathered, comparison),
        )
        return verdict, context

    def _baseline(
        self, comparison: Comparison, config: Config
    ) -> tuple[Baseline | timedelta | None, str]:
        """Return the baseline; where the merge base has none yet, try to make it first.

        Its own CI may not have ended when the pull request's has, or may have ended before
        the App was installed.
        """
        merge_base = comparison.merge_base
        baseline, reason = find_baseline(self.look, merge_base)
        if baseline is not None and baseline.distance == 0:
            return baseline, ""
        match self._build(merge_base, config):
            case Built.WAITING if self._has_patience(merge_base):
                waiting = messages.waiting_for_base(merge_base, self.pull.base_ref)
                self.publisher.update_waiting(self.pull.head_sha, waiting)
                return self.look.deps.look_again, ""
            case Built.RECORDED:
                return find_baseline(self.look, merge_base)
            case _:
                return baseline, reason

    def _build(self, merge_base: Sha, config: Config) -> Built:
        trusted = frozenset({self.pull.base_ref, self.look.repository.default_branch})
        return build_baseline(self.look, merge_base, trusted, config)

    def _has_patience(self, merge_base: Sha) -> bool:
        """Note since when the merge base's CI is waited for; False where that is too long."""
        now, name = self.look.deps.clock.now(), f"base of {self.pull.head_sha}"
        known = self.look.effects.get(name)
        since = datetime.fromisoformat(known.split()[1]) if known else now
        self.look.effects.put(name, f"{merge_base} {since.isoformat()}")
        return now - since < self.look.deps.base_patience

    def _waits_for_base(self, config: Config) -> bool:
        """Return whether the merge base's CI, waited for before, has still not ended.

        Asked before the head's reports are read once more for nothing.
        """
        known = self.look.effects.get(f"base of {self.pull.head_sha}")
        if known is None:
            return False
        merge_base = Sha(known.split()[0])
        waits = self._build(merge_base, config) is Built.WAITING
        return waits and self._has_patience(merge_base)

    def _missing(self, runs: Runs, gathered: Gathered, config: Config) -> Message | None:
        """Return what to say where no verdict can be made."""
        if not gathered.matched:
            known = self.look.deps.store.has_report(self.look.repository.id)
            if not known and not config.present:
                return messages.never_reported(runs, gathered.artifacts, config)
            return messages.no_artifact(runs, gathered.artifacts, config, self.pull.base_ref)
        if gathered.expired:
            return messages.expired(gathered.expired)
        if not gathered.sources:
            return messages.nothing_readable(gathered.problems)
        if not gathered.report.files and gathered.match.missing:
            return messages.no_path_matched(gathered.match.missing)
        if not gathered.report.lines.total:
            return messages.nothing_measured([source.name for source in gathered.sources])
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
        worst = self._worst(conclusion, page)
        self.publisher.conclude_check(head, *worst, judged=judged)
        again = self._worst(conclusion, page)
        if again != worst:
            self.publisher.conclude_check(head, *again, judged=judged)

    def _worst(self, conclusion: Conclusion, page: Page) -> tuple[Conclusion, Page]:
        others = self._worse_others(conclusion)
        if not others:
            return conclusion, page
        other = others[0]
        summary = (
            "One check stands for all pull requests of a commit, and that of "
            f"#{other.number} did not pass. Of #{self.pull.number}:\n\n{page.summary}"
        )
        title = f"#{other.number}, from this commit too: {other.title}"[:255]
        worse: Conclusion = "failure" if other.conclusion == "failure" else "action_required"
        return worse, replace(page, title=title, summary=summary)

    def _left_to_others(self) -> bool:
        """Leave a closed pull request's check to the open ones of the same commit, if any."""
        look, subject = self.look, self.look.claim.subject
        records = look.deps.store.verdicts(look.repository.id, self.pull.head_sha)
        others = [
            Subject.pull(subject.installation_id, subject.repository_id, record.number)
            for record in records
            if record.number != self.pull.number and self._is_current(record)
        ]
        if others:
            name = look.repository.full_name
            notices = [Notice(other, name, "pull_request.closed") for other in others]
            look.deps.inbox.accept(f"others-{look.claim.token}", notices)
        return bool(others)

    def _worse_others(self, conclusion: Conclusion) -> list[VerdictRecord]:
        """Return the worse verdicts on this head of other open pull requests, worst first."""
        own = _BLOCKING.get(conclusion, 0)
        worse = [
            record
            for record in self.look.deps.store.verdicts(self.look.repository.id, self.pull.head_sha)
            if record.number != self.pull.number and _BLOCKING.get(record.conclusion, 0) > own
        ]
        worse.sort(key=lambda record: (-_BLOCKING[record.conclusion], record.number))
        return [record for record in worse if self._is_current(record)]

    def _is_current(self, record: VerdictRecord) -> bool:
        try:
            other = self.look.github.pull(record.number)
        except GitHubError:
            return False
        return other.state == "open" and other.head_sha == self.pull.head_sha

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


def _notes(runs: Runs, gathered: Gathered, comparison: Comparison) -> tuple[str, ...]:
    texts = run_remarks(runs.failed, gathered.runs, runs.aside)
    texts += [*gathered.remarks, *path_remarks(gathered.match)]
    if comparison.behind_by and any(run.event == "pull_request" for run in gathered.runs):
        texts.append(behind_remark(comparison.behind_by))
    return tuple(texts)


def _base_of(pull: PullRequest) -> str:
    """Return what the head is compared with: the base branch as it is now.

    `base_sha` may be an old tip of it, and all that was merged into the head since would
    read as new code. Once merged, the branch holds the head itself: then the old tip it is.
    """
    return pull.base_ref if pull.state == "open" else pull.base_sha
