"""Reports and diffs drawn as text, so that a test shows what it is about.

    src/a.py
    +  hit
       miss
    +  partial
    +  -

One row a line of the file: `+` where the change adds it, then what the report says of it
(`-`: not measured). A row `100 x hit` stands for a hundred such lines.
"""

from __future__ import annotations

import re

from worker.core.diff import Diff, FileDiff
from worker.core.model import FileCoverage, Report, bitmap

_ROW = re.compile(r"^(?P<added>\+)?\s*(?:(?P<count>\d+) x )?(?P<state>hit|miss|partial|-)$")


def draw(text: str) -> tuple[Report, Diff]:
    """Return the report and the diff of a drawing."""
    reports: list[FileCoverage] = []
    diffs: list[FileDiff] = []
    for path, rows in _files(text):
        states: dict[str, list[int]] = {"hit": [], "miss": [], "partial": [], "-": []}
        added: list[int] = []
        number = 1
        for row in rows:
            match = _ROW.match(row)
            assert match, f"not a drawn line: {row!r}"
            for _ in range(int(match["count"] or 1)):
                states[match["state"]].append(number)
                if match["added"]:
                    added.append(number)
                number += 1
        hit = bitmap(states["hit"] + states["partial"])
        reports.append(
            FileCoverage(path, hit | bitmap(states["miss"]), hit, bitmap(states["partial"]))
        )
        if added:
            diffs.append(FileDiff(path, path, bitmap(added), 0, "modified"))
    return Report.of(file for file in reports if file.measured), Diff.of(diffs)


def project(covered: int, total: int) -> Report:
    """Return a report of one file with that many lines."""
    lines = range(1, total + 1)
    return Report.of([FileCoverage("all.py", bitmap(lines), bitmap(lines[:covered]))])


def _files(text: str) -> list[tuple[str, list[str]]]:
    files: list[tuple[str, list[str]]] = []
    for raw in text.splitlines():
        row = raw.strip()
        if not row:
            continue
        if _ROW.match(row):
            files[-1][1].append(row)
        else:
            files.append((row, []))
    return files
