"""`gaps`: the tests that are missing, the most urgent first."""

from __future__ import annotations

from worker.commands._stored import check_length, stored_verdict
from worker.core.errors import UsageError
from worker.core.render.gaps import no_package, render_gaps
from worker.flows.asking import Answer, Call, CommandKind

__all__ = ["COMMAND"]


def _run(call: Call) -> Answer:
    wanted = check_length(call)
    found = stored_verdict(call)
    if isinstance(found, str):
        return Answer(done=False, text=found)
    text = render_gaps(*found, wanted)
    if text is None:
        raise UsageError(no_package(found[0], wanted))
    return Answer(done=True, text=text)


COMMAND = CommandKind(
    "gaps",
    "[PACKAGE]",
    "Lists the tests that are missing, the most urgent first; of one package or folder, too.",
    _run,
    reads_verdict=True,
)
