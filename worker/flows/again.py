"""The verdict that stands: what it was made from, and the same one again.

Whoever presses "Re-run" on a check has GitHub clear it, most often without anything having
changed. A verdict follows from its inputs, which are kept, so that nothing has to be read
again to say what it was.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from worker.core.analysis import analyze
from worker.core.config import CheckAs
from worker.core.errors import CovgateError
from worker.core.replay import decode_replay

if TYPE_CHECKING:
    from worker.core.config import Config
    from worker.core.refs import PullRequest
    from worker.core.render import Context
    from worker.core.runs import Runs
    from worker.core.verdict import Verdict
    from worker.flows.change import Change
    from worker.flows.deps import Look

__all__ = ["fingerprint", "note_verdict", "recall_verdict"]

_PRINT = "print"
"""Holds the fingerprint of the last verdict's facts."""


def fingerprint(look: Look, change: Change, runs: Runs, config: Config) -> str | None:
    """Return what stands for the facts that a verdict is made of.

    Those that can change: the commits, with the configuration in them; the runs, whose
    artifacts can't; and the merge base's report. None where there may be more.
    """
    comparison = change.comparison
    if comparison is None or comparison.base_tip is None or config.check_as is not CheckAs.CHECK:
        return None
    record = look.deps.store.baseline(look.repository.id, [comparison.merge_base])
    if record is None:
        return None  # a nearer one may be made meanwhile
    known = [
        (run.id, run.attempt, run.status, run.conclusion)
        for run in (*runs.awaited, *runs.ended, *runs.aside)
    ]
    facts = [
        change.head_sha,
        change.base_ref,
        comparison.base_tip,
        comparison.merge_base,
        sorted(known, key=str),
        runs.absent,
        (record.run_id, record.attempt, record.recorded_at.isoformat()),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def note_verdict(look: Look, change: Change, context: Context, same: str | None) -> None:
    """Remember what a verdict was made of, where that is all that it was made of."""
    base = change.comparison.merge_base if change.comparison is not None else None
    tested = context.tested
    if same is None or context.debts or context.overrides or tested is None or tested.base != base:
        look.effects.remove(_PRINT)
    else:
        look.effects.put(_PRINT, same)


def recall_verdict(
    look: Look, pull: PullRequest, same: str | None
) -> tuple[Verdict, Context] | None:
    """Return the last verdict, where it was made of the same facts and can be made again."""
    if same is None or look.effects.get(_PRINT) != same:
        return None
    kept = look.deps.store.inputs(look.repository.full_name, pull.number)
    if kept is None or kept[0] != pull.head_sha:
        return None
    try:
        inputs, context = decode_replay(kept[1])
    except CovgateError:  # of another version
        return None
    return analyze(inputs), context
