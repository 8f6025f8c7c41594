"""From a head whose CI has ended to its verdict, or to why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from worker.core.analysis import analyze, count_as_configured
from worker.core.config import OnUnmeasured
from worker.core.novelty import may_be_unmeasured
from worker.core.refs import Sha
from worker.core.render import Context, messages
from worker.core.render.paths import unclear_paths
from worker.core.render.remarks import path_remarks, run_remarks, tested_remarks
from worker.core.verdict import Inputs
from worker.flows.baseline import (
    Built,
    artifact_names,
    build_baseline,
    build_same_tree,
    find_baseline,
    merge_tests,
    split_tests,
)
from worker.flows.changes import complete_diff, list_changes
from worker.flows.flapping import known_flapping, observe_head
from worker.flows.material import Scope, gather_material
from worker.flows.past import with_past
from worker.flows.reports import Gathered, gather_reports
from worker.flows.sources import Sources
from worker.flows.tested import Testing
from worker.flows.vigil import note_outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.core.config import Config
    from worker.core.diff import LineMap
    from worker.core.numbers import Ratio
    from worker.core.refs import Comparison
    from worker.core.render.messages import Message
    from worker.core.runs import Runs
    from worker.core.tested import Tested
    from worker.core.verdict import Baseline, Verdict
    from worker.flows.change import Change
    from worker.flows.deps import Look
    from worker.flows.effects import Publisher

__all__ = ["judge"]


def judge(
    look: Look, change: Change, publisher: Publisher, runs: Runs, config: Config
) -> tuple[Verdict, Context] | Message | timedelta:
    """Return the verdict, or why there is none, or after how long there may be one.

    Raises `DiffIncompleteError` where the diff can not be had whole.
    """
    return _Judging(look, change, publisher, runs, config).verdict()


@dataclass(frozen=True, slots=True)
class _Judging:
    """One head, its ended runs, and the rules."""

    look: Look
    change: Change
    publisher: Publisher
    runs: Runs
    config: Config

    def verdict(self) -> tuple[Verdict, Context] | Message | timedelta:
        look = self.look
        if self._waits_for_base():
            return look.deps.look_again
        with Sources(look) as sources:
            return self._judge(Testing(look, self.change, sources))

    def _judge(self, testing: Testing) -> tuple[Verdict, Context] | Message | timedelta:
        look, change, config = self.look, self.change, self.config
        gathered = gather_reports(look, self.runs, config, testing.likely)
        missing = self._missing(gathered)
        if missing is not None:
            return missing
        number = change.pull.number if change.pull is not None else 0
        kind = look.claim.subject.kind
        note_outcomes(look, change.base_ref, kind, number, self.runs, gathered.runs)
        event = gathered.runs[0].event
        tested = testing.settle(gathered.report, event)
        if tested.commit != testing.likely(event):
            gathered = gather_reports(look, self.runs, config, lambda _event: tested.commit)
        tested, comparison = testing.compare(tested)
        baseline, no_baseline = self._baseline(comparison)
        if isinstance(baseline, timedelta):
            return baseline
        observe_head(look, tested, gathered)
        diff = list_changes(look, change.pull, comparison, tested, testing.sources)
        unclear = unclear_paths(gathered.match.ambiguous, diff, config.ignore)
        counted = count_as_configured(gathered.report, config)
        others: frozenset[str] = frozenset()
        if config.new_code.unmeasured is OnUnmeasured.COUNT:
            others = may_be_unmeasured(diff, counted, config.ignore)
        diff = complete_diff(diff, counted, tested, testing.sources, others)
        scope = Scope(tested.commit, counted.files, config.ignore, tested.base, diff)
        found = gather_material(look, testing.sources, scope)
        inputs = Inputs(
            report=gathered.report,
            diff=diff,
            config=config,
            baseline=baseline,
            no_baseline=no_baseline,
            flags=gathered.flags,
            best=self._best(),
            tests=merge_tests(gathered),
            suites=split_tests(gathered),
            run_failed=any(run in gathered.runs for run in self.runs.failed),
            incomplete=bool(gathered.problems or unclear),
            artifacts=artifact_names(gathered),
            flapping=known_flapping(look),
            material=with_past(look, found.material, change.base_ref),
        )
        with look.deps.meter.timing("judge"):
            verdict = analyze(inputs)
        uncovered = [file.path for file in verdict.evidence.new_code.files if file.missed]
        lines = testing.head_lines(tested, gathered.report, uncovered)
        context = self._context(gathered, comparison, tested, lines)
        notes = (*context.notes, *found.remarks)
        return verdict, replace(context, unclear=unclear, notes=notes)

    def _best(self) -> Ratio | None:
        """Return the base branch's highest coverage, where the rules ask for it."""
        if not self.config.project.ratchet:
            return None
        return self.look.deps.store.best(self.look.repository.id, self.change.base_ref)

    def _context(
        self,
        gathered: Gathered,
        comparison: Comparison,
        tested: Tested,
        head_lines: Mapping[str, LineMap | None],
    ) -> Context:
        change = self.change
        return Context(
            head=change.head_sha,
            merge_base=comparison.merge_base,
            base_ref=change.base_ref,
            repository_url=change.repository_url,
            sources=gathered.sources,
            problems=gathered.problems,
            unfound=gathered.unfound,
            notes=_notes(self.runs, gathered, tested, change.base_ref),
            tested=tested,
            head_lines=head_lines,
            tests=gathered.tests,
            page_url=self.look.page_url,
        )

    def _baseline(self, comparison: Comparison) -> tuple[Baseline | timedelta | None, str]:
        """Return the baseline; where the merge base has none yet, try to make it first.

        Its own CI may not have ended when the pull request's has, or may have ended before
        the App was installed.
        """
        merge_base = comparison.merge_base
        baseline, reason = find_baseline(self.look, merge_base, self.config)
        if baseline is not None and baseline.distance == 0:
            return baseline, ""
        match self._build(merge_base):
            case Built.WAITING if self._has_patience(merge_base):
                waiting = messages.waiting_for_base(merge_base, self.change.base_ref)
                self.publisher.update_waiting(self.change.head_sha, waiting)
                return self.look.deps.look_again, ""
            case Built.RECORDED:
                return find_baseline(self.look, merge_base, self.config)
            case _ if self._build_same_tree(comparison) is Built.RECORDED:
                return find_baseline(self.look, merge_base, self.config)
            case _:
                return baseline, reason

    def _build(self, merge_base: Sha) -> Built:
        trusted = frozenset({self.change.base_ref, self.look.repository.default_branch})
        return build_baseline(self.look, merge_base, trusted, self.config)

    def _build_same_tree(self, comparison: Comparison) -> Built:
        merge_base, tree = comparison.merge_base, comparison.merge_base_tree
        return build_same_tree(self.look, merge_base, tree, self.config)

    def _has_patience(self, merge_base: Sha) -> bool:
        """Note since when the merge base's CI is waited for; False where that is too long."""
        now, name = self.look.deps.clock.now(), f"base of {self.change.head_sha}"
        known = self.look.effects.get(name)
        since = datetime.fromisoformat(known.split()[1]) if known else now
        self.look.effects.put(name, f"{merge_base} {since.isoformat()}")
        return now - since < self.look.deps.base_patience

    def _waits_for_base(self) -> bool:
        """Return whether the merge base's CI, waited for before, has still not ended.

        Asked before the head's reports are read once more for nothing.
        """
        known = self.look.effects.get(f"base of {self.change.head_sha}")
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
            return messages.no_artifact(runs, gathered.artifacts, config, self.change.base_ref)
        if gathered.expired:
            return messages.expired(gathered.expired)
        if not gathered.sources:
            return messages.nothing_readable(gathered.problems)
        if not gathered.report.files and gathered.match.missing:
            match = gathered.match
            return messages.no_path_matched(match.missing, match.shortfalls)
        if not gathered.report.lines.total:
            return messages.nothing_measured([source.name for source in gathered.sources])
        return None


def _notes(runs: Runs, gathered: Gathered, tested: Tested, base_ref: str) -> tuple[str, ...]:
    texts = run_remarks(runs, gathered.runs)
    texts += [*gathered.remarks, *path_remarks(gathered.match), *tested_remarks(tested, base_ref)]
    return tuple(texts)
