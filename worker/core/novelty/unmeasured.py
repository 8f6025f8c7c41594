"""Changed source files that no report mentions, and why, where that can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.diff import read_changes
from worker.core.model import MAX_LINE, bitmap
from worker.core.novelty.sources import has_code, is_aside, is_test, suffix_of, suffixes_of
from worker.core.novelty.values import UnmeasuredFile, Why
from worker.core.paths import Glob

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.core.diff import Diff, FileDiff
    from worker.core.model import Report

__all__ = ["find_unmeasured", "may_be_unmeasured"]


def may_be_unmeasured(diff: Diff, report: Report, ignore: Iterable[str] = ()) -> frozenset[str]:
    """Return the changed files that a report should mention, by their names, and none does.

    They have the suffix of a measured file, and are no tests, packaging or documents; nor
    are they ignored.
    """
    globs = [Glob(pattern) for pattern in ignore]
    missing = [
        file.path
        for file in diff
        if file.status != "removed" and file.path not in report.files
        if not is_test(file.path) and not is_aside(file.path)
        if not any(glob.matches(file.path) for glob in globs)
    ]
    suffixes = suffixes_of(report.files) if missing else frozenset()
    return frozenset(path for path in missing if suffix_of(path) in suffixes)


def find_unmeasured(
    diff: Diff, report: Report, base: Report | None = None, ignore: Iterable[str] = ()
) -> tuple[UnmeasuredFile, ...]:
    """Return these files, with the lines of code that the change adds to them.

    A file whose added lines hold no code is left out; one whose text is not known is not,
    if the change may have added some.
    """
    paths = sorted(may_be_unmeasured(diff, report, ignore))
    folders = _folders(report) if paths else frozenset()
    found = []
    for path in paths:
        file = diff.files[path]
        lines = _code_lines(file)
        if lines or not file.complete:
            before = base is not None and (file.old_path or path) in base.files
            found.append(UnmeasuredFile(path, lines, _why(path, folders, before=before)))
    return tuple(found)


def _code_lines(file: FileDiff) -> int:
    suffix = suffix_of(file.path)
    return bitmap(
        number
        for change in read_changes(file.patch)
        for number, text in enumerate(change.added, start=change.new)
        if number <= MAX_LINE and has_code(text, suffix)
    )


def _why(path: str, folders: frozenset[str], *, before: bool) -> Why:
    if before:
        return Why.DROPPED
    return Why.NEIGHBOURS if _folder(path) in folders else Why.FOLDER


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _folders(report: Report) -> frozenset[str]:
    """Return the folders with a measured file somewhere in them, but the top only with its own."""
    own = {_folder(path) for path in report.files}
    parts = (folder.split("/") for folder in own)
    return frozenset(
        own | {"/".join(names[:count]) for names in parts for count in range(1, len(names))}
    )
