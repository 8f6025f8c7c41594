"""Two versions of files, from which diffs and reports are made for tests.

A version is a mapping of paths to texts. A line's state stands at its end: `#+` covered,
`#-` missed, `#/` partial; lines without one are not measured. The states are no part of the
text that is compared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.core.diff import Diff, FileDiff, fill
from worker.core.model import FileCoverage, Report, bitmap

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["between", "measured", "plain"]

_STATE = re.compile(r"[ ]*#([-+/])$", re.MULTILINE)


def plain(text: str) -> str:
    """Return a text without its states."""
    return _STATE.sub("", text)


def measured(files: Mapping[str, str]) -> Report:
    """Return the report of one version."""
    return Report.of(file for path, text in files.items() if (file := _coverage(path, text)))


def between(old: Mapping[str, str], new: Mapping[str, str]) -> Diff:
    """Return the shortest diff of two versions, with its text."""
    files = []
    for path in sorted(old.keys() | new.keys()):
        before, after = (plain(side[path]) if path in side else None for side in (old, new))
        status = "added" if before is None else "removed" if after is None else "modified"
        if before != after:
            file = FileDiff(path, None if before is None else path, 0, 0, status, complete=False)
            files.append(
                fill(
                    file,
                    None if before is None else before.encode(),
                    None if after is None else after.encode(),
                )
            )
    return Diff.of(files)


def _coverage(path: str, text: str) -> FileCoverage | None:
    states: dict[str, list[int]] = {"+": [], "-": [], "/": []}
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _STATE.search(line):
            states[match[1]].append(number)
    hit = bitmap(states["+"] + states["/"])
    lines = hit | bitmap(states["-"])
    return FileCoverage(path, lines, hit, bitmap(states["/"])) if lines else None
