"""Learn from repeated runs of one tree which lines flap."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from worker.core.codec import decode_report, encode_report
from worker.core.errors import CovgateError
from worker.core.flapping import NO_FLAPPING, Flapping, learn_flapping
from worker.core.tested import Kind
from worker.flows.flaky import note_suites
from worker.ports import FlappingRecord, ObservationRecord

if TYPE_CHECKING:
    from worker.core.refs import Sha
    from worker.core.tested import Tested
    from worker.flows.deps import Look
    from worker.flows.reports import Gathered

__all__ = ["MOST_LINES", "known_flapping", "observe", "observe_head"]

MOST_LINES = 1_000_000
"""Reports of more lines are not kept to be compared: encoding one more would be felt."""


def known_flapping(look: Look) -> Flapping:
    """Return the lines of the repository that are known to flap."""
    records = look.deps.store.flapping(look.repository.id)
    if not records:
        return NO_FLAPPING
    return Flapping.of((record.path, record.shape, record.lines) for record in records)


def observe_head(look: Look, tested: Tested, gathered: Gathered) -> None:
    """Learn from the reports of a pull request's commit, once for each run.

    The commit that it is merged as may have the very same tree.
    """
    if not gathered.runs or tested.doubt is not None:
        return
    newest = max(gathered.runs, key=lambda run: (run.id, run.attempt))
    seen = f"{tested.commit} {newest.id} {newest.attempt}"
    if look.effects.get("observed") == seen:
        return
    merged = tested.kind is Kind.MERGE
    tree = look.github.commit(tested.commit).tree if merged else newest.tree
    if tree is not None:
        note_suites(look, tree, gathered)
        observe(look, tree, gathered)
    look.effects.put("observed", seen)


def observe(look: Look, tree: Sha, gathered: Gathered) -> None:
    """Compare the reports with those of the last run of the same tree, and keep these.

    Runs that did not succeed teach nothing, and forks don't either: a stranger would choose
    what is forgiven.
    """
    report = gathered.report
    trusted = all(
        run.conclusion == "success" and run.head_repository == look.repository.full_name
        for run in gathered.runs
    )
    if not trusted or not gathered.runs or gathered.problems:
        return
    if not 0 < report.lines.total <= MOST_LINES:
        return
    newest = max(gathered.runs, key=lambda run: (run.id, run.attempt))
    now = ObservationRecord(
        repository_id=look.repository.id,
        tree=tree,
        suites=_suites(gathered),
        report=encode_report(report),
        run_id=newest.id,
        attempt=newest.attempt,
        recorded_at=look.deps.clock.now(),
    )
    before = look.deps.store.observation(look.repository.id, tree)
    if before is not None and (before.run_id, before.attempt) == (now.run_id, now.attempt):
        return
    if before is not None and before.suites == now.suites:
        _learn(look, before, gathered)
    look.deps.store.record_observation(now)


def _learn(look: Look, before: ObservationRecord, gathered: Gathered) -> None:
    try:
        learned = learn_flapping(decode_report(before.report), gathered.report)
    except CovgateError:
        return
    now = look.deps.clock.now()
    look.deps.store.record_flapping(
        [
            FlappingRecord(look.repository.id, path, shape, lines, now)
            for (path, shape), lines in learned.lines.items()
        ]
    )


def _suites(gathered: Gathered) -> str:
    """Return what stands for the reports that were read: their artifacts, names and flags."""
    read = sorted((s.artifact, s.name, s.format, s.flag or "") for s in gathered.sources)
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()
