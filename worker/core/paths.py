"""Globs, and finding the repository's files that a report's paths mean.

Reports name files as the tool saw them: relative to a source root, absolute on the CI
machine, with backslashes, inside an installed package. They are matched with the
repository's list of files and never opened, so `../../etc/passwd` is merely unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.core.model import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from worker.core.model import FileCoverage

__all__ = [
    "MAX_PATTERN",
    "Ambiguous",
    "Glob",
    "PathMatch",
    "RepositoryPaths",
    "match_paths",
    "match_reports",
]

MAX_PATTERN = 1_000
"""Characters of a glob; the work for one character of a path grows with it."""
_MAX_STATES = 4_096
_MAX_CANDIDATES = 10

# "*" and "?" stop at slashes, "**" does not, "**/" stands for any number of folders.
_PART = re.compile(r"(?<![^/])\*\*/|\*\*+|\*|\?|[^*?]", re.DOTALL)
_INSIDE = "**…/"
"""Follows each "**/": some of a folder's name was read, and only a slash ends it."""

# Where GitHub's runners check a repository out, so that what follows is its own path:
# https://docs.github.com/en/actions/reference/workflows-and-actions/variables (GITHUB_WORKSPACE)
_CHECKOUT = re.compile(
    r"(?:/home/runner/work|/Users/runner/work|/__w|/a|/runner/_work|/actions-runner/_work)"
    r"/([^/]+)/\1/|/github/workspace/"
)
_DRIVE = re.compile(r"^[A-Za-z]:(?=/|$)")
_OTHERS = frozenset({"node_modules"})
"""Folders of other people's files, whose names are no evidence."""


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern for a whole path or name: `*` and `?` within a folder, `**` across folders.

    `**/x` also matches `x`, `dir/` means everything below `dir`; brackets and braces are
    ordinary characters (`[id].tsx` is a file's name). Matching takes time in proportion to
    the path, whatever the pattern: it never backtracks. Raises `ValueError` for an empty
    pattern or one longer than `MAX_PATTERN`.
    """

    pattern: str
    _parts: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _steps: dict[tuple[int, str], int] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        text = self.pattern.removeprefix("./").removeprefix("/")
        if not text or len(text) > MAX_PATTERN:
            raise ValueError(f"a glob has 1 to {MAX_PATTERN} characters, not {len(text)}")
        if text.endswith("/"):
            text += "**"
        parts: list[str] = []
        for part in _PART.findall(text):
            parts += (part, _INSIDE) if part == "**/" else (part,)
        object.__setattr__(self, "_parts", tuple(parts))

    def matches(self, path: str) -> bool:
        """Return whether the whole of `path` (with forward slashes) matches."""
        states, steps = self._closure(1), self._steps
        for character in path:
            key = (states, character)
            following = steps.get(key)
            if following is None:
                if len(steps) > _MAX_STATES:
                    steps.clear()
                following = steps[key] = self._step(states, character)
            states = following
        return bool(states >> len(self._parts) & 1)

    def _step(self, states: int, character: str) -> int:
        """Return the states after one more character; bit n: the first n parts are done."""
        after = 0
        for index in _bits(states):
            part = self._parts[index] if index < len(self._parts) else ""
            if part in ("**/", _INSIDE):
                inside = index + (part == "**/")
                after |= (3 if character == "/" else 1) << inside
            elif part.startswith("**") or (part == "*" and character != "/"):
                after |= 1 << index
            elif part == character or (part == "?" and character != "/"):
                after |= 2 << index
        return self._closure(after)

    def _closure(self, states: int) -> int:
        """Add the states reached by letting wildcards match nothing."""
        for index, part in enumerate(self._parts):
            if states >> index & 1 and part.startswith("*") and part != _INSIDE:
                states |= (4 if part == "**/" else 2) << index
        return states


def _bits(states: int) -> Iterator[int]:
    while states:
        lowest = states & -states
        yield lowest.bit_length() - 1
        states ^= lowest


@dataclass(frozen=True, slots=True, order=True)
class Ambiguous:
    """A report's path that may mean several of the repository's files (the first ten)."""

    path: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PathMatch:
    """A report by the repository's paths, and what could not be found there, sorted."""

    report: Report
    unmatched: tuple[str, ...] = ()
    ambiguous: tuple[Ambiguous, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The report's paths that are no file, or none for sure."""
        return (*self.unmatched, *(one.path for one in self.ambiguous))


def match_paths(
    report: Report, sources: Sequence[str], repository_paths: frozenset[str]
) -> PathMatch:
    """Return one report with the paths of the repository's files: see `match_reports`."""
    return match_reports([(report, sources)], RepositoryPaths(repository_paths))


def match_reports(
    reports: Iterable[tuple[Report, Sequence[str]]], repository: RepositoryPaths
) -> PathMatch:
    """Return `reports`, merged, with the paths of the repository's files.

    With each report come the folders that it says its paths are relative to. In order: the
    path behind a GitHub runner's checkout folder; below such a folder, where the repository
    has that very folder; the path as it is; the longest end that it shares with one file
    alone. Two files that share as much are not guessed between.
    """
    matched: list[FileCoverage] = []
    unmatched: set[str] = set()
    ambiguous: set[Ambiguous] = set()
    for report, sources in reports:
        for file in report:
            found = repository.find(file.path, sources)
            if not found:
                unmatched.add(file.path)
            elif len(found) > 1:
                candidates = tuple(sorted(found)[:_MAX_CANDIDATES])
                ambiguous.add(Ambiguous(file.path, candidates))
            else:
                matched.append(file.moved_to(found[0]))
    return PathMatch(Report.of(matched), tuple(sorted(unmatched)), tuple(sorted(ambiguous)))


class RepositoryPaths:
    """A repository's file list, with an index of the ends of its paths made when needed."""

    def __init__(self, paths: frozenset[str]) -> None:
        self._paths = paths
        self._ends: dict[str, list[str]] | None = None

    def find(self, path: str, sources: Sequence[str] = ()) -> Sequence[str]:
        """Return the repository's files that a report's path may mean.

        `sources` are the folders that the report says its paths are relative to.
        """
        path = _normalise(path)
        roots = [_normalise(source) for source in sources]
        spellings = [path] if path.startswith("/") else [_normalise(f"{r}/{path}") for r in roots]
        behind = {rest for rest in map(_behind_checkout, spellings) if rest in self._paths}
        if behind:
            return list(behind)
        longer = {found for spelling in spellings if (found := self._whole_end(spelling, path))}
        if longer:
            return list(longer)
        if path in self._paths:
            return [path]
        return self._shared_end(path)

    def _whole_end(self, spelling: str, path: str) -> str:
        """Return the longest end of `spelling` that is a file's whole path.

        It has to hold all of `path` and a folder of the source's, where there is one.
        """
        parts = spelling.strip("/").split("/")
        # An absolute path's name alone is left to `_shared_end`.
        least = 2 if path.startswith("/") else path.count("/") + 2
        for count in range(len(parts), least - 1, -1):
            end = "/".join(parts[-count:])
            if end in self._paths and not _OTHERS.intersection(parts[:-count]):
                return end
        return ""

    def _shared_end(self, path: str) -> Sequence[str]:
        """Return the files that share the longest end with `path`.

        A name alone proves something only where it is the whole path of one of the two:
        `/usr/lib/python3/typing.py` is not `src/typing.py`.
        """
        parts = path.strip("/").split("/")
        ends = self._index()
        for count in range(len(parts), 0, -1):
            found = ends.get("/".join(parts[-count:]))
            if found is None:
                continue
            if _OTHERS.intersection(parts[:-count]):
                return ()
            if count > 1 or len(parts) == 1:
                return found
            return [whole for whole in found if "/" not in whole]
        return ()

    def _index(self) -> dict[str, list[str]]:
        if self._ends is None:
            self._ends = {}
            for path in sorted(self._paths):
                start = 0
                while True:
                    self._ends.setdefault(path[start:], []).append(path)
                    start = path.find("/", start) + 1
                    if start == 0:
                        break
        return self._ends


def _behind_checkout(path: str) -> str:
    """Return what follows a GitHub runner's checkout folder; empty where there is none."""
    found = _CHECKOUT.match(path)
    return path[found.end() :] if found else ""


def _normalise(path: str) -> str:
    """Return a path with forward slashes, without a drive, `.` and `..`."""
    path = path.strip()
    if "\\" in path or ":" in path:
        path = _DRIVE.sub("", path.removeprefix("file://").replace("\\", "/"))
    if "./" not in path and "//" not in path and not path.endswith(("/", "/.", "/..")):
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return ("/" if path.startswith("/") else "") + "/".join(parts)
