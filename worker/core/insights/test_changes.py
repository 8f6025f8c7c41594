"""Tests in the change: whether those that belong to the changed source changed with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._contexts import tests_of
from worker.core.insights._parts import matcher
from worker.core.insights._ran import span
from worker.core.insights._subjects import Subjects
from worker.core.insights._tests import base_tests_of, id_before
from worker.core.novelty.sources import is_aside, suffix_of, suffixes_of
from worker.core.numbers import Ratio, format_count, format_percent
from worker.core.results import GateResult, Outcome
from worker.core.static import is_test_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.diff import FileDiff
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "test_changes"
_GATE = "tests in the change"


@dataclass(frozen=True, slots=True)
class _Source:
    """A changed source file."""

    path: str
    lines: Ratio
    """Of the measured lines that the change adds."""
    own: bool
    """Whether a test of its own changed, too."""


def look(evidence: Evidence) -> Insight | None:
    """Hold the changed source against the changed tests.

    Nothing where no source changed, or the repository's files are not known.
    """
    if evidence.inputs.material.paths is None:
        return None
    tests = [file for file in evidence.diff if _is_test(evidence, file)]
    sources = _sources(evidence, tests)
    if not sources:
        return None
    alone = not tests
    own = Ratio(sum(1 for one in sources if one.own), len(sources))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Place(one.path), one.lines, "yes" if one.own else "no")
        for one in sorted(sources, key=lambda one: (one.own, -one.lines.missed, one.path))
    )
    return Insight(
        NAME,
        "Tests in the change",
        _summary(evidence, sources, tests, own),
        (Table(("changed source", "new lines covered", "a test of its own changed"), rows),),
        _results(evidence, sources, tests),
        _advice(sources) if alone else (),
        relevant=alone and any(one.lines.missed for one in sources),
    )


def _sources(evidence: Evidence, tests: Sequence[FileDiff]) -> list[_Source]:
    """Return the changed files of source with new lines that count: no comments alone."""
    suffixes = suffixes_of(evidence.report.files)
    ignored = matcher(evidence.config.ignore)
    subjects = Subjects([file.path for file in tests], evidence.inputs.material.facts)
    new = {file.path: file for file in evidence.new_code.files}
    inline = {file.path for file in tests}
    found = []
    for file in evidence.diff:
        path = file.path
        if file.status == "removed" or not file.added or file.binary:
            continue
        if suffix_of(path) not in suffixes or is_test_path(path) or is_aside(path):
            continue
        if ignored(path) or (path in evidence.report.files and path not in new):
            continue
        lines = new[path].within(~(new[path].moved | new[path].touched)) if path in new else Ratio()
        if path in new and not lines.total:
            continue  # what only moved, or was re-indented, does nothing new
        found.append(_Source(path, lines, path in inline or subjects.hold(path)))
    return found


def _is_test(evidence: Evidence, file: FileDiff) -> bool:
    """Return whether a change touches tests: a test file, or tests inside of the source."""
    if file.status == "removed":
        return False
    if is_test_path(file.path):
        return bool(file.added or file.removed)
    facts = evidence.inputs.material.facts.get(file.path)
    return any(
        file.added & span(test.line, test.end_line)
        for test in (facts.tests if facts is not None else ())
    )


def _summary(
    evidence: Evidence, sources: Sequence[_Source], tests: Sequence[FileDiff], own: Ratio
) -> str:
    files = format_count(len(sources), "source file")
    if not tests:
        return f"{files} changed, and no test"
    text = f"{files} changed, and {format_count(len(tests), 'test file')}"
    added, changed = _count_tests(evidence)
    parts = [
        format_count(added, "new test") if added else "",
        format_count(changed, "changed test") if changed else "",
    ]
    told = " and ".join(filter(None, parts))
    return f"{text}{told and f' with {told}'}; {own.covered:,} of {own.total:,} with its own test"


def _count_tests(evidence: Evidence) -> tuple[int, int]:
    """Return how many tests the change adds, and how many it changes."""
    base = base_tests_of(evidence)
    known = {one.id for one in base or ()}
    added = changed = 0
    for one in tests_of(evidence):
        file = evidence.diff.files.get(one.path)
        if file is None:
            continue
        inside = span(one.test.line, one.test.end_line)
        if base is not None and id_before(evidence, one) not in known:
            added += 1
        elif file.added & inside:
            changed += 1
    return added, changed


def _advice(sources: Sequence[_Source]) -> tuple[str, ...]:
    lines = sum((one.lines for one in sources), Ratio())
    if not lines.total:
        return ("If the tests there are check the new behaviour, nothing is missing.",)
    if not lines.missed:
        text = "Tests that were there before run all the new lines. If they check what is new, "
        return (f"{text}nothing is missing.",)
    text = f"Tests that were there before run {format_percent(lines.percent)} of the new lines"
    return (f"{text}: {format_count(lines.missed, 'line needs', 'lines need')} a test.",)


def _results(
    evidence: Evidence, sources: Sequence[_Source], tests: Sequence[FileDiff]
) -> tuple[GateResult, ...]:
    if not evidence.config.tests.changed:
        return ()
    actual = format_count(len(tests), "test file")
    required = "a changed test"
    if tests:
        summary = f"{actual} changed with the source"
        return (GateResult(_GATE, Outcome.PASS, summary, actual, required),)
    files = format_count(len(sources), "source file")
    summary = f"{files} changed, first {sources[0].path}, and no test"
    return (GateResult(_GATE, Outcome.FAIL, summary, actual, required),)


LOOK = Look(NAME, look, judges=lambda config: config.tests.changed)
