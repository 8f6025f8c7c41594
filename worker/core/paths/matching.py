"""Reports under the repository's own paths, and what is to be said of those not found."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.model import Report
from worker.core.numbers import Ratio
from worker.core.paths.hints import suggest_fixes, suggest_ignore
from worker.core.paths.repository import RepositoryPaths
from worker.core.paths.spelling import behind_checkout, is_foreign, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from worker.core.model import FileCoverage
    from worker.core.paths.fixes import PathFix
    from worker.core.paths.glob import Glob

__all__ = ["Ambiguous", "PathMatch", "Shortfall", "match_paths", "match_reports"]

_ENOUGH = Fraction(9, 10)
"""The share of a report's files below which its paths are taken for wrong."""
_EXAMPLES = 3


@dataclass(frozen=True, slots=True, order=True)
class Ambiguous:
    """A report's path that may mean several of the repository's files (ten of them)."""

    path: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A report of whose files fewer than 90 % were found, or some may be several.

    Files that the configuration ignores, and those that are plainly a library's or
    generated, do not count.
    """

    index: int
    """Which of the reports it is, from 0."""
    files: Ratio
    """Found, of those that count."""
    examples: tuple[str, ...] = ()
    """The first paths that are no file."""
    ambiguous: tuple[Ambiguous, ...] = ()
    """The first paths that may be several."""
    fixes: tuple[PathFix, ...] = ()
    """What `path_fixes` would have to say."""
    mended: int = 0
    """How many of the paths `fixes` would lead to a file."""
    ignore: tuple[str, ...] = ()
    """Globs of the folders that most of the paths lie in, where no fix mends them."""

    @property
    def is_short(self) -> bool:
        """Whether fewer than 90 % were found."""
        return self.files.covered < _ENOUGH * self.files.total


@dataclass(frozen=True, slots=True)
class PathMatch:
    """Reports by the repository's paths, and what could not be found there, sorted."""

    report: Report
    unmatched: tuple[str, ...] = ()
    ambiguous: tuple[Ambiguous, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    parts: tuple[Report, ...] = ()
    """Each of the reports by itself, in the order in which they were given."""

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
    reports: Iterable[tuple[Report, Sequence[str]]],
    repository: RepositoryPaths,
    ignore: Sequence[Glob] = (),
) -> PathMatch:
    """Return `reports`, merged, with the paths of the repository's files.

    With each report come the folders that it says its paths are relative to. In order: where
    a fix of the configuration leads; the path behind a GitHub runner's checkout folder; below
    such a folder, where the repository has that very folder; the path as it is; the longest
    end that it shares with one file alone; the folder of a Go module; the same with another
    case. Two files that share as much are not guessed between. What `ignore` names does not
    count in a `Shortfall`; it is matched like every other file.
    """
    tallies = [
        _Tally(index, report, sources, repository)
        for index, (report, sources) in enumerate(reports)
    ]
    return PathMatch(
        Report.of(file for tally in tallies for file in tally.found),
        tuple(sorted({path for tally in tallies for path in tally.unmatched})),
        tuple(sorted({one for tally in tallies for one in tally.ambiguous})),
        tuple(short for tally in tallies if (short := tally.shortfall(repository, ignore))),
        tuple(Report.of(tally.found) for tally in tallies),
    )


class _Tally:
    """One report's files: found, unknown, and not to be told apart."""

    def __init__(
        self, index: int, report: Report, sources: Sequence[str], repository: RepositoryPaths
    ) -> None:
        self._index = index
        self.found: list[FileCoverage] = []
        self.unmatched: list[str] = []
        self.ambiguous: list[Ambiguous] = []
        for file in report:
            found = repository.find(file.path, sources)
            if not found:
                self.unmatched.append(file.path)
            elif len(found) > 1:
                self.ambiguous.append(Ambiguous(file.path, tuple(found)))
            else:
                self.found.append(file if file.path == found[0] else file.moved_to(found[0]))

    def shortfall(self, repository: RepositoryPaths, ignore: Sequence[Glob]) -> Shortfall | None:
        """Return what is to be said of the report's paths; None where nothing is."""
        unmatched = [
            path
            for path in self.unmatched
            if not is_foreign(path) and not _is_ignored(path, ignore)
        ]
        ambiguous = [
            one
            for one in self.ambiguous
            if not all(_is_ignored(path, ignore) for path in one.candidates)
        ]
        if not unmatched and not ambiguous:
            return None
        found = sum(not _is_ignored(file.path, ignore) for file in self.found)
        missing = [*unmatched, *(one.path for one in ambiguous)]
        files = Ratio(found, found + len(missing))
        if not ambiguous and files.covered >= _ENOUGH * files.total:
            return None
        fixes, left = suggest_fixes(missing, repository)
        unclear = {one.path for one in ambiguous}
        return Shortfall(
            self._index,
            files,
            tuple(unmatched[:_EXAMPLES]),
            tuple(ambiguous[:_EXAMPLES]),
            fixes,
            len(missing) - len(left),
            suggest_ignore([path for path in left if path not in unclear]),
        )


def _is_ignored(path: str, ignore: Sequence[Glob]) -> bool:
    """Return whether a path is ignored, as a report's or as the repository's own."""
    if not ignore:
        return False
    spelled = normalise(path)
    plain = behind_checkout(spelled) or spelled.lstrip("/")
    return any(glob.matches(plain) for glob in ignore)
