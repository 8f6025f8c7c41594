"""What a change adds and removes: from GitHub's patches, from git, or from two texts."""

from worker.core.diff.hunks import Change, read_changes
from worker.core.diff.listing import diff_of, fill
from worker.core.diff.mapping import LineMap, carry_file, carry_report
from worker.core.diff.patch import parse_patch, parse_unified
from worker.core.diff.texts import diff_texts
from worker.core.diff.values import EMPTY_DIFF, Diff, FileDiff

__all__ = [
    "EMPTY_DIFF",
    "Change",
    "Diff",
    "FileDiff",
    "LineMap",
    "carry_file",
    "carry_report",
    "diff_of",
    "diff_texts",
    "fill",
    "parse_patch",
    "parse_unified",
    "read_changes",
]
