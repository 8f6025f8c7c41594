"""Files that a command line names, and the reports that are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from worker.core.analysis import merge_flags
from worker.core.errors import CovgateError, ReportError
from worker.core.formats import read
from worker.core.numbers import format_count
from worker.core.paths import Glob, PathMatch, RepositoryPaths, match_reports
from worker.core.render import Source
from worker.core.render.paths import fix_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.config import Config
    from worker.core.model import Report
    from worker.localgit import LocalGit

__all__ = ["Files", "Given", "given", "read_file", "read_reports", "split_flags"]


@dataclass(frozen=True, slots=True)
class Files:
    """What one side of a comparison left: reports of coverage, and of tests."""

    reports: Sequence[Given] = ()
    tests: Sequence[Given] = ()

    @classmethod
    def of(cls, reports: Sequence[str] | None, tests: Sequence[str] | None) -> Self:
        """Return what two options of a command line name."""
        return cls(*(tuple(given(one) for one in some or ()) for some in (reports, tests)))


@dataclass(frozen=True, slots=True)
class Given:
    """A report of the command line, with its flag where one was given."""

    path: Path
    flag: str | None = None


def given(argument: str) -> Given:
    """Return what `FILE` or `FLAG=FILE` says; a file whose own name has a "=" comes first."""
    flag, separator, name = argument.partition("=")
    if not separator or not flag or Path(argument).exists():
        return Given(Path(argument))
    return Given(Path(name), flag)


def read_file(path: Path) -> bytes:
    """Return a file's bytes; `CovgateError` says which could not be read and why."""
    try:
        return path.read_bytes()
    except OSError as error:
        hint = "; name the file in it" if isinstance(error, IsADirectoryError) else ""
        raise CovgateError(f"{path} can't be read: {error.strerror or error}{hint}") from error


def read_reports(
    files: Sequence[Given], git: LocalGit, commit: str | None, rules: Config
) -> tuple[PathMatch, tuple[Source, ...]]:
    """Return the reports as one under the paths at `commit` (None: the working tree).

    Raises `CovgateError` where a report can't be read, or nothing is left of them.
    """

    def read_own(path: str) -> bytes | None:
        return next((data for _, data in git.contents([path], commit)), None)

    repository = RepositoryPaths(git.paths(commit), rules.path_fixes, read_own)

    def read_source(path: str) -> bytes | None:
        found = repository.find(path)
        return read_own(found[0]) if len(found) == 1 else None

    pairs: list[tuple[Report, Sequence[str]]] = []
    sources: list[Source] = []
    for one in files:
        path = one.path
        try:
            known, parsed = read(read_file(path), read_source)
        except ReportError as error:
            raise error.named(str(path)) from error
        pairs.append((parsed.report, parsed.sources))
        sources.append(Source("", str(path), known.name, len(parsed.report), one.flag))
    ignore = [Glob(pattern) for pattern in rules.ignore]
    match = match_reports(pairs, repository, ignore)
    if not match.report.lines.total:
        raise CovgateError(_why_nothing(files, match, commit[:7] if commit else str(git.root)))
    return match, tuple(sources)


def split_flags(files: Sequence[Given], match: PathMatch) -> Mapping[str, Report]:
    """Return the reports of files that have a flag, those of each flag as one."""
    return merge_flags(zip((one.flag for one in files), match.parts, strict=True))


def _why_nothing(files: Sequence[Given], match: PathMatch, place: str) -> str:
    names = ", ".join(str(one.path) for one in files)
    if match.unmatched:
        count = format_count(len(match.unmatched), "file")
        fixes = [fix for short in match.shortfalls for fix in short.fixes]
        mend = f", or set path_fixes: [{fix_text(fixes[0])}]" if fixes else ""
        return (
            f"none of the {count} in {names} is in {place}: run the tests there, or make paths "
            f"relative (for example {match.unmatched[0]!r}){mend}"
        )
    if match.ambiguous:
        first = match.ambiguous[0]
        return (
            f"{names}: {first.path!r} may be {' or '.join(first.candidates)} of {place}: make "
            "the paths relative to the top of the checkout"
        )
    return f"{names}: no line is measured; did the tests run with coverage?"
