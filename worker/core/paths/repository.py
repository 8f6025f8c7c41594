"""The repository's list of files, and which of them a report's path may mean."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

from worker.core.paths.ends import Ends
from worker.core.paths.golang import GoModules, places, read_modules
from worker.core.paths.spelling import behind_checkout, is_hopeless, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.core.paths.fixes import PathFix

__all__ = ["MOST_CANDIDATES", "RepositoryPaths"]

MOST_CANDIDATES = 10
_MOST_ROOTS = 200
"""Source roots of one report; a build of many modules names one for each."""
_MOST_JOINED = 20
"""Source roots below which a fix is tried."""

_OTHERS = frozenset({"node_modules"})
"""Folders of other people's files, whose names are no evidence."""
_INSTALLED = ("site-packages", "dist-packages")
"""What follows is a whole import path: `requests/utils.py` is not `app/utils.py`."""
_PACKAGE_FREE = (".kt", ".kts", ".scala", ".groovy")
_SOURCE_FOLDERS = ("kotlin", "java", "scala", "groovy")
"""Kotlin's conventions leave the common root package out of the folders:
https://kotlinlang.org/docs/coding-conventions.html#directory-structure"""


class RepositoryPaths:
    """A repository's file list; what it takes to search it is made when it is needed.

    `fixes` are the configuration's. `read` gives a file's bytes by its path, None where it
    can't be had; nothing but `go.mod` files is asked for.
    """

    def __init__(
        self,
        paths: frozenset[str],
        fixes: Sequence[PathFix] = (),
        read: Callable[[str], bytes | None] | None = None,
    ) -> None:
        self._paths = paths
        self._fixes = fixes
        self._read = read
        self._roots: dict[tuple[str, ...], _Roots] = {}

    def find(self, path: str, sources: Sequence[str] = ()) -> Sequence[str]:
        """Return the repository's files that a report's path may mean, ten of them at most.

        `sources` are the folders that the report says its paths are relative to.
        """
        if not sources and not self._fixes and path in self._paths:
            return (path,)
        if is_hopeless(path):
            return ()
        spelled = normalise(path)
        roots = self._resolve(tuple(sources))
        fixed = self._fixed(spelled, roots)
        if fixed:
            return (fixed,)
        spellings = [spelled]
        if "%" in spelled and (plain := normalise(unquote(spelled))) != spelled:
            spellings += [plain] * (not is_hopeless(plain))
        for one in spellings:
            found = self._exact(one, roots) or self._shared_end(one)
            if one.endswith(".go") and (len(found) != 1 or _is_weak(one, found[0])):
                found = self._go(one, found)
            if found:
                return found
        for one in spellings:
            found = self._whatever_case(one)
            if found:
                return found
        return ()

    def named(self, name: str, most: int) -> list[str]:
        """Return up to `most` of the files of that name, in whatever folder."""
        return self._ends.ending(name, most)

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def _fixed(self, path: str, roots: _Roots) -> str:
        """Return the file that the first fitting fix leads to; empty where none does.

        A fix is for the path as written or, where the report names folders that its paths
        are relative to, below those.
        """
        for fix in self._fixes:
            for spelling in (path, *roots.joined(path)):
                fixed = fix.apply(spelling)
                if fixed in self._paths:
                    return fixed or ""
        return ""

    def _exact(self, path: str, roots: _Roots) -> Sequence[str]:
        """Return the files whose whole path is told by `path` and where it stands."""
        if path.startswith("/"):
            behind = behind_checkout(path)
            if behind in self._paths:
                return (behind,)
            whole = self._whole_end(path)
            return (whole,) if whole else ()
        for folders in (roots.sure, roots.likely):
            found = {self._first_below(ends, path) for ends in folders} - {""}
            if found:
                return sorted(found)[:MOST_CANDIDATES]
        return (path,) if path in self._paths else ()

    def _first_below(self, folders: Sequence[str], path: str) -> str:
        below = (normalise(f"{folder}/{path}" if folder else path) for folder in folders)
        return next((one for one in below if one in self._paths), "")

    def _whole_end(self, path: str) -> str:
        """Return the longest end of an absolute path that is a file's whole path.

        A name alone is left to `_shared_end`.
        """
        start, last = 1, path.rfind("/")
        while 0 < start <= last:
            if path[start:] in self._paths:
                return path[start:] if _may_end(path, start) else ""
            start = path.find("/", start) + 1
        return ""

    def _shared_end(self, path: str) -> Sequence[str]:
        """Return the files that share the longest end with `path`.

        A name alone proves something only where it is the whole path of one of the two:
        `/usr/lib/python3/typing.py` is not `src/typing.py`.
        """
        parts = path.strip("/").split("/")
        count = self._ends.shared("/".join(parts))
        if not count or not _may_end("/".join(parts), _start_of(parts, count)):
            return ()
        end = "/".join(parts[-count:])
        if count > 1 or len(parts) == 1:
            return self._ends.ending(end, MOST_CANDIDATES)
        if end in self._paths:
            return (end,)
        if path.endswith(_PACKAGE_FREE) and not path.startswith("/"):
            found = [self._ends.ending(f"{root}/{end}", 2) for root in _SOURCE_FOLDERS]
            return sorted(one for some in found for one in some)
        return ()

    def _whatever_case(self, path: str) -> Sequence[str]:
        """Return the one file whose path differs in its case, as on Windows and macOS.

        The whole of one path has to be the end of the other, and no second file fits.
        """
        parts = path.casefold().strip("/").split("/")
        count = self._folded_ends.shared("/".join(parts))
        if not count or not _may_end("/".join(parts), _start_of(parts, count)):
            return ()
        end = "/".join(parts[-count:])
        if end in self._folded and (count > 1 or len(parts) == 1):
            found: Sequence[str] = self._folded[end]
        elif count == len(parts):
            folded = self._folded_ends.ending(end, 2)
            found = [one for text in folded for one in self._folded[text]]
        else:
            return ()
        return found if len(found) == 1 else ()

    def _go(self, path: str, found: Sequence[str]) -> Sequence[str]:
        """Return the file where a Go module has it, in the place of what its end has found.

        Of a module that is not the repository's, a name alone proves nothing.
        """
        claimed = places(self._modules, path)
        if claimed:
            there = [place for place in claimed if place in self._paths]
            return sorted(there)[:MOST_CANDIDATES]
        return () if self._modules and len(found) == 1 else found

    def _resolve(self, sources: tuple[str, ...]) -> _Roots:
        """Return what the folders that a report names are in this repository."""
        roots = self._roots.get(sources)
        if roots is None:
            some = list(dict.fromkeys(s for s in sources if not is_hopeless(s)))[:_MOST_ROOTS]
            roots = self._roots[sources] = _Roots([normalise(s) for s in some], self)
        return roots

    def folder_ends(self, source: str) -> list[str]:
        """Return the ends of a folder's path that are folders here, the longest first."""
        parts = source.strip("/").split("/")
        return [
            end
            for start in range(len(parts))
            if self._is_folder(end := "/".join(parts[start:])) and _OTHERS.isdisjoint(parts[:start])
        ]

    def _is_folder(self, path: str) -> bool:
        at = bisect_left(self._sorted, f"{path}/")
        return at < len(self._sorted) and self._sorted[at].startswith(f"{path}/")

    @cached_property
    def _ends(self) -> Ends:
        return Ends(self._paths)

    @cached_property
    def _folded(self) -> dict[str, list[str]]:
        folded: dict[str, list[str]] = {}
        for path in self._sorted:
            folded.setdefault(path.casefold(), []).append(path)
        return folded

    @cached_property
    def _folded_ends(self) -> Ends:
        return Ends(self._folded)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._paths)

    @cached_property
    def _modules(self) -> GoModules:
        return {} if self._read is None else read_modules(self._paths, self._read)


class _Roots:
    """The folders that a report says its paths are relative to.

    `sure` are those behind a runner's checkout folder, `likely` the ends of the others
    that are folders of the repository; of each source its own list, the longest first.
    """

    def __init__(self, sources: Sequence[str], repository: RepositoryPaths) -> None:
        self._sources = sources
        self.sure: list[list[str]] = []
        self.likely: list[list[str]] = []
        for source in sources:
            slashed = source.rstrip("/") + "/"
            behind = behind_checkout(slashed)
            if behind or behind_checkout(f"{slashed}x") == "x":
                self.sure.append([behind.rstrip("/")])
            ends = repository.folder_ends(source)
            if ends:
                self.likely.append(ends)

    def joined(self, path: str) -> list[str]:
        """Return a relative path below each of the folders."""
        if path.startswith("/"):
            return []
        return [normalise(f"{source}/{path}") for source in self._sources[:_MOST_JOINED]]


def _start_of(parts: Sequence[str], count: int) -> int:
    """Return where the last `count` parts begin in the joined path."""
    return sum(len(part) + 1 for part in parts[: len(parts) - count])


def _is_weak(path: str, found: str) -> bool:
    """Return whether an import path (`example.com/x/y.go`) was found by its name alone."""
    host, slash, _ = path.partition("/")
    return bool(slash) and "." in host and "/" not in found


def _may_end(path: str, start: int) -> bool:
    """Return whether a path may be known by its end from `start` on.

    Not below other people's folders; and behind an installation's folder the end has to
    hold all that follows.
    """
    before = path[:start].split("/")
    if not _OTHERS.isdisjoint(before):
        return False
    return all(name not in before[:-2] for name in _INSTALLED)
