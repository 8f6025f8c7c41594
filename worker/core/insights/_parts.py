"""Parts of a project that analyses speak of: source files, packages, critical paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from worker.core.model import FileCoverage, Report
from worker.core.numbers import Ratio
from worker.core.paths import Glob
from worker.core.static import is_test_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from worker.core.config import Package
    from worker.core.verdict import Evidence

__all__ = ["Part", "list_parts", "matcher", "remember", "sources_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """A configured package, or where none is configured a folder; its measured files."""

    name: str
    files: tuple[FileCoverage, ...]
    package: Package | None = None

    @property
    def lines(self) -> Ratio:
        """Lines hit, of lines measured."""
        return Report({file.path: file for file in self.files}).lines

    @property
    def functions(self) -> Ratio:
        """Functions called, of functions that the reports name."""
        functions = [function for file in self.files for function in file.functions]
        return Ratio(sum(1 for one in functions if one.hits), len(functions))


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return whether a path is matched by some of the globs, as a function."""
    globs = [Glob(pattern) for pattern in patterns]
    return lambda path: any(glob.matches(path) for glob in globs)


def remember(evidence: Evidence, name: str, make: Callable[[Evidence], T]) -> T:
    """Return what `make` makes of the evidence, made once for all analyses."""
    if name not in evidence.memo:
        evidence.memo[name] = make(evidence)
    made: T = evidence.memo[name]
    return made


def sources_of(evidence: Evidence) -> tuple[FileCoverage, ...]:
    """Return the measured files that are no tests, and have a measured line."""
    return remember(evidence, "sources", _sources)


def list_parts(evidence: Evidence) -> tuple[Part, ...]:
    """Return the packages with a measured line, as configured; or else the topmost folders."""
    return remember(evidence, "parts", _parts)


def _sources(evidence: Evidence) -> tuple[FileCoverage, ...]:
    report = evidence.report
    return tuple(file for file in report if file.measured and not is_test_path(file.path))


def _parts(evidence: Evidence) -> tuple[Part, ...]:
    config, inputs = evidence.config, evidence.inputs
    if not config.packages:
        return _folders(sources_of(evidence))
    parts = []
    for package in config.packages:
        report = inputs.report if package.flag is None else inputs.flags.get(package.flag)
        matches = matcher(package.paths)
        files = tuple(file for file in report or () if file.measured and matches(file.path))
        if files:
            parts.append(Part(package.name, files, package))
    return tuple(parts)


def _folders(files: Sequence[FileCoverage]) -> tuple[Part, ...]:
    """Return the files by the folders below the one that holds all of them."""
    folders = {file.path: file.path.split("/")[:-1] for file in files}
    common = _common(list(folders.values()))
    grouped: dict[str, list[FileCoverage]] = {}
    for file in files:
        name = "/".join(folders[file.path][: common + 1])
        grouped.setdefault(name or ".", []).append(file)
    return tuple(Part(name, tuple(grouped[name])) for name in sorted(grouped))


def _common(folders: Sequence[list[str]]) -> int:
    """Return how many leading folders all paths share."""
    if not folders:
        return 0
    first, last = min(folders), max(folders)
    return next(
        (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other),
        min(len(first), len(last)),
    )
