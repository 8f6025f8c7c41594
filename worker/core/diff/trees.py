"""The diff of two whole trees by their blobs: for when GitHub's lists of files stop.

It tells which files changed, not which lines: what it can not tell is not `complete`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from worker.core.diff.values import Diff, FileDiff

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from worker.core.refs import Sha

__all__ = ["diff_of_trees"]


def diff_of_trees(old: Mapping[str, Sha], new: Mapping[str, Sha]) -> Diff:
    """Return what differs between two trees, each the blobs of its files by path.

    A file that came with the content of one that went is a rename; one that came with a
    name that went elsewhere, and only once, may be one with edits, as git supposes too
    (https://git-scm.com/docs/gitdiffcore): compare the two to know it.
    """
    gone = sorted(old.keys() - new.keys())
    come = sorted(new.keys() - old.keys())
    moved = dict(_find_moved(old, new, gone, come))
    renamed = moved | dict(_find_namesakes(_without(gone, moved.values()), _without(come, moved)))
    changed = [path for path in old.keys() & new.keys() if old[path] != new[path]]
    files = [_of(path, path, "modified") for path in changed]
    for path in come:
        before = renamed.get(path)
        status = "renamed" if before else "added"
        files.append(_of(path, before, status, complete=path in moved))
    files += [_of(p, p, "removed", complete=True) for p in _without(gone, renamed.values())]
    return Diff.of(files)


def _of(path: str, before: str | None, status: str, *, complete: bool = False) -> FileDiff:
    return FileDiff(path, before, added=0, removed=0, status=status, complete=complete)


def _without(paths: list[str], others: Collection[str]) -> list[str]:
    out = frozenset(others)
    return [path for path in paths if path not in out]


def _find_moved(
    old: Mapping[str, Sha], new: Mapping[str, Sha], gone: list[str], come: list[str]
) -> Iterator[tuple[str, str]]:
    """Yield (new path, old path) of equal contents, those of the same name first."""
    by_blob: dict[Sha, list[str]] = {}
    for path in gone:
        by_blob.setdefault(old[path], []).append(path)
    for path in come:
        before = by_blob.get(new[path])
        if before:
            same = [one for one in before if _name(one) == _name(path)]
            found = (same or before)[0]
            before.remove(found)
            yield path, found


def _find_namesakes(gone: list[str], come: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (new path, old path) where both are the only ones of their name."""
    names_gone, names_come = Counter(map(_name, gone)), Counter(map(_name, come))
    only = {_name(path): path for path in gone if names_gone[_name(path)] == 1}
    for path in come:
        if names_come[_name(path)] == 1 and _name(path) in only:
            yield path, only[_name(path)]


def _name(path: str) -> str:
    return path.rpartition("/")[2]
