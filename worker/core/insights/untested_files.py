"""Source files that no report mentions, and those without any test of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.insight import Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._parts import matcher
from worker.core.insights._subjects import Subjects, stem_of
from worker.core.novelty.sources import is_aside, suffix_of, suffixes_of
from worker.core.numbers import Ratio, format_count
from worker.core.static import is_test_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.core.insight import Cell
    from worker.core.static import FileFacts
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "untested_files"


def look(evidence: Evidence) -> Insight | None:
    """Compare the files of the repository with the reports, and with its tests by name.

    Nothing where the repository's files are not known.
    """
    material = evidence.inputs.material
    if material.paths is None or not evidence.report.files:
        return None
    sources = _sources(evidence, material.paths)
    if not sources:
        return None
    measured = evidence.report.files.keys()
    unmeasured = [path for path in sources if path not in measured]
    tested = _tested(evidence, sources)
    without = [path for path in sources if path not in tested]
    changed = evidence.diff.files
    new = [path for path in without if path in changed and not _is_reached(evidence, path)]
    rows: tuple[tuple[Cell, ...], ...] = (
        ("measured by a report", Ratio(len(sources) - len(unmeasured), len(sources))),
        ("with a test of their own", Ratio(len(tested), len(sources))),
    )
    files = format_count(len(sources), "source file")
    return Insight(
        NAME,
        "Files without tests",
        f"{len(without):,} of {files} without a test of their own, "
        f"{len(unmeasured):,} in no report"
        f"{f'; the change touches {len(new):,} that no test runs' if new else ''}",
        (
            Table(("source files", "share"), rows),
            _table(unmeasured, evidence, "In no report"),
            _table(without, evidence, "Without a test of their own"),
        ),
        relevant=bool(new),
    )


def _sources(evidence: Evidence, paths: Iterable[str]) -> list[str]:
    """Return the files that a report should mention, by their suffixes and names.

    Files without code, as most `__init__.py` are, have nothing to measure.
    """
    suffixes = suffixes_of(evidence.report.files)
    ignored, measured = matcher(evidence.config.ignore), evidence.report.files
    facts = evidence.inputs.material.facts
    return [
        path
        for path in sorted(paths)
        if suffix_of(path) in suffixes and not is_test_path(path) and not is_aside(path)
        if not ignored(path)
        if (measured[path].measured if path in measured else _may_have_code(path, facts.get(path)))
    ]


def _may_have_code(path: str, facts: FileFacts | None) -> bool:
    return stem_of(path) != "__init__" if facts is None else facts.lines > 0


def _tested(evidence: Evidence, sources: list[str]) -> frozenset[str]:
    """Return the sources that have a test: in them, named for them, or importing them."""
    material = evidence.inputs.material
    tests = [path for path in material.paths or () if is_test_path(path)]
    subjects = Subjects(tests, material.facts)
    return frozenset(
        path
        for path in sources
        if (path in material.facts and material.facts[path].tests) or subjects.hold(path)
    )


def _is_reached(evidence: Evidence, path: str) -> bool:
    file = evidence.report.files.get(path)
    return file is not None and file.hit > 0


def _table(paths: list[str], evidence: Evidence, title: str) -> Table:
    """Return the files with their lines of code, the longest first, and their coverage."""
    known, measured = evidence.inputs.material.facts, evidence.report.files
    lines = {path: known[path].lines if path in known else None for path in paths}
    paths = sorted(paths, key=lambda path: (-(lines[path] or 0), path))
    covered = {path: measured[path].lines for path in paths if path in measured}
    rows = tuple((Place(path), lines[path], covered.get(path)) for path in paths)
    return Table(("file", "lines of code", "coverage"), rows, title)


LOOK = Look(NAME, look)
