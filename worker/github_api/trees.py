"""The trees of commits: listed once, kept for the next job, or made of one that is known.

Most heads are a small step from a base whose tree is known already: the comparison says
which files differ. A tree never changes, so what is kept is as good as what is asked for.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import msgspec

from worker.core.refs import Sha

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worker.core.refs import ChangedFile, Comparison
    from worker.ports import Cache

__all__ = ["Trees", "step"]

_SLOTS = 4
"""How many trees are kept of a repository: of one commit each on a few branches."""
_LONGEST = 64 * 2**20
_PLAIN = frozenset({"added", "modified", "removed", "renamed"})
_NO_FILE = ("\\ No newline at end of file", "Subproject commit")
"""How the patch of a symbolic link or of a submodule shows: neither is in a tree here."""

_decoder = msgspec.msgpack.Decoder(tuple[Sha, dict[str, Sha]])


class Trees:
    """The trees of one repository, for one job. `ask` lists one; `prefix` begins the keys."""

    def __init__(
        self, ask: Callable[[Sha], Mapping[str, Sha]], cache: Cache | None, prefix: str
    ) -> None:
        self._ask = ask
        self._cache = cache
        self._prefix = prefix
        self._known: dict[Sha, Mapping[str, Sha]] = {}
        self._steps: dict[Sha, Comparison] = {}

    def note(self, head: Sha, comparison: Comparison) -> None:
        """Remember how a commit differs from another one."""
        self._steps[head] = comparison

    def get(self, sha: Sha) -> Mapping[str, Sha]:
        """Return the blob of each file at a commit, by path."""
        if sha not in self._known:
            self._known[sha] = self._kept(sha) or self._stepped(sha) or self._listed(sha)
        return self._known[sha]

    def _stepped(self, sha: Sha) -> Mapping[str, Sha] | None:
        comparison = self._steps.get(sha)
        if comparison is None or self._cache is None or comparison.merge_base == sha:
            return None
        if not _is_plain(comparison):
            return None
        return step(self.get(comparison.merge_base), comparison)

    def _listed(self, sha: Sha) -> Mapping[str, Sha]:
        tree = self._ask(sha)
        if self._cache is not None:
            packed = zlib.compress(msgspec.msgpack.encode((sha, tree)), 1)
            self._cache.put(self._slot(sha), packed)
        return tree

    def _kept(self, sha: Sha) -> Mapping[str, Sha] | None:
        packed = self._cache.get(self._slot(sha)) if self._cache is not None else None
        if packed is None:
            return None
        try:
            data = zlib.decompressobj().decompress(packed, _LONGEST)
            kept, tree = _decoder.decode(data)
        except (zlib.error, msgspec.DecodeError):
            return None
        return tree if kept == sha else None

    def _slot(self, sha: Sha) -> str:
        return f"{self._prefix}tree:{int(sha[:8], 16) % _SLOTS}"


def step(tree: Mapping[str, Sha], comparison: Comparison) -> Mapping[str, Sha] | None:
    """Return the tree of a comparison's head, made of its merge base's.

    None where the comparison does not tell it for certain: a list that was cut, or an entry
    that may be a link or a submodule.
    """
    if not _is_plain(comparison):
        return None
    left = [_old_path(file) for file in comparison.files if file.status != "added"]
    kept = [_old_path(file) for file in comparison.files if file.status in {"modified", "renamed"}]
    if any(path not in tree for path in kept):
        return None  # it was no file before
    # All that went first: of two files that changed places, each has the other's old path.
    gone = set(left)
    made = {path: blob for path, blob in tree.items() if path not in gone}
    for file in comparison.files:
        if file.status != "removed" and file.blob_sha:
            made[file.path] = file.blob_sha
    return made


def _old_path(file: ChangedFile) -> str:
    return (file.previous_path if file.status == "renamed" else None) or file.path


def _is_plain(comparison: Comparison) -> bool:
    return comparison.complete and all(_is_certain(file) for file in comparison.files)


def _is_certain(file: ChangedFile) -> bool:
    if file.status not in _PLAIN or not file.blob_sha:
        return False
    if file.patch is None:
        return file.status == "removed" or (file.status == "renamed" and not file.additions)
    return file.status == "removed" or not any(text in file.patch for text in _NO_FILE)
