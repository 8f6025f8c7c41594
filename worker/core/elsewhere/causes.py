"""Why lines flipped: the certain causes first, then what could be."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from worker.core.diff import carry_report
from worker.core.elsewhere.suites import ChangedTest, compare_tests, normal_name
from worker.core.elsewhere.values import Cause, CauseKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.core.diff import Diff
    from worker.core.elsewhere.values import Side
    from worker.core.model import FileCoverage, Report

__all__ = ["Explainer"]

_AGAINST = (
    CauseKind.TEST_REMOVED,
    CauseKind.TEST_RENAMED,
    CauseKind.TEST_SKIPPED,
    CauseKind.TEST_FAILED,
)
"""What takes coverage away; the others give some."""
_FOR = (CauseKind.TEST_ADDED, CauseKind.TEST_RESTORED, CauseKind.TEST_RENAMED)


class Explainer:
    """Explains one file's flipped lines after another's, by what differs between two sides."""

    def __init__(self, before: Side, after: Side, since: Diff, diff: Diff, base: Report) -> None:
        self._before = before
        self._after = after
        self._since = since
        self._diff = diff
        self._base = base
        self._flags_missing = sorted(before.flags.keys() - after.flags.keys())
        self._flags_added = sorted(after.flags.keys() - before.flags.keys())
        self._reports_missing = after.lacks(before)

    def explain(
        self, was: FileCoverage, now: FileCoverage, lost: int, gained: int, flapping: int
    ) -> tuple[Cause, ...]:
        """Return the causes of a file's flipped lines, the certain ones first.

        A line that a certain cause explains gets no further one: what merely could be
        would hide what is.
        """
        causes = [Cause(CauseKind.FLAPPING, (), flapping, certain=True)] if flapping else []
        causes += self._of_lost(was, now, lost & ~flapping)
        causes += self._of_gained(now, gained & ~flapping)
        return tuple(causes)

    def _of_lost(self, was: FileCoverage, now: FileCoverage, lost: int) -> list[Cause]:
        causes = []
        for flag in self._flags_missing:
            file = self._old_flags[flag].files.get(was.path)
            lines = lost & file.hit if file is not None else 0
            if lines:
                causes.append(Cause(CauseKind.FLAG_MISSING, (flag,), lines, certain=True))
        lost = _left(lost, causes)
        if lost and self._reports_missing:
            named = self._reports_missing
            return [*causes, Cause(CauseKind.REPORT_MISSING, named, lost, certain=False)]
        causes += self._by_context(was, lost)
        return causes + self._by_guess(was, now, _left(lost, causes))

    def _by_context(self, was: FileCoverage, lost: int) -> list[Cause]:
        """Return what the tests that ran a line say of its loss, where the report knows them."""
        if not was.contexts:
            return []
        causes = []
        hit_by: dict[tuple[CauseKind, str], int] = {}
        still = 0
        for name, hit in was.contexts:
            lines = hit & lost
            if not lines or not name:
                continue
            key = normal_name(name)
            change = self._changed_before.get(key)
            if change is not None:
                kind = (change.kind, change.name)
                hit_by[kind] = hit_by.get(kind, 0) | lines
            elif self._running and key not in self._running:
                kind = (CauseKind.TEST_REMOVED, name)
                hit_by[kind] = hit_by.get(kind, 0) | lines
            elif name in self._deleting:
                still |= lines
        by_lines: dict[tuple[CauseKind, int], list[str]] = {}
        for (kind_of, name), lines in sorted(hit_by.items()):
            by_lines.setdefault((kind_of, lines), []).append(name)
        for (kind_of, lines), names in sorted(by_lines.items()):
            causes.append(Cause(kind_of, tuple(names), lines, certain=True))
        deleted = _left(still, causes)
        if deleted:
            causes.append(Cause(CauseKind.DELETED_LINE, (), deleted, certain=True))
        return causes

    def _by_guess(self, was: FileCoverage, now: FileCoverage, lost: int) -> list[Cause]:
        """Return what could be why: tests that changed, or covered lines that were deleted.

        Where the baseline tells the tests of this file apart, none of them is to be blamed
        that it does not name.
        """
        if not lost:
            return []
        tests = () if was.contexts else self._tests_against
        causes = [Cause(kind, names, lost, certain=False) for kind, names in tests]
        if now.functions or not causes:
            deleted = self._cut_off(was, now, lost)
            if deleted:
                causes.append(Cause(CauseKind.DELETED_LINE, (), deleted, certain=False))
        return causes

    def _cut_off(self, was: FileCoverage, now: FileCoverage, lost: int) -> int:
        """Return the lost lines of functions that were entered and no longer are.

        Where the reports name no functions, all lost lines of a file that covered lines were
        deleted in.
        """
        if not self._covered_deleted:
            return 0
        if not now.functions:
            return lost if now.path in self._covered_deleted else 0
        entered = {function.name for function in was.functions if function.hits}
        lines = 0
        for function in now.functions:
            if not function.hits and function.name in entered and function.end_line is not None:
                lines |= (2 << function.end_line) - (1 << function.line)
        return lines & lost

    def _of_gained(self, now: FileCoverage, gained: int) -> list[Cause]:
        causes = []
        for flag in self._flags_added:
            file = self._after.flags[flag].files.get(now.path)
            lines = gained & file.hit if file is not None else 0
            if lines:
                causes.append(Cause(CauseKind.FLAG_ADDED, (flag,), lines, certain=True))
        gained = _left(gained, causes)
        if not gained:
            return causes
        by_kind: dict[CauseKind, tuple[list[str], int]] = {}
        for name, hit in now.contexts:
            change = self._changed_after.get(normal_name(name))
            if change is not None and hit & gained:
                names, lines = by_kind.get(change.kind, ([], 0))
                by_kind[change.kind] = ([*names, change.name], lines | hit & gained)
        for kind, (names, lines) in sorted(by_kind.items()):
            causes.append(Cause(kind, tuple(dict.fromkeys(names)), lines, certain=True))
        left = _left(gained, causes)
        if left and not now.contexts:
            causes += [Cause(kind, names, left, certain=False) for kind, names in self._tests_for]
        return causes

    def _tests_of(
        self, kinds: Iterable[CauseKind]
    ) -> tuple[tuple[CauseKind, tuple[str, ...]], ...]:
        changes = self._changes
        found = [(kind, tuple(c.name for c in changes if c.kind is kind)) for kind in kinds]
        return tuple((kind, names) for kind, names in found if names)

    @cached_property
    def _tests_against(self) -> tuple[tuple[CauseKind, tuple[str, ...]], ...]:
        """The names of the tests that may have taken coverage away, by what became of them."""
        return self._tests_of(_AGAINST)

    @cached_property
    def _tests_for(self) -> tuple[tuple[CauseKind, tuple[str, ...]], ...]:
        """Those that may have given some."""
        return self._tests_of(_FOR[:2])

    @cached_property
    def _old_flags(self) -> dict[str, Report]:
        flags = self._before.flags
        return {
            flag: carry_report(carry_report(flags[flag], self._since), self._diff)
            for flag in self._flags_missing
        }

    @cached_property
    def _changes(self) -> tuple[ChangedTest, ...]:
        return compare_tests(self._before.tests, self._after.tests)

    @cached_property
    def _changed_before(self) -> dict[str, ChangedTest]:
        return {c.old: c for c in self._changes if c.kind in _AGAINST}

    @cached_property
    def _changed_after(self) -> dict[str, ChangedTest]:
        return {c.new: c for c in self._changes if c.kind in _FOR}

    @cached_property
    def _running(self) -> frozenset[str]:
        """Normal names of the contexts that the tested commit's report has anywhere."""
        names = {name for file in self._after.report for name, _ in file.contexts if name}
        return frozenset(normal_name(name) for name in names)

    @cached_property
    def _deleting(self) -> frozenset[str]:
        """The contexts in which a line ran that the change deletes."""
        names = set()
        for changed in self._diff:
            file = self._base.files.get(changed.old_path or "")
            if file is not None and changed.status != "copied":
                names |= {name for name, hit in file.contexts if hit & changed.removed}
        return frozenset(names)

    @cached_property
    def _covered_deleted(self) -> frozenset[str]:
        """Paths at the head of the files in which covered lines were deleted."""
        return frozenset(
            changed.path
            for changed in self._diff
            if (file := self._base.files.get(changed.old_path or "")) is not None
            and changed.status != "copied"
            and file.hit & changed.removed
        )


def _left(lines: int, causes: Iterable[Cause]) -> int:
    for cause in causes:
        lines &= ~cause.lines
    return lines
