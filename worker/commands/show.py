"""`show`: the uncovered new lines and functions of a file, with links."""

from __future__ import annotations

from worker.commands._stored import check_length, find_path, stored_verdict
from worker.core.render.explanations import show_files
from worker.core.render.markdown import code
from worker.flows.asking import Answer, Call, CommandKind

__all__ = ["COMMAND"]


def _run(call: Call) -> Answer:
    wanted = check_length(call)
    found = stored_verdict(call)
    if isinstance(found, str):
        return Answer(done=False, text=found)
    verdict, context = found
    files = {file.path: file for file in verdict.evidence.new_code.files}
    if not files:
        return Answer(done=True, text="No report measures a line that this change adds.")
    if wanted in verdict.evidence.report.files and wanted not in files:
        return Answer(done=True, text=f"The change adds no measured line to {code(wanted)}.")
    paths = find_path(wanted, files, folders=True) if wanted else tuple(files)
    return Answer(done=True, text=show_files(context, [files[path] for path in paths]))


COMMAND = CommandKind(
    "show",
    "PATH",
    "Lists the uncovered new lines and functions of a file or a folder.",
    _run,
    reads_verdict=True,
)
