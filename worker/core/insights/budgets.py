"""Time budgets: how long the tests of each type take, and all of them together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.config.test_rules import TOTAL
from worker.core.insight import Cell, Code, Insight, Seconds, Table
from worker.core.insights._base import Look
from worker.core.insights._tables import drop_empty
from worker.core.insights._tests import duration_of, joined_tests, ran_of, types_of
from worker.core.insights._types import type_of
from worker.core.numbers import format_seconds
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.junit import TestRun
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "budgets"
_GATE = "time budget"
_ALL = "all tests"


@dataclass(frozen=True, slots=True)
class _Time:
    """How long the tests of a type take; `name` is `TOTAL` for all of them."""

    name: str
    tests: int
    taken: Fraction
    before: Fraction | None
    budget: Fraction | None

    @property
    def over(self) -> bool:
        return self.budget is not None and self.taken > self.budget

    @property
    def newly(self) -> bool:
        """Whether they kept within the budget before this change."""
        within = self.before is None or self.budget is None or self.before <= self.budget
        return self.over and within

    @property
    def title(self) -> str:
        return _ALL if self.name == TOTAL else self.name


def look(evidence: Evidence) -> Insight | None:
    """Compare the tests' times with their budgets; nothing where no report tells any."""
    times = _times(evidence)
    results = _results(evidence, times)
    if not times:
        return Insight(NAME, "Time budgets", "no test report", (), results) if results else None
    columns = ("tests of type", "tests", "time", "budget", "over it", "at the base")
    table = drop_empty(Table(columns, _rows(times)))
    over = [one for one in times if one.over]
    return Insight(
        NAME,
        "Time budgets",
        _summary(times, over),
        (table,),
        results,
        relevant=any(one.newly and one.before is not None for one in over),
    )


def _times(evidence: Evidence) -> list[_Time]:
    """Return the times by type, and last of all tests; nothing where none is told."""
    inputs, budgets = evidence.inputs, evidence.config.tests.budgets
    taken = duration_of(inputs.tests)
    if taken is None:
        return []
    base = None if evidence.baseline is None else evidence.baseline.tests
    before = None if base is None else duration_of(base)
    by_type = _by_type(evidence, inputs.tests)
    earlier = {} if base is None else _by_type(evidence, base)
    told = "" not in earlier  # or one of them may be of a type that is known now
    times = []
    for name in sorted(by_type):
        if name:
            tests, spent = by_type[name]
            was = earlier.get(name, (0, None))[1] if told else None
            times.append(_Time(name, tests, spent, was, budgets.of(name)))
    tests = len(ran_of(inputs.tests))
    return [*times, _Time(TOTAL, tests, taken, before, budgets.of(TOTAL))]


def _by_type(evidence: Evidence, run: TestRun) -> Mapping[str, tuple[int, Fraction]]:
    """Return how many tests of each type ran, and how long; "" are those of no type."""
    flags: dict[str, set[str]] = defaultdict(set)
    for flag, suite in evidence.inputs.suites.items():
        for case in suite.cases if flag else ():
            flags[case.id].add(flag)
    joined, types = joined_tests(evidence), types_of(evidence)
    found: dict[str, tuple[int, Fraction]] = {}
    for name, ran in ran_of(run).items():
        one = joined.get(name)
        if flags.get(name):
            kinds = flags[name]
        elif one is None:
            kinds = {""}
        elif one.test is None:
            kinds = {type_of(one.path, None, evidence.config)}
        else:
            kinds = {types.get(f"{one.path}::{one.test.name}", "")}
        for kind in kinds:
            tests, spent = found.get(kind, (0, Fraction(0)))
            found[kind] = (tests + 1, spent + (ran.duration or 0))
    return found


def _rows(times: Sequence[_Time]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (
            one.title if one.name == TOTAL else Code(one.name),
            one.tests,
            Seconds(one.taken),
            _seconds(one.budget),
            _seconds(one.taken - one.budget if one.over and one.budget is not None else None),
            _seconds(one.before),
        )
        for one in times
    )


def _seconds(value: Fraction | None) -> Seconds | None:
    return None if value is None else Seconds(value)


def _summary(times: Sequence[_Time], over: Sequence[_Time]) -> str:
    whole = times[-1]
    told = f"{_ALL} take {format_seconds(whole.taken)}"
    if whole.before is not None and whole.before != whole.taken:
        more = whole.taken > whole.before
        change = format_seconds(abs(whole.taken - whole.before))
        told += f", {change} {'more' if more else 'less'} than at the base"
    exceeded = [
        f"{one.title} {format_seconds(one.taken)} of {format_seconds(one.budget)}"
        for one in over
        if one.budget is not None
    ]
    return f"{told}; over budget: {', '.join(exceeded)}" if exceeded else told


def _results(evidence: Evidence, times: Sequence[_Time]) -> tuple[GateResult, ...]:
    """Judge the budgets that the repository writes itself."""
    rule = evidence.config.tests.budgets
    known = {one.name: one for one in times}
    asked = [*rule.types, *([(TOTAL, rule.total)] if rule.total is not None else [])]
    results = []
    for name, budget in asked:
        subject = "" if name == TOTAL else name
        required = f"≤ {format_seconds(budget)}"
        one = known.get(name)
        actual = "–" if one is None else format_seconds(one.taken)
        who = _ALL if name == TOTAL else f"{name} tests"
        outcome, summary = _judge(evidence, who, one, budget)
        results.append(
            GateResult(_GATE, outcome, summary, actual, required, rule.blocking, subject)
        )
    return tuple(results)


def _judge(
    evidence: Evidence, who: str, one: _Time | None, budget: Fraction
) -> tuple[Outcome, str]:
    if one is None:
        return Outcome.NEUTRAL, f"no test report tells how long {who} take"
    shown = format_seconds(budget)
    if one.over:
        more = format_seconds(one.taken - budget)
        return Outcome.FAIL, f"{who} take {format_seconds(one.taken)}, {more} over {shown}"
    if evidence.inputs.run_failed or evidence.inputs.incomplete:
        return Outcome.NEUTRAL, "CI failed or a report is missing, so more tests may belong to it"
    return Outcome.PASS, f"{who} take {format_seconds(one.taken)} of {shown}"


LOOK = Look(NAME, look, judges=lambda config: config.tests.budgets.written)
