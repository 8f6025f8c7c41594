"""Coverage and test reports that lie about in a checkout, told by their content."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.given import Files, Given, read_file
from worker.core import junit
from worker.core.errors import CovgateError, ReportError
from worker.core.formats import HEAD, MAX_BYTES, read, recognise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from worker.core.model import Report

__all__ = ["Found", "find_reports"]

_NOT_LOOKED_INTO = frozenset(
    {
        "node_modules", "bower_components", "__pycache__", "site-packages", "vendor",
        "third_party", "htmlcov",
    }
)  # fmt: skip
_HIDDEN = frozenset({".nyc_output", ".coverage"})
"""Folders whose names begin with a dot, and that hold reports all the same."""
_SUFFIXES = frozenset({".xml", ".json", ".info", ".lcov", ".out", ".cov", ".dat", ".gz"})
_NAMES = (".coverage", "coverage", "lcov", "cover.", "c.out", ".resultset")
_MOST_LOOKED_AT = 50_000
"""Files whose beginning is read."""
_ORDER = (
    *("coveragepy-json", "istanbul-json", "simplecov-resultset", "llvm-cov-json", "jacoco"),
    *("lcov", "cobertura", "clover"),
)
"""Of several reports of the same tests, the one that tells the most is taken."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is, and what was left out of it, a sentence each."""

    files: Files
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    path: Path
    format: str
    report: Report

    @property
    def names(self) -> frozenset[str]:
        return frozenset(path.rpartition("/")[2] for path in self.report.files)

    @property
    def rank(self) -> tuple[bool, int, str]:
        contexts = any(name for file in self.report for name, _ in file.contexts)
        order = _ORDER.index(self.format) if self.format in _ORDER else len(_ORDER)
        return not contexts, order, self.path.name


def find_reports(root: Path, tracked: Collection[str]) -> Found:
    """Return the reports below a folder, sorted: no files that git looks after (test data).

    Of several coverage reports in one folder that name the same files, one is taken: they
    are of the same tests. Files that only look like reports are left out, and told of.
    """
    coverage: dict[Path, list[Path]] = {}
    tests: list[Given] = []
    notes: list[str] = []
    for path in _candidates(root, tracked):
        kind = _kind(path)
        if kind == "tests":
            tests += _readable(path, root, notes)
        elif kind == "coverage":
            coverage.setdefault(path.parent, []).append(path)
    taken: list[Given] = []
    for folder in sorted(coverage):
        taken += [Given(path) for path in _choose(coverage[folder], root, notes)]
    return Found(Files(tuple(taken), tuple(tests)), tuple(notes))


def _candidates(root: Path, tracked: Collection[str]) -> Iterator[Path]:
    looked_at = 0
    for here, folders, names in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if (not name.startswith(".") or name in _HIDDEN) and name not in _NOT_LOOKED_INTO
        )
        if "pyvenv.cfg" in names:
            folders.clear()
            continue
        for name in sorted(names):
            path = Path(here, name)
            if not _may_be(name) or path.relative_to(root).as_posix() in tracked:
                continue
            looked_at += 1
            if looked_at > _MOST_LOOKED_AT:
                return
            yield path


def _may_be(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in _SUFFIXES or name.startswith(_NAMES)  # noqa: PTH122 - of a name, many thousands of them


def _kind(path: Path) -> str:
    """Return "tests", "coverage", or nothing for other files."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_BYTES:
            return ""
        with path.open("rb") as file:
            head = file.read(HEAD)
        if junit.sniff(head):
            return "tests"
        return "coverage" if recognise(head) is not None else ""
    except (OSError, ReportError):
        return ""


def _readable(path: Path, root: Path, notes: list[str]) -> list[Given]:
    """Return a report of tests, if it is one to its end."""
    try:
        junit.parse_junit(read_file(path))
    except CovgateError as error:
        notes.append(f"{path.relative_to(root)} was left out: {error}")
        return []
    return [Given(path)]


def _choose(paths: list[Path], root: Path, notes: list[str]) -> list[Path]:
    """Return the reports of one folder without those that tell the same as another one."""
    known: list[_Read] = []
    for path in paths:
        try:
            form, parsed = read(read_file(path), lambda name: _source(root, name))
        except CovgateError as error:
            notes.append(f"{path.relative_to(root)} was left out: {error}")
            continue
        known.append(_Read(path, form.name, parsed.report))
    kept: list[_Read] = []
    for one in sorted(known, key=lambda one: one.rank):
        same = next((other for other in kept if _alike(one, other)), None)
        if same is None:
            kept.append(one)
        else:
            notes.append(
                f"{one.path.relative_to(root)} was left out: {same.path.name} beside it is of the "
                "same files"
            )
    return sorted(one.path for one in kept)


def _alike(one: _Read, other: _Read) -> bool:
    """Return whether two reports are of the same run, by the files that they name."""
    return 10 * len(one.names & other.names) >= 9 * min(len(one.names), len(other.names))


def _source(root: Path, name: str) -> bytes | None:
    """Return a source that a report needs to be read, if it is in the checkout."""
    path = root / name
    try:
        inside = path.resolve().is_relative_to(root.resolve())
        return path.read_bytes() if inside and path.is_file() else None
    except (OSError, ValueError):
        return None
