"""Feature map: what the program does, whether tests exist for it, and what they prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Place, Risk, Table
from worker.core.insights._base import Look
from worker.core.insights._contexts import contexts_of, tests_are_told, tests_of
from worker.core.insights._parts import matcher
from worker.core.insights._reach import Counts, add_up, reached_by_path
from worker.core.model import Report
from worker.core.numbers import Ratio, format_count
from worker.core.static import Kind, is_test_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from worker.core.config import Feature
    from worker.core.insights._contexts import PlacedTest
    from worker.core.model import FileCoverage
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "features"
_COLUMNS = (
    "feature",
    "implemented",
    "tests exist",
    "tests validate real behaviour",
    "coverage",
    "gap",
)


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of a feature."""

    feature: Feature
    paths: tuple[str, ...]
    """Its source files that exist."""
    files: tuple[FileCoverage, ...]
    """Those of them that a report measures."""
    tests: tuple[PlacedTest, ...]
    counts: Counts | None
    """What reaches its lines; None where the reports have no contexts."""
    enough: Fraction
    """Per cent from which on something counts as tested."""

    @property
    def lines(self) -> Ratio:
        return Report({file.path: file for file in self.files}).lines

    @property
    def untested(self) -> tuple[str, ...]:
        """The source files of which no measured line is run."""
        hit = {file.path for file in self.files if file.hit}
        measured = {file.path for file in self.files}
        return tuple(path for path in self.paths if path in measured - hit)

    @property
    def proven(self) -> Ratio:
        """Of the covered lines, those by real tests; without contexts, real ones of its tests."""
        if self.counts is None:
            return Ratio(sum(1 for one in self.tests if one.kind is Kind.REAL), len(self.tests))
        counts = self.counts
        return Ratio(counts.real, counts.real + counts.hollow + counts.unknown)

    @property
    def is_tested(self) -> bool:
        return bool(self.tests) and not (self.files and not self.lines.covered)

    @property
    def is_well_tested(self) -> bool:
        """Whether no file is left out, and both its coverage and the real share are enough."""
        shares = (self.lines.percent, self.proven.percent)
        enough = all(one is not None and one >= self.enough for one in shares)
        return self.is_tested and not self.untested and enough

    @property
    def gap(self) -> Risk | None:
        """How bad it is; None where there is no source, and so no feature yet."""
        if not self.paths:
            return None
        worst = Risk(self.feature.severity.value)
        if not self.is_tested:
            return worst
        if self.is_well_tested:
            return Risk.LOW
        return tuple(Risk)[min(worst.rank + 1, Risk.LOW.rank)]


def look(evidence: Evidence) -> Insight | None:
    """Tell of every configured feature what is there; nothing where none is configured."""
    states = [_state(evidence, feature) for feature in evidence.config.features]
    if not states:
        return None
    order = {risk: risk.rank for risk in Risk}
    states.sort(key=lambda one: len(order) if one.gap is None else order[one.gap])
    bad = [one for one in states if one.gap in (Risk.CRITICAL, Risk.HIGH)]
    well = sum(1 for one in states if one.paths and one.is_well_tested)
    told = format_count(len(states), "feature")
    missed = {file.path for file in evidence.new_code.files if file.missed}
    return Insight(
        NAME,
        "Features",
        f"{well:,} of {told} tested well, {len(bad):,} with a critical or high gap",
        (Table(_COLUMNS, tuple(map(_row, states))), _untested(states)),
        relevant=any(not missed.isdisjoint(one.paths) for one in bad),
    )


def _state(evidence: Evidence, feature: Feature) -> _State:
    matches = matcher(feature.source)
    report, known = evidence.report.files, evidence.inputs.material.paths
    every = report.keys() if known is None else known | report.keys()
    paths = tuple(path for path in sorted(every) if matches(path) and not is_test_path(path))
    files = tuple(report[path] for path in paths if path in report and report[path].measured)
    counts = None
    if tests_are_told(evidence):
        reached = reached_by_path(evidence)
        counts = add_up(reached[file.path] for file in files)
    return _State(
        feature,
        paths,
        files,
        _tests(evidence, feature, files),
        counts,
        evidence.config.under_tested,
    )


def _tests(
    evidence: Evidence, feature: Feature, files: Sequence[FileCoverage]
) -> tuple[PlacedTest, ...]:
    """Return the tests that the feature names, or else those that its lines are reached by."""
    if feature.tests:
        return _named(tests_of(evidence), feature.tests)
    contexts = contexts_of(evidence)
    names = {name for file in files for name, _ in file.contexts}
    found = {one.id: one for name in names for one in contexts[name].tests}
    return tuple(found[name] for name in sorted(found))


def _named(tests: Sequence[PlacedTest], patterns: Sequence[str]) -> tuple[PlacedTest, ...]:
    """Return the tests whose file, or whose own name behind it, is matched."""
    of_file = matcher(patterns)
    of_test = matcher(pattern for pattern in patterns if "::" in pattern)
    whole = {path for path in {one.path for one in tests} if of_file(path)}
    return tuple(one for one in tests if one.path in whole or of_test(one.id))


def _row(state: _State) -> tuple[Cell, ...]:
    files = format_count(len(state.paths), "file")
    return (
        Code(state.feature.name),
        f"yes, {files}" if state.paths else "no",
        _exist(state),
        _validate(state),
        state.lines,
        state.gap,
    )


def _exist(state: _State) -> Cell:
    if not state.tests:
        return "no"
    tests = format_count(len(state.tests), "test")
    if state.untested:
        left = format_count(len(state.untested), "file")
        return f"partly, {tests}; {left} not reached"
    return f"yes, {tests}"


def _validate(state: _State) -> Cell:
    """Return whether something real is proven, and by what share of lines, or of tests."""
    if not state.is_tested:
        return "no"
    proven = state.proven
    if not proven.covered:
        return _why_not(state)
    of = "tests" if state.counts is None else "covered lines"
    enough = proven.percent is not None and proven.percent >= state.enough
    return ("yes" if enough else "partly", proven, f"of its {of}")


def _why_not(state: _State) -> str:
    """Return what is in the way of a feature none of whose tests proves a line of it."""
    counts = state.counts
    if counts is None:
        mocked = any(one.kind is Kind.MOCKED for one in state.tests)
        return "no, mocks only" if mocked else "no, nothing is asserted"
    if counts.unknown:
        return "not known"
    if counts.mocked:
        return "no, mocks only"
    return "no, nothing is asserted" if counts.silent else "no, no test runs it"


def _untested(states: Sequence[_State]) -> Table:
    rows = tuple(
        (Code(one.feature.name), Place(path))
        for one in states
        if one.tests
        for path in one.untested
    )
    return Table(("feature", "file"), rows, "Files that no test of the feature reaches")


LOOK = Look(NAME, look)
