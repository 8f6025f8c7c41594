"""Find the lines outside the diff whose coverage flipped."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from worker.core.diff import LineMap, carry_file, carry_report
from worker.core.elsewhere.causes import Explainer
from worker.core.elsewhere.values import Elsewhere, FlippedFile
from worker.core.model import FileCoverage
from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from worker.core.diff import Diff
    from worker.core.elsewhere.values import Side
    from worker.core.flapping import Flapping
    from worker.core.model import Report

__all__ = ["compare_sides"]

_NO_LINES = FileCoverage("")


def compare_sides(
    before: Side, after: Side, *, since: Diff | None, diff: Diff, flapping: Flapping
) -> Elsewhere:
    """Return what flipped outside the diff, with its causes.

    `since` is what changed between the baseline's commit and the commit that `diff` begins
    at; None where that is not known, and then nothing can be compared line by line. Only
    files that differ are looked into.
    """
    if since is None:
        return Elsewhere(comparable=False)
    base = carry_report(before.report, since)
    old = _Carried(base, diff)
    explainer = Explainer(before, after, since, diff, base)
    files = []
    for file in old.unlike(after.report):
        was = old.file(file.path)
        if was is None:
            continue
        lost = was.hit & file.measured & ~file.hit
        gained = was.measured & ~was.hit & file.hit
        if not lost and not gained:
            continue
        known = _known_to_flap(base, diff, file.path, flapping) | flapping.of_file(file)
        known &= lost | gained
        causes = explainer.explain(was, file, lost, gained, known)
        files.append(FlippedFile(file.path, lost, gained, known, causes))
    vanished = old.vanished(after.report)
    return Elsewhere(tuple(files), vanished, removed=_removed(base, diff))


class _Carried:
    """The base's files where they are at the head, each made when it is asked for."""

    def __init__(self, base: Report, diff: Diff) -> None:
        self._base = base.files
        self._diff = diff.files
        before = {file.old_path: file for file in diff if file.status not in {"copied", "added"}}
        added = (file.path for file in diff if file.status in {"copied", "added"})
        self._moved = {file.path: old for old, file in before.items() if old is not None}
        self._gone = before.keys() | set(added)

    def unlike(self, after: Report) -> list[FileCoverage]:
        """Return the files of a report that may differ: nearly all are as they were."""
        moved = self._moved
        before = list(map(self._base.get, after.files, repeat(_NO_LINES)))
        return [
            file
            for was, file in zip(before, after, strict=True)
            if was.hit != file.hit or was.measured != file.measured or file.path in moved
        ]

    def file(self, path: str) -> FileCoverage | None:
        """Return a file by its path at the head; None where it is new, or is not to be told."""
        old_path = self._moved.get(path)
        if old_path is None:
            return self._base.get(path) if path not in self._gone else None
        old, change = self._base.get(old_path), self._diff[path]
        if old is None or not change.complete or change.status == "removed":
            return None
        return carry_file(old, change)

    def vanished(self, after: Report) -> tuple[str, ...]:
        """Return the paths, sorted, of files that are there and that a report has no more."""
        files = after.files
        missing = {path for path in self._base if path not in files} - self._gone
        missing |= {path for path in self._moved if path not in after.files}
        found = ((path, self.file(path)) for path in sorted(missing))
        return tuple(path for path, file in found if file is not None and file.measured)


def _known_to_flap(base: Report, diff: Diff, path: str, flapping: Flapping) -> int:
    """Return the lines that flapped in the base, where they are at the head.

    Learned before the change, they have the numbers of before the change.
    """
    changed = diff.files.get(path)
    old_path = changed.old_path if changed is not None else path
    file = base.files.get(old_path or "")
    lines = flapping.of_file(file) if file is not None else 0
    if not lines or changed is None:
        return lines
    return LineMap.of(changed).bitmap(lines)


def _removed(base: Report, diff: Diff) -> Ratio:
    """Return the lines that the base's report measured and that the change removes."""
    covered = total = 0
    for changed in diff:
        file = base.files.get(changed.old_path or "")
        if file is not None and changed.status != "copied":
            # Of a whole file that goes, not every diff tells the lines.
            gone = file.measured if changed.status == "removed" else changed.removed
            covered += (file.hit & gone).bit_count()
            total += (file.measured & gone).bit_count()
    return Ratio(covered, total)
