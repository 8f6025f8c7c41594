"""The diff that GitHub's lists of changed files tell, and what they leave out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.core.diff.hunks import write_patch
from worker.core.diff.patch import parse_patch
from worker.core.diff.texts import diff_lines, split_lines
from worker.core.diff.values import Diff, FileDiff
from worker.core.errors import DiffIncompleteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.refs import ChangedFile

__all__ = ["diff_of", "fill"]

_EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
"""Git's id of the empty file, such as most `__init__.py`."""
_BINARY_PROBE = 8_000
"""Git looks for a zero byte in as many bytes (buffer_is_binary in xdiff-interface.c)."""


def diff_of(files: Sequence[ChangedFile]) -> Diff:
    """Return the diff that a compare or a pull request's list of files tells.

    GitHub lists a file without a patch and with 0 additions when it is binary, when it was
    only renamed, and also when the diff is past its limits (20,000 lines in all, or 1 MB),
    and nothing in its answer tells these apart. So no patch means `complete=False`, unless
    the file is gone or empty at the head. The same holds where a patch does not have the
    additions and deletions that stand beside it.
    """
    return Diff.of(_file_diff(file) for file in files)


def fill(file: FileDiff, old: bytes | None, new: bytes | None) -> FileDiff:
    """Return `file` complete, from its bytes at the merge base (`old_path`) and the head.

    None stands for a side that does not exist. Lines of binary files count too: a report
    may measure sources in UTF-16. Raises `DiffIncompleteError` where the two can not be
    compared.
    """
    before, after = split_lines(old or b""), split_lines(new or b"")
    try:
        added, removed = diff_lines(before, after)
    except DiffIncompleteError as error:
        raise DiffIncompleteError(f"{file.path}: {error}") from error
    binary = any(b"\0" in side[:_BINARY_PROBE] for side in (old, new) if side)
    patch = write_patch(before, after, added, removed)
    return replace(file, added=added, removed=removed, complete=True, binary=binary, patch=patch)


def _file_diff(file: ChangedFile) -> FileDiff:
    added, removed, complete = _lines(file)
    return FileDiff(
        path=file.path,
        old_path=None if file.status == "added" else file.previous_path or file.path,
        added=added,
        removed=removed,
        status=file.status,
        complete=complete or file.status == "removed",
        patch=file.patch if complete and file.patch else "",
    )


def _lines(file: ChangedFile) -> tuple[int, int, bool]:
    if file.patch is None:
        return 0, 0, file.blob_sha == _EMPTY_BLOB or file.status == "unchanged"
    try:
        added, removed = parse_patch(file.patch)
    except DiffIncompleteError:
        return 0, 0, False
    counted = added.bit_count(), removed.bit_count()
    return added, removed, counted == (file.additions, file.deletions)
