"""Git's objects, in memory, with the ids that git itself would give them.

https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

__all__ = [
    "Commit",
    "Executable",
    "Objects",
    "Submodule",
    "Symlink",
    "Tree",
    "TreeEntry",
    "blob_sha",
    "mode_of",
]


class Executable(bytes):
    """A file's content with the mode 100755."""


class Symlink(bytes):
    """A symbolic link: its content is the target's path."""


class Submodule(bytes):
    """Another repository's commit: its content is that commit's id in hexadecimal."""


Tree = Mapping[str, bytes]
"""A whole tree: each file's content by its path."""


def mode_of(data: bytes) -> str:
    """Return the mode that git gives to a file of a tree."""
    modes = {Executable: "100755", Symlink: "120000", Submodule: "160000"}
    return modes.get(type(data), "100644")


def blob_sha(data: bytes) -> str:
    """Return the id of a file's content."""
    return data.decode() if isinstance(data, Submodule) else _hash("blob", data)


def _hash(kind: str, data: bytes) -> str:
    header = f"{kind} {len(data)}\0".encode()
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One line of a tree: `kind` is `blob`, `tree` or `commit` (a submodule)."""

    name: str
    mode: str
    kind: str
    sha: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit with its whole tree."""

    sha: str
    tree_sha: str
    parents: tuple[str, ...]
    message: str
    author: str
    date: datetime
    files: Tree = field(repr=False)


@dataclass(slots=True)
class Objects:
    """What a repository and its forks share."""

    commits: dict[str, Commit] = field(default_factory=dict)
    trees: dict[str, tuple[TreeEntry, ...]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)

    def commit(
        self, files: Tree, parents: tuple[str, ...], message: str, author: str, date: datetime
    ) -> Commit:
        """Store a commit; the same arguments give the same id."""
        tree = self.store_tree(files)
        stamp = f"{author} <{author}@users.noreply.github.com> {int(date.timestamp())} +0000"
        text = "".join(
            [f"tree {tree}\n"]
            + [f"parent {parent}\n" for parent in parents]
            + [f"author {stamp}\ncommitter {stamp}\n\n{message}\n"]
        )
        sha = _hash("commit", text.encode())
        known = self.commits.get(sha)
        if known is None:
            known = Commit(sha, tree, parents, message, author, date.astimezone(UTC), dict(files))
            self.commits[sha] = known
        return known

    def store_tree(self, files: Tree) -> str:
        """Store a tree with all below it, and return its id."""
        entries: list[TreeEntry] = []
        folders: dict[str, dict[str, bytes]] = {}
        for path, data in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(name, {})[rest] = data
                continue
            sha = blob_sha(data)
            if isinstance(data, Submodule):
                entries.append(TreeEntry(name, mode_of(data), "commit", sha))
            else:
                self.blobs[sha] = data
                entries.append(TreeEntry(name, mode_of(data), "blob", sha, len(data)))
        for name, inner in folders.items():
            entries.append(TreeEntry(name, "040000", "tree", self.store_tree(inner)))
        # Git sorts a folder as if its name ended with a slash.
        entries.sort(key=lambda e: (e.name + "/" if e.kind == "tree" else e.name).encode())
        packed = b"".join(
            f"{entry.mode.lstrip('0')} {entry.name}\0".encode() + bytes.fromhex(entry.sha)
            for entry in entries
        )
        sha = _hash("tree", packed)
        self.trees[sha] = tuple(entries)
        return sha

    def walk(self, tree_sha: str, prefix: str = "") -> Iterator[tuple[str, TreeEntry]]:
        """Yield all entries below a tree with their paths, folders before their content."""
        for entry in self.trees[tree_sha]:
            yield prefix + entry.name, entry
            if entry.kind == "tree":
                yield from self.walk(entry.sha, f"{prefix}{entry.name}/")

    def history(self, sha: str) -> list[Commit]:
        """Return a commit and all its ancestors, newest first, children before parents."""
        order: list[Commit] = []
        seen = {sha}
        waiting = [self.commits[sha]]
        while waiting:
            waiting.sort(key=lambda commit: (commit.date, commit.sha))
            commit = waiting.pop()
            order.append(commit)
            for parent in commit.parents:
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(self.commits[parent])
        return order

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor; None for unrelated histories."""
        ours = {commit.sha for commit in self.history(one)}
        return next((c.sha for c in self.history(other) if c.sha in ours), None)

    def between(self, base: str, head: str) -> list[Commit]:
        """Return the commits of `head` that `base` does not have, oldest first."""
        known = {commit.sha for commit in self.history(base)}
        return [commit for commit in reversed(self.history(head)) if commit.sha not in known]
