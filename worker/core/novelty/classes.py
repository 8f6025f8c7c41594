"""Added lines told apart into new, moved, and touched ones.

A line is *moved* where the change deletes the same block of lines elsewhere: it brings the
coverage along that it had there. It is *touched* where the change only re-indented or
re-wrapped it and the base's report did not see it run. What is copied, and what lost the
coverage that it had in the same place, is new.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.core.diff import EMPTY_DIFF, Diff, carry_report, read_changes
from worker.core.model import EMPTY_REPORT, MAX_LINE, Report, bitmap
from worker.core.novelty.blocks import Line, Match, match_blocks
from worker.core.novelty.inplace import align
from worker.core.novelty.sources import is_test, suffix_of, suffixes_of
from worker.core.paths import Glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Classes", "tell_apart"]


@dataclass(frozen=True, slots=True)
class Classes:
    """Bitmaps of one file's added lines by class; those in none of them are new.

    `moved` and `touched` have no line in common; `lost ⊆ moved` are the lines that the base's
    report saw run where they were.
    """

    moved: int = 0
    touched: int = 0
    lost: int = 0
    moved_from: tuple[str, ...] = ()
    """Paths at the base of the files that lines moved from, sorted."""


@dataclass(frozen=True, slots=True)
class _Base:
    """The base's report, its lines as they are numbered where the diff begins."""

    report: Report
    known: bool
    """Whether there is one whose lines can be followed to there."""
    since: Diff

    @classmethod
    def of(cls, report: Report | None, since: Diff | None) -> _Base:
        if report is None or since is None:
            return cls(report or EMPTY_REPORT, known=False, since=EMPTY_DIFF)
        return cls(carry_report(report, since), known=True, since=since)

    def saw(self, path: str, lines: int) -> bool | None:
        """Return whether some of these lines ran; None where none of them was measured."""
        file = self.report.files.get(path) if self.known else None
        if file is None or not file.measured & lines:
            return None
        return bool(file.hit & lines)

    def was_no_code(self, path: str, line: int) -> bool:
        """Return whether the report tells of the file, and has no code in this line.

        A text or a comment that becomes code is new.
        """
        file = self.report.files.get(path) if self.known else None
        return file is not None and path not in self.since.files and not file.measured >> line & 1


def tell_apart(
    report: Report,
    diff: Diff,
    base: Report | None = None,
    since: Diff | None = None,
    ignore: Iterable[str] = (),
) -> Mapping[str, Classes]:
    """Return the classes of the measured lines that a diff adds, by path at the head.

    `base` is the report of the commit that lies `since` before the diff's old side (None:
    not known, so that old lines have no state). Files that are all new are left out.
    """
    targets = {
        file.path
        for file in diff
        if file.patch and file.path in report.files
        if report.files[file.path].measured & file.added
    }
    if not targets:
        return {}
    sources = _sources(report, diff, base, [Glob(pattern) for pattern in ignore])
    if not sources:
        return {}
    return _Sorter(_Base.of(base, since), report, diff).sort(sources, targets)


def _sources(report: Report, diff: Diff, base: Report | None, ignore: list[Glob]) -> set[str]:
    """Return the paths at the head of files whose deleted lines may have moved.

    They were measured at the base, or at least are code that could have been: otherwise
    code would be laid down as a text or a test, and be old when it is moved.
    """
    found: set[str] = set()
    asked: dict[str, str] = {}
    for file in diff:
        path = file.old_path
        if path is None or not file.patch or not file.removed:
            continue
        if any(glob.matches(path) for glob in ignore):
            continue
        if base is not None and path in base.files:
            found.add(file.path)
        elif not is_test(path):
            asked[file.path] = suffix_of(path)
    if asked:  # the suffixes of all files are looked at only where one asks for them
        suffixes = suffixes_of(report.files) | suffixes_of(base.files if base is not None else ())
        found |= {path for path, suffix in asked.items() if suffix in suffixes}
    return found


@dataclass(slots=True)
class _Sorter:
    """The changed lines of all files that matter."""

    base: _Base
    report: Report
    diff: Diff
    removed: list[Line] = field(default_factory=list)
    added: list[Line] = field(default_factory=list)
    in_place: list[list[Match]] = field(default_factory=list)

    def sort(self, sources: set[str], targets: set[str]) -> Mapping[str, Classes]:
        number = 0
        for path in sorted(sources | targets):
            file = self.diff.files[path]
            for change in read_changes(file.patch):
                number += 1
                old = file.old_path or file.path
                gone = change.removed if path in sources else ()
                removed = _lines(old, change.old, gone, number)
                added = _lines(path, change.new, change.added, number, counts=path in targets)
                self._add(removed, added)
        moved, stayed = match_blocks(self.removed, self.added, self.in_place)
        return self._classes(moved, stayed)

    def _add(self, removed: list[Line], added: list[Line]) -> None:
        """Take the lines of one change, and see which of them may have stayed."""
        at_removed, at_added = len(self.removed), len(self.added)
        self.removed += removed
        self.added += added
        groups = align([line.text for line in removed], [line.text for line in added])
        if groups:
            self.in_place.append(
                [
                    Match([at_removed + i for i in old], [at_added + j for j in new])
                    for old, new in groups
                ]
            )

    def _classes(self, moved: list[Match], stayed: list[Match]) -> Mapping[str, Classes]:
        found: dict[str, _Found] = defaultdict(_Found)
        for match in moved:
            for i, j in zip(match.removed, match.added, strict=True):
                found[self.added[j].path].move(self.removed[i], self.added[j], self.base)
        for match in stayed:
            path = self.removed[match.removed[0]].path
            old = bitmap(self.removed[index].number for index in match.removed)
            if self.base.saw(path, old) is False:
                touched = [self.added[index] for index in match.added]
                found[touched[0].path].touched += [line.number for line in touched]
        sorted_apart = {
            path: found[path].classes(file.measured & self.diff.files[path].added, file.missed)
            for path in sorted(found)
            if (file := self.report.files.get(path)) is not None
        }
        return {path: one for path, one in sorted_apart.items() if one.moved or one.touched}


@dataclass(slots=True)
class _Found:
    """What was found of one file's added lines: their numbers."""

    moved: list[int] = field(default_factory=list)
    touched: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    """Moved lines that ran where they were."""
    origins: dict[str, list[int]] = field(default_factory=dict)

    def move(self, old: Line, new: Line, base: _Base) -> None:
        if base.was_no_code(old.path, old.number):
            return
        self.moved.append(new.number)
        self.origins.setdefault(old.path, []).append(new.number)
        if base.saw(old.path, 1 << old.number):
            self.seen.append(new.number)

    def classes(self, measured: int, missed: int) -> Classes:
        moved = bitmap(self.moved) & measured
        origins = (path for path, lines in self.origins.items() if bitmap(lines) & measured)
        return Classes(
            moved=moved,
            touched=bitmap(self.touched) & measured,
            lost=bitmap(self.seen) & moved & missed,
            moved_from=tuple(sorted(origins)),
        )


def _lines(
    path: str, first: int, texts: Sequence[str], change: int, *, counts: bool = True
) -> list[Line]:
    """Return the lines of one side of a change that are not blank."""
    last = MAX_LINE + 1 - first
    return [
        Line(path, number, stripped, change, counts)
        for number, text in enumerate(texts[:last], start=first)
        if (stripped := text.strip())
    ]
