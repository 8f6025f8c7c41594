"""Hollow coverage: lines that only mocked tests reach, or tests that assert nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._contexts import UNKNOWN, contexts_of, tests_are_told, tests_of
from worker.core.insights._parts import list_parts, matcher, sources_of
from worker.core.insights._ran import span
from worker.core.insights._reach import Counts, Reached, add_up, reached_by_path
from worker.core.insights._real import asks_for_real, judge_real
from worker.core.insights._weak import test_tables
from worker.core.numbers import Ratio, format_count
from worker.core.static import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from worker.core.insights._contexts import PlacedTest
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "hollow"
TITLE = "Hollow coverage"
_HOW_TO = (
    "Which lines each test runs, the reports do not tell. pytest-cov does with --cov-context=test, "
    "coverage.py with dynamic_context = test_function: upload the file .coverage, or what "
    "coverage json --show-contexts writes."
)
_WEAK = ("mocked tests only", "tests without assertions only")
_REACHED_BY = "What the covered lines are reached by"
_LINES = ("covered", "by real tests", *_WEAK, "on import alone", "not known by which")
_Named = list[tuple[str, list[Reached]]]


def look(evidence: Evidence) -> Insight | None:
    """Sort the tests by what they prove, and the covered lines by the tests that reach them.

    Nothing where no test was read and no threshold asks. Without contexts it speaks of the
    tests alone.
    """
    tests, results = tests_of(evidence), judge_real(evidence)
    if not tests:
        told = "no test was found in the source"
        return Insight(NAME, TITLE, told, results=results) if results else None
    reached = reached_by_path(evidence) if tests_are_told(evidence) else {}
    new = _new_code(evidence, reached)
    hollow = bool(add_up(new).hollow)
    return Insight(
        NAME,
        TITLE,
        _summary(evidence, tests, reached, new),
        (*_line_tables(evidence, reached, new), *test_tables(evidence, tests, reached)),
        results,
        tuple(_advice(evidence)),
        relevant=hollow or any(_is_weak_in_change(one, evidence) for one in tests),
    )


def _is_weak_in_change(one: PlacedTest, evidence: Evidence) -> bool:
    """Return whether the change adds to a test that is mocked or asserts nothing."""
    changed = evidence.diff.files.get(one.path)
    lines = span(one.test.line, one.test.end_line)
    return one.kind is not Kind.REAL and changed is not None and bool(changed.added & lines)


def _advice(evidence: Evidence) -> Iterator[str]:
    if not tests_are_told(evidence) and any(file.path.endswith(".py") for file in evidence.report):
        yield _HOW_TO
    contexts = contexts_of(evidence)
    lost = sum(1 for one in contexts.values() if one is UNKNOWN)
    if lost:
        names = format_count(len(contexts), "context")
        yield f"{lost:,} of {names} in the reports name no test that was found in the source."


def _summary(
    evidence: Evidence,
    tests: Sequence[PlacedTest],
    reached: Mapping[str, Reached],
    new: Sequence[Reached],
) -> str:
    kinds = Counter(one.kind for one in tests)
    told = f"of {format_count(len(tests), 'test')} {kinds[Kind.MOCKED]:,} mocked, "
    told += f"{kinds[Kind.SILENT]:,} without an assertion"
    if not reached:
        return told
    counts = add_up(reached[file.path] for file in sources_of(evidence))
    lines = f"{counts.hollow:,} of {format_count(counts.covered, 'covered line')} are hollow"
    inside = add_up(new).hollow
    return f"{lines}{f', {inside:,} of them new' if inside else ''}; {told}"


def _new_code(evidence: Evidence, reached: Mapping[str, Reached]) -> list[Reached]:
    found = [
        reached[file.path].within(file.covered | file.missed)
        for file in evidence.new_code.files
        if file.path in reached
    ]
    return sorted(found, key=_most_hollow)


def _most_hollow(one: Reached) -> tuple[int, str]:
    return -one.hollow.bit_count(), one.path


def _line_tables(
    evidence: Evidence, reached: Mapping[str, Reached], new: Sequence[Reached]
) -> tuple[Table, ...]:
    if not reached:
        return ()
    sources = [reached[file.path] for file in sources_of(evidence)]
    rows: list[tuple[Cell, ...]] = [("all source files", *_counted(add_up(sources)))]
    packages = any(one.real is not None for one in evidence.config.packages)
    if new:
        rows.append(("new code", *_counted(add_up(new))))
    return (
        Table(("lines", *_LINES), tuple(rows), _REACHED_BY, aside=True),
        _by_file(new, "New code that is hollow"),
        _by_file(sorted(sources, key=_most_hollow), "Files, the most hollow first"),
        _by_name("package", "By package", _packages(evidence, reached), judged=packages),
        _by_name("critical path", "By critical path", _critical(evidence, reached), judged=True),
        _by_name("feature", "By feature", _features(evidence, reached)),
    )


def _counted(counts: Counts) -> tuple[Cell, ...]:
    covered = Ratio(counts.covered, counts.covered + counts.missed)
    weak = (counts.mocked, counts.silent)
    told = not counts.unknown or counts.unknown < counts.covered
    share = counts.share if told else None
    return (covered, share, *weak, counts.imported, counts.unknown)


def _by_file(files: Iterable[Reached], title: str) -> Table:
    rows = tuple(
        (
            Place(one.path),
            add_up([one]).share,
            one.mocked.bit_count(),
            one.silent.bit_count(),
            Place(one.path, one.hollow, named=False),
        )
        for one in files
        if one.hollow
    )
    return Table(("file", "by real tests", *_WEAK, "hollow lines"), rows, title, aside=True)


def _by_name(what: str, title: str, named: _Named, *, judged: bool = False) -> Table:
    rows = tuple((Code(name), *_counted(add_up(files))) for name, files in named)
    return Table((what, *_LINES), rows, title, aside=not judged)


def _packages(evidence: Evidence, reached: Mapping[str, Reached]) -> _Named:
    """Return the files of packages by their names; nothing where there is but one folder."""
    parts = list_parts(evidence)
    if len(parts) < 2 and not evidence.config.packages:
        return []
    # A flag's report may measure what the merged one does not: a carried one, of a file since gone.
    return [
        (one.name, [reached[file.path] for file in one.files if file.path in reached])
        for one in parts
    ]


def _critical(evidence: Evidence, reached: Mapping[str, Reached]) -> _Named:
    return [(one.name, _matched(one.paths, reached)) for one in evidence.config.critical]


def _features(evidence: Evidence, reached: Mapping[str, Reached]) -> _Named:
    return [(one.name, _matched(one.source, reached)) for one in evidence.config.features]


def _matched(patterns: Sequence[str], reached: Mapping[str, Reached]) -> list[Reached]:
    matches = matcher(patterns)
    return [one for path, one in reached.items() if matches(path)]


LOOK = Look(NAME, look, judges=asks_for_real)
