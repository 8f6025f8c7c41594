"""`explain`: how a number was made, or what is known of one line."""

from __future__ import annotations

import re

from worker.commands._stored import check_length, find_path, stored_verdict
from worker.core.model import MAX_LINE
from worker.core.overrides import find_gate
from worker.core.render.explanations import explain_gates
from worker.core.render.lines import explain_line
from worker.flows.asking import Answer, Call, CommandKind

__all__ = ["COMMAND"]

_LINE = re.compile(r"(?P<path>.+?)(?::|#L)(?P<line>[1-9][0-9]{0,8})", re.ASCII)


def _run(call: Call) -> Answer:
    wanted = check_length(call).strip("`\"'")
    found = stored_verdict(call)
    if isinstance(found, str):
        return Answer(done=False, text=found)
    verdict, context = found
    place = _LINE.fullmatch(wanted)
    if place is not None:
        files = verdict.evidence.report.files
        (path,) = find_path(place["path"], files)
        line = min(int(place["line"]), MAX_LINE)
        return Answer(done=True, text=explain_line(verdict, context, files[path], line))
    results = verdict.results
    if wanted:
        name = find_gate(wanted, [(result.name, result.title) for result in results])
        results = tuple(result for result in results if result.name == name)
    return Answer(done=True, text=explain_gates(verdict, context, results))


COMMAND = CommandKind(
    "explain",
    "[GATE | PATH:LINE]",
    "Tells how the numbers were made; of a line, the tests that reach it and the nearest one.",
    _run,
    reads_verdict=True,
)
