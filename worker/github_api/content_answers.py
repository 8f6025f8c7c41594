"""What Covgate reads of GitHub's JSON about commits, differences and files.

As in `answers.py`: the fields in use, and each type turns itself into the value that travels on.
"""

from __future__ import annotations

import msgspec

from worker.core.refs import ChangedFile, Commit, Sha

__all__ = [
    "BlobAnswer",
    "CommitAnswer",
    "ComparisonAnswer",
    "ContentAnswer",
    "FileAnswer",
    "GitCommitAnswer",
    "TreeAnswer",
    "TreeEntry",
]


class FileAnswer(msgspec.Struct):
    """A file of a diff."""

    filename: str
    status: str
    additions: int
    deletions: int
    patch: str | None = None
    previous_filename: str | None = None
    sha: Sha | None = None

    def value(self) -> ChangedFile:
        """Return the changed file."""
        return ChangedFile(
            path=self.filename,
            status=self.status,
            additions=self.additions,
            deletions=self.deletions,
            patch=self.patch,
            previous_path=self.previous_filename,
            blob_sha=self.sha,
        )


class _Ref(msgspec.Struct):
    sha: Sha


class _Details(msgspec.Struct):
    tree: _Ref


class _MergeBase(msgspec.Struct):
    sha: Sha
    commit: _Details | None = None


class _Said(msgspec.Struct):
    message: str = ""


class _CommitAhead(msgspec.Struct):
    commit: _Said


class ComparisonAnswer(msgspec.Struct):
    """A comparison of two commits."""

    base_commit: _Ref
    merge_base_commit: _MergeBase
    ahead_by: int
    behind_by: int
    files: list[FileAnswer] = []
    commits: list[_CommitAhead] = []


class CommitAnswer(msgspec.Struct):
    """A commit in a list of commits."""

    sha: Sha
    commit: _Details
    parents: list[_Ref]

    def value(self) -> Commit:
        """Return the commit."""
        return Commit(self.sha, tuple(parent.sha for parent in self.parents), self.commit.tree.sha)


class GitCommitAnswer(msgspec.Struct):
    """A commit as the git database has it."""

    sha: Sha
    tree: _Ref
    parents: list[_Ref]

    def value(self) -> Commit:
        """Return the commit."""
        return Commit(self.sha, tuple(parent.sha for parent in self.parents), self.tree.sha)


class ContentAnswer(msgspec.Struct):
    """A file, folder, link or submodule at a path."""

    type: str
    sha: Sha = Sha("")
    size: int = 0
    content: str = ""
    encoding: str = ""


class BlobAnswer(msgspec.Struct):
    """A file's content by its blob."""

    content: str


class TreeEntry(msgspec.Struct):
    """One entry of a tree: `type` is `blob`, `tree` or `commit` (a submodule)."""

    path: str
    mode: str
    type: str
    sha: Sha = Sha("")


class TreeAnswer(msgspec.Struct):
    """A folder's entries, or all below it; not all of them where it is truncated."""

    tree: list[TreeEntry]
    truncated: bool = False
