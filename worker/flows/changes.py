"""The diff of a pull request, made whole where GitHub left something out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.core.diff import Diff, FileDiff, diff_of, fill
from worker.core.errors import DiffIncompleteError, RefusedError

if TYPE_CHECKING:
    from worker.core.model import Report
    from worker.core.refs import Comparison, Sha
    from worker.flows.deps import Look
    from worker.ports import GitHub

__all__ = ["MAX_BLOB", "MOST_FILES", "complete_diff", "list_changes"]

MOST_FILES = 3_000
"""Where GitHub's list of a pull request's files stops."""

MAX_BLOB = 10 * 2**20
"""The longest source file that is diffed here, in bytes."""


def list_changes(github: GitHub, number: int, comparison: Comparison) -> Diff:
    """Return the diff from the merge base to the head, as far as GitHub tells it.

    A comparison stops at 300 files, the pull request's own list at 3,000; beyond that
    `DiffIncompleteError` is raised.
    """
    if comparison.complete:
        return diff_of(comparison.files)
    files = github.pull_files(number)
    if len(files) >= MOST_FILES:
        raise DiffIncompleteError(
            f"The pull request changes {MOST_FILES:,} files or more, and GitHub lists no more "
            "than that: files beyond it would go unjudged."
        )
    return diff_of(files)


def complete_diff(look: Look, diff: Diff, report: Report, commits: tuple[Sha, Sha]) -> Diff:
    """Return the diff with the lines of measured files that GitHub left out.

    `commits` are merge base and head. Files that no report mentions have no measured line,
    so nothing is asked about them.
    """
    missing = [diff.files[path] for path in diff.incomplete if path in report.files]
    if not missing:
        return diff
    found = dict(diff.files)
    for file in missing:
        look.keep_lease()
        found[file.path] = _diff_blobs(look.github, file, commits)
    return Diff.of(found.values())


def _diff_blobs(github: GitHub, file: FileDiff, commits: tuple[Sha, Sha]) -> FileDiff:
    merge_base, head = commits
    try:
        new = github.file(file.path, head, limit=MAX_BLOB)
        old = github.file(file.old_path, merge_base, limit=MAX_BLOB) if file.old_path else b""
    except RefusedError as error:
        raise DiffIncompleteError(
            f"GitHub gives no diff of {file.path}, and not the file either, to compare it here: "
            f"{error}"
        ) from error
    if new is None:  # a submodule or a symbolic link: not a line of code
        return replace(file, added=0, removed=0, complete=True)
    return fill(file, old or b"", new)
