"""Flipped lines and their causes, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.core.junit import NO_TESTS, TestRun
from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.core.model import Report

__all__ = ["NOTHING_ELSEWHERE", "Cause", "CauseKind", "Elsewhere", "FlippedFile", "Side"]


class CauseKind(StrEnum):
    """Why lines flipped; the value is the word that programs get."""

    FLAPPING = "flapping"
    """Known to flap: repeated runs of the same tree differed there."""
    FLAG_MISSING = "flag_missing"
    FLAG_ADDED = "flag_added"
    REPORT_MISSING = "report_missing"
    """A report of the baseline's run, a shard perhaps, is not there."""
    TEST_REMOVED = "test_removed"
    TEST_RENAMED = "test_renamed"
    TEST_SKIPPED = "test_skipped"
    TEST_FAILED = "test_failed"
    TEST_ADDED = "test_added"
    TEST_RESTORED = "test_restored"
    """It was skipped or failed before, and passes now."""
    DELETED_LINE = "deleted_line"
    """Only reached through lines that the change deletes."""


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """Why lines flipped.

    `certain` where the reports say that it was this (a test's own context, a flag's own
    report); otherwise it is what could be, given all that changed. `names` are tests, flags
    or reports, none of them for kinds that have no name.
    """

    kind: CauseKind
    names: tuple[str, ...]
    lines: int
    certain: bool


@dataclass(frozen=True, slots=True)
class FlippedFile:
    """A file with lines outside the diff whose coverage flipped.

    Bitmaps of line numbers at the head; `flapping ⊆ lost | gained`.
    """

    path: str
    lost: int
    """Covered before, missed now."""
    gained: int
    """Missed before, covered now."""
    flapping: int = 0
    causes: tuple[Cause, ...] = ()

    @property
    def unexplained(self) -> int:
        """The lost lines that no cause was seen for."""
        lines = self.lost
        for cause in self.causes:
            lines &= ~cause.lines
        return lines


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """All that flipped outside the diff, by file, sorted by path."""

    files: tuple[FlippedFile, ...] = ()
    vanished: tuple[str, ...] = ()
    """Files that the baseline measured, and that no report mentions though they are there."""
    comparable: bool = True
    """False where it is not known where the baseline's lines are now."""
    removed: Ratio = field(default_factory=Ratio)
    """The baseline's lines that the change removes: covered of measured."""

    @property
    def lost(self) -> int:
        """How many lines lost their coverage."""
        return sum(file.lost.bit_count() for file in self.files)

    @property
    def gained(self) -> int:
        """How many lines are covered that were not."""
        return sum(file.gained.bit_count() for file in self.files)

    @property
    def noise(self) -> int:
        """How many more of the flapping lines were lost than gained; never below 0."""
        lost = sum((file.lost & file.flapping).bit_count() for file in self.files)
        return max(0, lost - sum((file.gained & file.flapping).bit_count() for file in self.files))

    @property
    def causes(self) -> tuple[tuple[CauseKind, tuple[str, ...]], ...]:
        """What explains lost lines, each cause once, over all files."""
        found = {
            (cause.kind, cause.names)
            for file in self.files
            for cause in file.causes
            if cause.lines & file.lost
        }
        return tuple(sorted(found))


NOTHING_ELSEWHERE = Elsewhere()


@dataclass(frozen=True, slots=True)
class Side:
    """What ran on one side of the comparison: the baseline's, or the tested commit's."""

    report: Report
    flags: Mapping[str, Report] = field(default_factory=lambda: MappingProxyType({}))
    tests: TestRun = NO_TESTS
    artifacts: tuple[str, ...] = ()
    """Names of the artifacts that the reports came in; empty where they are not known."""

    def lacks(self, other: Side) -> tuple[str, ...]:
        """Return the artifacts of `other` that are not here, where all that are here are its.

        Names that differ on both sides (a commit's id in them) tell nothing.
        """
        ours, theirs = set(self.artifacts), set(other.artifacts)
        return tuple(sorted(theirs - ours)) if ours and ours < theirs else ()
