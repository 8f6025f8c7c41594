"""The diff that is judged, made whole where GitHub left something out.

A comparison stops at 300 files, a pull request's own list at 3,000, and patches are missing
past some 20,000 lines, unmarked (https://github.com/orgs/community/discussions/213491). The
trees of two commits are always whole, and what they hold can be compared here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.core.diff import Diff, FileDiff, diff_of, fill
from worker.core.diff.trees import diff_of_trees
from worker.core.model import line_numbers
from worker.core.tested import Kind
from worker.flows.deps import timed

if TYPE_CHECKING:
    from worker.core.model import Report
    from worker.core.refs import Comparison, PullRequest
    from worker.core.tested import Tested
    from worker.flows.deps import Look
    from worker.flows.sources import Sources

__all__ = ["MOST_FILES", "complete_diff", "list_changes"]

MOST_FILES = 3_000
"""Where GitHub's list of a pull request's files stops."""


@timed("compare")
def list_changes(
    look: Look,
    pull: PullRequest | None,
    comparison: Comparison,
    tested: Tested,
    sources: Sources,
) -> Diff:
    """Return the diff from the tested commit's base to it; of all files, if not all lines.

    By the comparison, the pull request's own list, or else the two trees.
    """
    if comparison.complete:
        return diff_of(comparison.files)
    look.keep_lease()
    if pull is not None and tested.kind is Kind.HEAD:
        listed = _list_pull(look, pull, comparison)
        if listed is not None:
            return listed
    return diff_of_trees(sources.tree(tested.base), sources.tree(tested.commit))


def _list_pull(look: Look, pull: PullRequest, comparison: Comparison) -> Diff | None:
    """Return the diff of the pull request's own list of files; None where it is of no use.

    The list is of the head as it is now, against the base as GitHub last looked at it:
    after a push or another base, it is not of the commits that are judged.
    """
    files = look.github.pull_files(pull.number)
    if len(files) >= MOST_FILES:
        return None
    now = look.github.pull(pull.number)
    if (now.head_sha, now.base_sha, now.base_ref) != (pull.head_sha, pull.base_sha, pull.base_ref):
        return None
    start = look.github.compare(pull.base_sha, pull.head_sha).merge_base
    return diff_of(files) if start == comparison.merge_base else None


def complete_diff(
    diff: Diff,
    report: Report,
    tested: Tested,
    sources: Sources,
    others: frozenset[str] = frozenset(),
) -> Diff:
    """Return the diff with the lines of measured files, and of `others`, that GitHub left out.

    Other files have no measured line, so nothing is asked about them. A copy is new code,
    and GitHub tells only what differs from the original. Raises `DiffIncompleteError` where
    the lines can not be had.
    """
    wanted = report.files.keys() | others
    missing = [_as_new(file) for file in diff if _is_unknown(file) and file.path in wanted]
    if not missing:
        return diff
    old, new = sources.tree(tested.base), sources.tree(tested.commit)
    unlike = [file for file in missing if old.get(file.old_path or "") != new.get(file.path)]
    sources.prefetch((tested.commit, file.path) for file in unlike)
    sources.prefetch((tested.base, file.old_path) for file in unlike if file.old_path)
    found = dict(diff.files)
    for file in missing:
        # Moved as it is, another mode, a submodule or a symbolic link: not a line of code.
        found[file.path] = replace(file, added=0, removed=0, complete=True)
    for file in unlike:
        if file.path in new:
            compared, gone = _compare(file, tested, sources)
            found[file.path] = compared
            if gone is not None:
                found.setdefault(gone.path, gone)
    return Diff.of(found.values())


def _is_unknown(file: FileDiff) -> bool:
    return not file.complete or file.status == "copied"


def _as_new(file: FileDiff) -> FileDiff:
    return replace(file, status="added", old_path=None) if file.status == "copied" else file


def _compare(file: FileDiff, tested: Tested, sources: Sources) -> tuple[FileDiff, FileDiff | None]:
    """Return a file's diff by its two contents; where it was no rename, also what went."""
    new = sources.read(tested.commit, file.path) or b""
    old = sources.read(tested.base, file.old_path) if file.old_path else None
    filled = fill(file, old, new)
    if file.old_path is None or file.old_path == file.path or _are_similar(filled, old or b"", new):
        return filled, None
    created = fill(replace(file, old_path=None, status="added"), None, new)
    return created, FileDiff(file.old_path, file.old_path, 0, 0, "removed")


def _are_similar(file: FileDiff, old: bytes, new: bytes) -> bool:
    """Return whether half of the bytes stayed, which is what git calls a rename."""
    lines = new.split(b"\n")
    fresh = sum(len(lines[number - 1]) + 1 for number in line_numbers(file.added))
    return 2 * (len(new) - fresh) >= max(len(old), len(new))
