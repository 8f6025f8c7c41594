"""From a pull request whose CI has ended to its verdict, or to why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from worker.core.analysis import analyze, count_as_configured
from worker.core.refs import Sha
from worker.core.render import Context, messages
from worker.core.render.remarks import behind_remark, path_remarks, run_remarks
from worker.core.verdict import Inputs
from worker.flows.baseline import Built, build_baseline, find_baseline
from worker.flows.changes import complete_diff, list_changes
from worker.flows.reports import Gathered, gather_reports

if TYPE_CHECKING:
    from worker.core.config import Config
    from worker.core.refs import Comparison, PullRequest
    from worker.core.render.messages import Message
    from worker.core.runs import Runs
    from worker.core.verdict import Baseline, Verdict
    from worker.flows.deps import Look
    from worker.flows.effects import Publisher

__all__ = ["judge_pull"]


def judge_pull(
    look: Look, pull: PullRequest, publisher: Publisher, runs: Runs, config: Config
) -> tuple[Verdict, Context] | Message | timedelta:
    """Return the verdict, or why there is none, or after how long there may be one.

    Raises `DiffIncompleteError` where the diff can not be had whole.
    """
    return _Judging(look, pull, publisher, runs, config).verdict()


@dataclass(frozen=True, slots=True)
class _Judging:
    """One pull request, its ended runs, and the rules."""

    look: Look
    pull: PullRequest
    publisher: Publisher
    runs: Runs
    config: Config

    def verdict(self) -> tuple[Verdict, Context] | Message | timedelta:
        look, pull, config = self.look, self.pull, self.config
        if self._waits_for_base():
            return look.deps.look_again
        gathered = gather_reports(look, self.runs, config, pull.head_sha)
        missing = self._missing(gathered)
        if missing is not None:
            return missing
        comparison = look.github.compare(_base_of(pull), pull.head_sha)
        baseline, no_baseline = self._baseline(comparison)
        if isinstance(baseline, timedelta):
            return baseline
        diff = list_changes(look.github, pull.number, comparison)
        counted = count_as_configured(gathered.report, config)
        commits = (comparison.merge_base, pull.head_sha)
        inputs = Inputs(
            report=gathered.report,
            diff=complete_diff(look, diff, counted, commits),
            config=config,
            baseline=baseline,
            no_baseline=no_baseline,
            run_failed=any(run in gathered.runs for run in self.runs.failed),
            incomplete=bool(gathered.problems),
        )
        return analyze(inputs), self._context(gathered, comparison)

    def _context(self, gathered: Gathered, comparison: Comparison) -> Context:
        pull = self.pull
        return Context(
            head=pull.head_sha,
            merge_base=comparison.merge_base,
            base_ref=pull.base_ref,
            repository_url=pull.url.rpartition("/pull/")[0],
            sources=gathered.sources,
            problems=gathered.problems,
            notes=_notes(self.runs, gathered, comparison),
        )

    def _baseline(self, comparison: Comparison) -> tuple[Baseline | timedelta | None, str]:
        """Return the baseline; where the merge base has none yet, try to make it first.

        Its own CI may not have ended when the pull request's has, or may have ended before
        the App was installed.
        """
        merge_base = comparison.merge_base
        baseline, reason = find_baseline(self.look, merge_base)
        if baseline is not None and baseline.distance == 0:
            return baseline, ""
        match self._build(merge_base):
            case Built.WAITING if self._has_patience(merge_base):
                waiting = messages.waiting_for_base(merge_base, self.pull.base_ref)
                self.publisher.update_waiting(self.pull.head_sha, waiting)
                return self.look.deps.look_again, ""
            case Built.RECORDED:
                return find_baseline(self.look, merge_base)
            case _:
                return baseline, reason

    def _build(self, merge_base: Sha) -> Built:
        trusted = frozenset({self.pull.base_ref, self.look.repository.default_branch})
        return build_baseline(self.look, merge_base, trusted, self.config)

    def _has_patience(self, merge_base: Sha) -> bool:
        """Note since when the merge base's CI is waited for; False where that is too long."""
        now, name = self.look.deps.clock.now(), f"base of {self.pull.head_sha}"
        known = self.look.effects.get(name)
        since = datetime.fromisoformat(known.split()[1]) if known else now
        self.look.effects.put(name, f"{merge_base} {since.isoformat()}")
        return now - since < self.look.deps.base_patience

    def _waits_for_base(self) -> bool:
        """Return whether the merge base's CI, waited for before, has still not ended.

        Asked before the head's reports are read once more for nothing.
        """
        known = self.look.effects.get(f"base of {self.pull.head_sha}")
        if known is None:
            return False
        merge_base = Sha(known.split()[0])
        waits = self._build(merge_base) is Built.WAITING
        return waits and self._has_patience(merge_base)

    def _missing(self, gathered: Gathered) -> Message | None:
        """Return what to say where no verdict can be made."""
        runs, config = self.runs, self.config
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
