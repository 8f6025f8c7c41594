"""`recheck`: judge anew from fresh facts, however the check stands."""

from __future__ import annotations

from worker.flows.asking import Answer, Call, CommandKind

__all__ = ["COMMAND"]


def _run(call: Call) -> Answer:
    """Let the check be opened anew: the very look that reads this judges it."""
    call.publisher.reopen(call.pull.head_sha)
    call.look.effects.remove(f"base of {call.pull.head_sha}")  # waits for the base once more
    return Answer(done=True)


COMMAND = CommandKind(
    "recheck",
    "",
    "Judges anew from fresh facts, also where the check is stuck.",
    _run,
    allow=("author", "write"),
)
