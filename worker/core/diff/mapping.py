"""Where a line of the base is at the head.

A diff removes some old lines and adds some new ones; all others stay, in their order. So the
k-th old line that is not removed is the k-th new line that is not added.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from worker.core.branches import Branches, branch_line
from worker.core.model import FileCoverage, Function, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from worker.core.diff.values import Diff, FileDiff

__all__ = ["LineMap", "carry_file", "carry_report"]

_RUNS = re.compile("0+|1+")
_ENDLESS = 1 << 62
_FEW = 16
"""Runs that are moved one after another: each takes a look at the whole file's bitmap."""


@dataclass(frozen=True, slots=True)
class LineMap:
    """Old to new line numbers, as runs of lines that moved together.

    A run is (first old line, first new line, how many); runs ascend on both sides and the
    last one has no end. Line 0, which no file has, stays where it is.
    """

    runs: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, file: FileDiff) -> LineMap:
        """Return the map of a changed file."""
        return _map(file.removed, file.added)

    def line(self, number: int) -> int | None:
        """Return the new number of an old line; None where it was removed."""
        at = bisect_right(self.runs, (number, _ENDLESS, _ENDLESS)) - 1
        old, new, count = self.runs[at]
        return new + number - old if number - old < count else None

    def bitmap(self, lines: int) -> int:
        """Return where the old lines of a bitmap are now; the removed ones are left out.

        Takes time in proportion to the file's length, however many hunks there are.
        """
        if len(self.runs) == 1 and self.runs[0][0] == self.runs[0][1]:
            return lines
        if len(self.runs) <= _FEW:
            return self._shifted(lines)
        bits = f"{lines:b}"[::-1]
        parts: list[str] = []
        written = 0
        for old, new, count in self.runs:
            if old >= len(bits):
                break
            part = bits[old : old + count]
            parts += ("0" * (new - written), part)
            written = new + len(part)
        return int("".join(parts)[::-1] or "0", 2)

    def _shifted(self, lines: int) -> int:
        """Return the same, a step through all lines for each run."""
        moved = 0
        for old, new, count in self.runs:
            part = lines >> old
            if not part:
                break
            if count < _ENDLESS >> 1:
                part &= (1 << count) - 1
            moved |= part << new
        return moved


@lru_cache(maxsize=64)
def _map(removed: int, added: int) -> LineMap:
    gone, come = _kept(removed), _kept(added)
    old, left = next(gone)
    new, room = next(come)
    runs = []
    while True:
        count = min(left, room)
        runs.append((old, new, count))
        if count > _ENDLESS >> 1:
            return LineMap(tuple(runs))
        old, new, left, room = old + count, new + count, left - count, room - count
        if not left:
            old, left = next(gone)
        if not room:
            new, room = next(come)


def _kept(others: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of lines that are not in a bitmap, as (first, how many)."""
    bits = f"{others:b}"[::-1] if others else ""
    for run in _RUNS.finditer(bits):
        if run[0][0] == "0":
            yield run.start(), run.end() - run.start()
    yield len(bits), _ENDLESS


def carry_report(report: Report, diff: Diff) -> Report:
    """Return an older report with the paths and lines that its files have after a change.

    Lines that the change removes are left out with all that stands on them, and so are
    files that it removes, or changes in a way that the diff does not tell. A copy is a new
    file: the original keeps its coverage.
    """
    if not len(diff):
        return report
    moved = {old: file for file in diff if (old := _path_before(file)) is not None}
    gone = moved.keys() | {file.path for file in diff if file.status in {"removed", "added"}}
    files = [file for file in report if file.path not in gone]
    for path, file in moved.items():
        if path in report.files and file.complete and file.status != "removed":
            files.append(carry_file(report.files[path], file))
    return Report.of(files)


def _path_before(file: FileDiff) -> str | None:
    return None if file.status in {"copied", "added"} else file.old_path


def carry_file(old: FileCoverage, file: FileDiff) -> FileCoverage:
    """Return what an older report says of a file, with the path and lines after its change."""
    lines = LineMap.of(file)
    contexts = ((name, lines.bitmap(hit)) for name, hit in old.contexts)
    return msgspec.structs.replace(
        old,
        path=file.path,
        measured=lines.bitmap(old.measured),
        hit=lines.bitmap(old.hit),
        partial=lines.bitmap(old.partial),
        branches=_carry_branches(old.branches, lines),
        functions=tuple(_carry_functions(old.functions, lines)),
        contexts=tuple((name, hit) for name, hit in contexts if hit),
    )


def _carry_branches(branches: Branches, lines: LineMap) -> Branches:
    if not branches.octets and not branches.rest:
        return branches
    carried = []
    for branch in branches:
        line = lines.line(branch.line)
        if line is not None:
            carried.append(branch_line(line, branch.taken, branch.total, branch.arms, branch.order))
    return Branches.of(carried)


def _carry_functions(functions: Iterable[Function], lines: LineMap) -> Iterator[Function]:
    for function in functions:
        line = lines.line(function.line)
        if line is None:
            continue
        end = None if function.end_line is None else lines.line(function.end_line)
        yield Function(line, function.name, function.hits, end)
