"""Overrides that hold for a head, how they end, and what they leave behind.

One holds for one head commit of one pull request: a push, its date or a person ends it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from worker.core.diff import FileDiff, LineMap, fill
from worker.core.errors import DiffIncompleteError, GitHubError
from worker.core.overrides import Debt, Override
from worker.core.refs import Sha
from worker.flows.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from worker.core.refs import PullRequest
    from worker.core.render import Context
    from worker.core.verdict import Verdict
    from worker.flows.deps import Look
    from worker.flows.effects import Publisher
    from worker.ports import OverrideRecord

__all__ = [
    "active_overrides",
    "end_override",
    "find_debts",
    "note_uncovered",
    "queued_overrides",
    "time_left",
]

MOST_FILES = 2_000
"""Of how many files the ledger keeps the uncovered lines."""
MOST_DEBTS = 200
"""How many files with debts are looked up for one verdict."""

_log = structlog.get_logger(__name__)


def active_overrides(look: Look, pull: PullRequest, publisher: Publisher) -> tuple[Override, ...]:
    """Return what holds for the head now; what a push or its date has ended is noted so."""
    records = _open_records(look, pull)
    now = look.deps.clock.now()
    held = []
    for record in records:
        if record.head_sha != pull.head_sha:
            end_override(look, record, "push")
        elif record.until is not None and record.until <= now:
            publisher.reopen(pull.head_sha)
            end_override(look, record, "date")
        else:
            held.append(_override(record))
    return tuple(held)


def queued_overrides(look: Look, number: int) -> tuple[Override, ...]:
    """Return what holds for a pull request's head, for the merge queue's commit of it."""
    records = look.deps.store.overrides(look.repository.id, number)
    if all(record.ended_at is not None for record in records):
        return ()
    head, now = look.github.pull(number).head_sha, look.deps.clock.now()
    return tuple(
        _override(record)
        for record in records
        if record.ended_at is None
        and record.head_sha == head
        and (record.until is None or record.until > now)
    )


def _open_records(look: Look, pull: PullRequest) -> tuple[OverrideRecord, ...]:
    records = look.deps.store.overrides(look.repository.id, pull.number)
    return tuple(record for record in records if record.ended_at is None)


def _override(record: OverrideRecord) -> Override:
    return Override(record.who, record.reason, record.made_at, record.gate, record.until)


def end_override(look: Look, record: OverrideRecord, by: str, comment: int | None = None) -> None:
    """Note that an override has ended, and by whom or what."""
    now = look.deps.clock.now()
    look.keep_lease()
    ended = replace(record, ended_at=now, ended_by=by, ended_comment=comment)
    look.deps.store.record_override(ended)


def time_left(look: Look, overrides: Iterable[Override]) -> timedelta | None:
    """Return after how long the first of them ends by itself; None where none does."""
    ends = [override.until for override in overrides if override.until is not None]
    return min(ends) - look.deps.clock.now() if ends else None


def note_uncovered(look: Look, pull: PullRequest, verdict: Verdict, context: Context) -> None:
    """Enter into the ledger which lines the overrides of the head leave uncovered."""
    tested = context.tested.commit if context.tested is not None else context.head
    files = verdict.evidence.new_code.files
    uncovered = {file.path: file.missed for file in files if file.missed}
    uncovered = dict(sorted(uncovered.items())[:MOST_FILES])
    for record in _open_records(look, pull):
        if record.head_sha == pull.head_sha:
            known = replace(record, tested=tested, uncovered=uncovered)
            if known != replace(record, uncovered=dict(record.uncovered)):
                look.keep_lease()
                look.deps.store.record_override(known)


def find_debts(
    look: Look, pull: PullRequest, verdict: Verdict, context: Context
) -> tuple[Debt, ...]:
    """Return what former overrides let in uncovered and this change touches, first of all.

    A line is touched where the change removes or rewrites it. It is followed from the commit
    that was let in to what this change is compared with, by comparing the file there and
    here: lines that never got in, or are covered by now, are no debt. A debt is shown in the
    first pull request that touches it, and no other.
    """
    gone = {file.old_path: file.removed for file in verdict.evidence.diff if file.removed}
    records = look.deps.store.overrides(look.repository.id)
    owed = [record for record in records if _may_owe(record, pull, gone)]
    if not owed:
        return ()
    base = context.tested.base if context.tested is not None else context.merge_base
    found: list[Debt] = []
    with Sources(look) as sources:
        for record in owed:
            debts = list(_debts(record, gone, base, sources, verdict))
            if debts and record.shown_in is None:
                look.keep_lease()
                look.deps.store.record_override(replace(record, shown_in=pull.number))
            found += debts
            if len(found) >= MOST_DEBTS:
                break
    return tuple(sorted(found))


def _may_owe(record: OverrideRecord, pull: PullRequest, gone: Mapping[str | None, int]) -> bool:
    return (
        record.number != pull.number
        and record.ended_at is None
        and record.shown_in in {None, pull.number}
        and not gone.keys().isdisjoint(record.uncovered)
    )


def _debts(
    record: OverrideRecord,
    gone: Mapping[str | None, int],
    base: Sha,
    sources: Sources,
    verdict: Verdict,
) -> Iterable[Debt]:
    for path in sorted(record.uncovered):
        removed = gone.get(path, 0)
        if not removed:
            continue
        lines = _followed(record, path, base, sources) & removed
        lines &= ~_covered_by_now(verdict, base, path)
        if lines:
            yield Debt(record.number, path, lines, base, record.who, record.reason)


def _followed(record: OverrideRecord, path: str, base: Sha, sources: Sources) -> int:
    """Return where an override's uncovered lines are in the base now; 0 where nobody knows."""
    try:
        then = sources.read(Sha(record.tested), path)
        now = sources.read(base, path)
        if then is None or now is None:
            return 0
        change = fill(FileDiff(path, path, 0, 0, "modified"), then, now)
    except (DiffIncompleteError, GitHubError) as error:
        _log.info("debt.unknown", number=record.number, reason=str(error))
        return 0
    return LineMap.of(change).bitmap(record.uncovered[path])


def _covered_by_now(verdict: Verdict, base: Sha, path: str) -> int:
    baseline = verdict.evidence.baseline
    if baseline is None or baseline.commit != base or path not in baseline.report.files:
        return 0
    return baseline.report.files[path].hit
