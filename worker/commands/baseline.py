"""`baseline`: which commit is compared with, how far it is, and why that one."""

from __future__ import annotations

from worker.commands._stored import stored_verdict
from worker.core.render.explanations import baseline_text
from worker.flows.asking import Answer, Call, CommandKind

__all__ = ["COMMAND"]


def _run(call: Call) -> Answer:
    found = stored_verdict(call)
    if isinstance(found, str):
        return Answer(done=False, text=found)
    return Answer(done=True, text=baseline_text(*found))


COMMAND = CommandKind(
    "baseline",
    "",
    "Tells which commit is compared with, how far it is, and why that one.",
    _run,
    reads_verdict=True,
)
