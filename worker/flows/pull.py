"""Make a pull request's check and comment say what is true of it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from worker.core.analysis import analyze
from worker.core.config import DEFAULT_CONFIG, Config, parse_config
from worker.core.errors import ConfigError, DiffIncompleteError, RefusedError
from worker.core.numbers import format_count
from worker.core.render import (
    Context,
    conclude,
    messages,
    render_check,
    render_comment,
    render_json,
)
from worker.core.render.markdown import code
from worker.core.render.messages import Message
from worker.core.runs import Runs, assess_runs
from worker.flows.baseline import find_baseline
from worker.flows.changes import complete_diff, list_changes
from worker.flows.effects import Publisher
from worker.flows.reports import Gathered, gather_reports
from worker.ports import Claim, GitHub, VerdictRecord

if TYPE_CHECKING:
    from worker.core.refs import PullRequest
    from worker.core.verdict import Verdict
    from worker.flows.deps import Deps

__all__ = ["MAX_CONFIG", "read_config", "reconcile_pull"]

MAX_CONFIG = 64 * 2**10
"""The longest configuration file, in bytes."""

MAX_TRIES = 3
"""How many claims may die before a subject is taken for one that kills its workers."""


def reconcile_pull(claim: Claim, deps: Deps, github: GitHub) -> timedelta | None:
    """Judge a pull request, or say what it waits for.

    Returns after how long to look again, or None where nothing is left to do.
    """
    deps.store.remember_repository(github.repository())
    pull = github.pull(int(claim.subject.id))
    return _Pull(claim, deps, github, pull).reconcile()


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

    claim: Claim
    deps: Deps
    github: GitHub
    pull: PullRequest

    def reconcile(self) -> timedelta | None:
        publisher = Publisher(self.claim, self.deps, self.github)
        if any(notice.event.endswith(".rerequested") for notice in self.claim.notices.values()):
            publisher.reopen_check(self.pull.head_sha)
        if self.claim.tries > MAX_TRIES:
            self._tell(publisher, messages.internal_error(self.claim.tries - 1))
            return None
        try:
            config = read_config(self.github, self.pull.base_ref)
        except ConfigError as error:
            self._tell(publisher, messages.broken_config(str(error), self.pull.base_ref))
            return None
        runs = assess_runs(self.github.runs(self.pull.head_sha), config.workflows)
        deadline = self._deadline(runs)
        publisher.open_check(self.pull.head_sha, messages.waiting(runs, deadline))
        if runs.awaited or not runs.ended:
            return self._wait(publisher, runs, deadline)
        self._judge(publisher, runs, config)
        return None

    def _wait(self, publisher: Publisher, runs: Runs, deadline: datetime) -> timedelta | None:
        if publisher.is_concluded(self.pull.head_sha):
            return None  # a re-run: the verdict stands until the new one ends
        left = deadline - self.deps.clock.now()
        if left > timedelta(0):
            return min(left, self.deps.look_again)
        self._tell(publisher, messages.deadline_passed(runs))
        return None

    def _deadline(self, runs: Runs) -> datetime:
        """Return the end of waiting: so long after the last sign of life of this head."""
        effects = self.deps.inbox.effects(self.claim.subject)
        name = f"seen:{self.pull.head_sha}"
        seen = effects.get(name)
        if seen is None:
            seen = self.deps.clock.now().isoformat()
            effects.put(name, seen)
        alive = [datetime.fromisoformat(seen)]
        if runs.last_sign_of_life is not None:
            alive.append(runs.last_sign_of_life)
        return max(alive) + self.deps.deadline

    def _judge(self, publisher: Publisher, runs: Runs, config: Config) -> None:
        try:
            found = self._verdict(runs, config)
        except DiffIncompleteError as error:
            found = messages.diff_incomplete(str(error))
        if isinstance(found, Message):
            self._tell(publisher, found)
            return
        verdict, context = found
        conclusion, page = conclude(verdict, context), render_check(verdict, context)
        publisher.conclude_check(self.pull.head_sha, conclusion, page)
        self._comment(publisher, render_comment(verdict, context))
        self._record(conclusion, page.title, render_json(verdict, context))

    def _verdict(self, runs: Runs, config: Config) -> tuple[Verdict, Context] | Message:
        gathered = self._gather(runs, config)
        missing = self._missing(gathered, config)
        if missing is not None:
            return missing
        pull, github = self.pull, self.github
        comparison = github.compare(_base_of(pull), pull.head_sha)
        diff = list_changes(github, pull.number, comparison)
        commits = (comparison.merge_base, pull.head_sha)
        diff = complete_diff(github, diff, gathered.report, commits, self._keep_lease)
        baseline, no_baseline = find_baseline(
            github, self.deps.store, self.claim.subject.repository_id, comparison.merge_base
        )
        verdict = analyze(
            gathered.report,
            diff,
            baseline,
            config,
            no_baseline=no_baseline,
            run_failed=any(run in gathered.runs for run in runs.failed),
        )
        context = Context(
            head=pull.head_sha,
            merge_base=comparison.merge_base,
            base_ref=pull.base_ref,
            repository_url=pull.url.rpartition("/pull/")[0],
            sources=gathered.sources,
            problems=gathered.problems,
            notes=_notes(runs, gathered),
        )
        return verdict, context

    def _gather(self, runs: Runs, config: Config) -> Gathered:
        return gather_reports(
            self.github,
            runs,
            config,
            lambda: self.github.paths(self.pull.head_sha),
            self.deps.inbox.effects(self.claim.subject),
            self._keep_lease,
        )

    def _missing(self, gathered: Gathered, config: Config) -> Message | None:
        """Return what to say where no verdict can be made."""
        if not gathered.matched:
            known = self.deps.store.has_baseline(self.claim.subject.repository_id)
            if not known and not config.present:
                return messages.never_reported(gathered.runs, gathered.artifacts)
            return messages.no_artifact(
                gathered.runs, gathered.artifacts, config, self.pull.base_ref
            )
        if not gathered.sources:
            return messages.nothing_readable(gathered.problems)
        if not gathered.reported:
            return messages.nothing_measured([source.name for source in gathered.sources])
        if not gathered.report.files:
            named = (*gathered.unmatched, *(one.path for one in gathered.ambiguous))
            return messages.no_path_matched(gathered.reported, named)
        return None

    def _tell(self, publisher: Publisher, message: Message) -> None:
        """Publish a message that ends the check."""
        conclusion = message.conclusion or "action_required"
        publisher.conclude_check(self.pull.head_sha, conclusion, message.page)
        if message.comments:
            self._comment(publisher, message.comment)
        self._record(conclusion, message.page.title, "{}")

    def _comment(self, publisher: Publisher, body: str) -> None:
        publisher.comment(self.pull.number, body, create=self.pull.state == "open")

    def _record(self, conclusion: str, title: str, details: str) -> None:
        self.deps.store.record_verdict(
            VerdictRecord(
                repository_id=self.claim.subject.repository_id,
                number=self.pull.number,
                head_sha=self.pull.head_sha,
                conclusion=conclusion,
                title=title,
                details=details,
                recorded_at=self.deps.clock.now(),
            )
        )

    def _keep_lease(self) -> None:
        self.deps.inbox.renew(self.claim)


def _notes(runs: Runs, gathered: Gathered) -> tuple[str, ...]:
    notes = []
    if runs.failed:
        names = ", ".join(code(run.name) for run in runs.failed)
        notes.append(f"{names} did not succeed: the numbers may be of a part of the tests.")
    if gathered.unmatched:
        count = format_count(len(gathered.unmatched), "file")
        notes.append(f"The reports name {count} that this repository does not have: left out.")
    if gathered.ambiguous:
        first = gathered.ambiguous[0]
        notes.append(
            f"{format_count(len(gathered.ambiguous), 'path')} of the reports may mean several "
            f"files, and none was guessed: {code(first.path)} may be "
            f"{' or '.join(code(path) for path in first.candidates)}."
        )
    return tuple(notes)


def _base_of(pull: PullRequest) -> str:
    """Return what the head is compared with: the base branch as it is now.

    `base_sha` may be an old tip of it, and all that was merged into the head since would
    read as new code. Once merged, the branch holds the head itself: then the old tip it is.
    """
    return pull.base_ref if pull.state == "open" else pull.base_sha
