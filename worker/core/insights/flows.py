"""Flows: what has to work together, and whether one test goes through all of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._parts import matcher
from worker.core.insights._ran import has_contexts, inside_of, runs_of, single_test, span
from worker.core.numbers import format_count
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.core.config import Flow
    from worker.core.diff import Diff
    from worker.core.model import FileCoverage
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "flows"
NO_CONTEXTS = "the reports do not tell which tests run a line"
HOW_TO = (
    "Whether one test goes through a flow, reports tell that name the tests: pytest-cov does with "
    "--cov-context=test, coverage.py with dynamic_context = test_function."
)
ORDER = "Coverage tells that one test runs all steps of a flow, not in which order it does."


@dataclass(frozen=True, slots=True)
class _Step:
    """A step as it is written, and the measured lines that are it, by path."""

    written: str
    lines: Mapping[str, int]
    hit: bool

    @property
    def found(self) -> bool:
        """Whether a report measures anything of it."""
        return bool(self.lines)


@dataclass(frozen=True, slots=True)
class _Crossed:
    """A flow, and what each test runs of it."""

    flow: Flow
    steps: tuple[_Step, ...]
    by_test: Mapping[str, frozenset[int]]
    """The steps, counted from 0, by the names of the tests that run some of them."""

    @property
    def whole(self) -> tuple[str, ...]:
        """The tests that run all steps, sorted."""
        every = len(self.steps)
        return tuple(sorted(name for name, run in self.by_test.items() if len(run) == every))

    @property
    def best(self) -> tuple[str, frozenset[int]]:
        """The test that runs the most steps, and these; no name where none runs any."""
        ranked = sorted(self.by_test.items(), key=lambda item: (-len(item[1]), item[0]))
        return ranked[0] if ranked else ("", frozenset())

    def is_met_by(self, diff: Diff) -> bool:
        """Return whether a change adds lines to one of its steps."""
        return any(
            path in diff.files and diff.files[path].added & lines
            for step in self.steps
            for path, lines in step.lines.items()
        )


def look(evidence: Evidence) -> Insight | None:
    """Look for a test that goes through each flow; nothing where none is configured."""
    flows = evidence.config.flows
    if not flows:
        return None
    told = has_contexts(evidence)
    crossed = [_cross(evidence, flow) for flow in flows]
    without = [one for one in crossed if not one.whole]
    summary = f"{len(without):,} of {len(flows):,} crossed by no test" if told else NO_CONTEXTS
    return Insight(
        NAME,
        "Flows",
        summary,
        (_table(crossed, told=told), _steps(evidence, without)),
        tuple(_result(evidence, one, told=told) for one in crossed if one.flow.blocking),
        (ORDER,) if told else (HOW_TO,),
        relevant=any(one.is_met_by(evidence.diff) for one in without),
    )


def _cross(evidence: Evidence, flow: Flow) -> _Crossed:
    steps = tuple(_step(evidence, written) for written in flow.steps)
    found: dict[str, set[int]] = defaultdict(set)
    for at, step in enumerate(steps):
        for path, lines in step.lines.items():
            for name, _ in runs_of(evidence, evidence.report.files[path], lines):
                test = single_test(evidence, name)
                if test:
                    found[test].add(at)
    return _Crossed(flow, steps, {name: frozenset(run) for name, run in found.items()})


def _step(evidence: Evidence, written: str) -> _Step:
    """Return the lines that a step is.

    Of a file those inside of functions, where these are known: the others run on import, and
    that is in the context of whichever test is the first to import it.
    """
    pattern, _, function = written.partition("::")
    matches = matcher([pattern])
    lines: dict[str, int] = {}
    hit = False
    for file in evidence.report:
        if matches(file.path):
            own = _function(evidence, file, function) if function else _insides(evidence, file)
            if own:
                lines[file.path] = own
                hit |= bool(file.hit & own)
    return _Step(written, lines, hit)


def _insides(evidence: Evidence, file: FileCoverage) -> int:
    inside = inside_of(evidence.inputs.material.facts.get(file.path))
    for one in file.functions:
        inside |= span(one.line + 1, one.end_line or 0)
    return file.measured & inside or file.measured


def _function(evidence: Evidence, file: FileCoverage, name: str) -> int:
    """Return the lines of a function's body: "publish", or "Publisher.publish".

    The line of its head runs on import. So does a body that stands on it: that tells nothing.
    """
    wanted = name.replace("::", ".")
    facts = evidence.inputs.material.facts.get(file.path)
    spans = [(one.name, one.line, one.end_line) for one in (facts.functions if facts else ())]
    spans += [
        (one.name, one.line, one.end_line) for one in file.functions if one.end_line is not None
    ]
    lines = 0
    for known, first, last in spans:
        if f".{known}".endswith(f".{wanted}"):
            lines |= file.measured & span(first + 1, last)
    return lines


def _table(crossed: list[_Crossed], *, told: bool) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in sorted(crossed, key=lambda one: (bool(one.whole), one.flow.name)):
        whole = one.whole
        best, run = one.best
        part = f"{len(run)} of {len(one.steps)}" if told else None
        missing = tuple(Code(step.written) for at, step in enumerate(one.steps) if at not in run)
        rows.append(
            (
                Code(one.flow.name),
                tuple(map(Code, whole)) or ("no test" if told else None),
                part,
                Code(best) if best and not whole else None,
                () if whole or not told else missing,
            )
        )
    columns = ("flow", "crossed by", "most steps in one test", "by", "steps that it leaves out")
    return Table(columns, tuple(rows))


def _steps(evidence: Evidence, without: list[_Crossed]) -> Table:
    """Return the steps of the flows that no test crosses, and what runs each by itself."""
    rows: list[tuple[Cell, ...]] = []
    for one in without:
        for at, step in enumerate(one.steps):
            names = sorted(name for name, run in one.by_test.items() if at in run)
            by: Cell = tuple(map(Code, names))
            if not step.found:
                by = "no report measures it: see how it is written"
            elif not names:
                by = "some test" if step.hit and not has_contexts(evidence) else "no test"
            places = tuple(Place(path, step.lines[path]) for path in sorted(step.lines))
            rows.append((Code(one.flow.name), at + 1, Code(step.written), by, places))
    columns = ("flow", "step", "written as", "run by", "where")
    return Table(columns, tuple(rows), "Steps of the flows that no test crosses", 20, ordered=True)


def _result(evidence: Evidence, one: _Crossed, *, told: bool) -> GateResult:
    every = len(one.steps)
    _, run = one.best
    actual = f"{len(run)} of {every} steps" if told else "not known"
    required = "one test runs all steps"
    reason = NO_CONTEXTS if not told else evidence.doubt()
    if one.whole:
        outcome, summary = Outcome.PASS, f"{format_count(len(one.whole), 'test')} crosses it"
        summary = summary if len(one.whole) == 1 else summary.replace("crosses", "cross")
    elif reason:
        outcome, summary = Outcome.NEUTRAL, reason
    else:
        left = next(step.written for at, step in enumerate(one.steps) if at not in run)
        outcome = Outcome.FAIL
        summary = f"no test goes through {one.flow.name}: the best one leaves out {left}"
    return GateResult(
        "flow", outcome, summary, actual, required, blocking=True, subject=one.flow.name
    )


LOOK = Look(NAME, look, judges=lambda config: any(flow.blocking for flow in config.flows))
