"""`override`: let this very head in though its check fails, with a name and a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.commands._stored import check_length, stored_verdict
from worker.core.diff import EMPTY_DIFF
from worker.core.errors import CovgateError, UsageError
from worker.core.gates import judge
from worker.core.model import EMPTY_REPORT
from worker.core.overrides import Override, find_gate, parse_override
from worker.core.render import replies
from worker.core.verdict import Evidence, Inputs, NewCode
from worker.flows.asking import Answer, Call, CommandKind
from worker.ports import OverrideRecord

if TYPE_CHECKING:
    from worker.core.verdict import GateResult

__all__ = ["COMMAND"]


def _run(call: Call) -> Answer:
    """Enter it into the ledger; the very look that reads this publishes it."""
    look, pull = call.look, call.pull
    now = look.deps.clock.now()
    wish = parse_override(check_length(call), now.date())
    known = _known(call)
    if known is None and call.head_is_new:
        return Answer(done=False, text=replies.head_moved(pull.head_sha))
    gate = _gate(call, wish.gate)
    if known is None:
        known = OverrideRecord(
            repository_id=look.repository.id,
            comment_id=call.comment.id,
            place=call.place,
            number=pull.number,
            head_sha=pull.head_sha,
            who=call.comment.author,
            reason=wish.reason,
            made_at=now,
            gate=gate,
            until=wish.until,
        )
        look.keep_lease()
        look.deps.store.record_override(known)
    override = Override(known.who, known.reason, known.made_at, known.gate, known.until)
    text = replies.overridden(override, known.head_sha, _uncovered(call))
    return Answer(done=True, text=text)


def _known(call: Call) -> OverrideRecord | None:
    """Return what a job that was killed has entered already for this very command."""
    records = call.look.deps.store.overrides(call.look.repository.id, call.pull.number)
    key = (call.comment.id, call.place)
    return next((one for one in records if (one.comment_id, one.place) == key), None)


def _gate(call: Call, wanted: str) -> str:
    """Return the name of the gate that is meant, "" for all of the check."""
    if not wanted:
        return ""
    if call.config is None:
        raise UsageError("the configuration has a mistake, so that no gate is known")
    # What the rules would judge, of nothing: their names are the same.
    nothing = Evidence(Inputs(EMPTY_REPORT, EMPTY_DIFF, call.config), NewCode())
    return find_gate(wanted, [_names(result) for result in judge(nothing)])


def _names(result: GateResult) -> tuple[str, str]:
    return result.name, result.title


def _uncovered(call: Call) -> dict[str, int]:
    """Return the new code's uncovered lines, where there is a verdict already."""
    try:
        found = stored_verdict(call)
    except CovgateError:
        return {}
    if isinstance(found, str):
        return {}
    files = found[0].evidence.new_code.files
    return {file.path: file.missed for file in files if file.missed}


COMMAND = CommandKind(
    "override",
    "REASON [--gate NAME] [--until DATE]",
    "Lets this very commit in though its check fails; it is kept in the ledger.",
    _run,
    allow=("write",),
    not_author=True,
)
