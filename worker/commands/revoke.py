"""`revoke`: end the overrides of this head."""

from __future__ import annotations

from worker.core.errors import UsageError
from worker.core.render import replies
from worker.flows.asking import Answer, Call, CommandKind
from worker.flows.overrides import end_override

__all__ = ["COMMAND"]


def _run(call: Call) -> Answer:
    """End them in the ledger; the very look that reads this judges anew."""
    look, pull = call.look, call.pull
    records = [
        record
        for record in look.deps.store.overrides(look.repository.id, pull.number)
        if record.head_sha == pull.head_sha
    ]
    held = [record for record in records if record.ended_at is None]
    for record in held:
        end_override(look, record, f"@{call.comment.author}", call.comment.id)
    # Those, too, that a job ended for this comment before it was killed.
    ended = held + [one for one in records if one.ended_comment == call.comment.id]
    if not ended:
        raise UsageError(replies.nothing_to_revoke(pull.head_sha))
    call.publisher.reopen(pull.head_sha)
    return Answer(done=True, text=replies.revoked(len(ended), pull.head_sha))


COMMAND = CommandKind(
    "revoke",
    "",
    "Ends the overrides of this commit: the gates decide again.",
    _run,
    allow=("write",),
)
