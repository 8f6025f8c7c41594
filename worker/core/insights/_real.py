"""Floors for what real tests must reach: of packages and of critical paths."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from worker.core.insights._contexts import tests_are_told, tests_of
from worker.core.insights._parts import matcher
from worker.core.insights._reach import Reached, add_up, reached_by_path, reached_in
from worker.core.numbers import format_count, format_limit, format_percent
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from worker.core.config import Config, CriticalPath, Package
    from worker.core.insights._reach import Counts
    from worker.core.verdict import Evidence

__all__ = ["asks_for_real", "judge_real"]

_GATES = {"critical": "critical real", "package": "package real"}
_NO_CONTEXTS = "the reports do not tell which tests run a line (pytest --cov-context=test does)"
_NO_TESTS = "no test was found in the source, so it is not known which are real"
_NO_FLAG = "no report of its flag was read"


def asks_for_real(config: Config) -> bool:
    """Return whether some package or critical path has such a floor."""
    packages = any(one.real is not None for one in config.packages)
    return packages or any(one.real is not None for one in config.critical)


def judge_real(evidence: Evidence) -> tuple[GateResult, ...]:
    """Compare each package and critical path that has `real` with it."""
    config = evidence.config
    lists: dict[str, Sequence[Package | CriticalPath]] = {
        "package": config.packages,
        "critical": config.critical,
    }
    return tuple(
        _judge(evidence, kind, one, one.real)
        for kind, named in lists.items()
        for one in named
        if one.real is not None
    )


def _judge(
    evidence: Evidence, kind: str, one: Package | CriticalPath, limit: Fraction
) -> GateResult:
    files = _files(evidence, one)
    counts = add_up(files or ())
    share = counts.share
    percent, possible = share.percent, counts.possible.percent
    outcome, summary = Outcome.NEUTRAL, _unsure(evidence, one, files)
    if not summary and percent is not None and possible is not None:
        if percent >= limit:
            outcome, summary = Outcome.PASS, f"real tests reach {format_percent(percent)}"
        elif possible >= limit:
            lines = format_count(counts.unknown, "line")
            summary = f"the tests that run {lines} of it are not known, and they would decide"
        else:
            outcome, summary = Outcome.FAIL, _failed(counts, limit)
    actual = "–"
    if percent is not None:
        lines = format_count(share.total, "line")
        actual = f"{share.covered:,} of {lines}, {format_percent(percent)}"
    return GateResult(
        _GATES[kind],
        outcome,
        summary,
        actual,
        f"≥ {format_limit(limit)} % by real tests",
        one.blocking,
        one.name,
        f"{kind} {one.name}: {summary}",
        tuple((file.path, file.hollow) for file in files or () if file.hollow),
    )


def _files(evidence: Evidence, one: Package | CriticalPath) -> list[Reached] | None:
    """Return what reaches its files; None where its flag has no report."""
    matches = matcher(one.paths)
    if one.flag is None:
        return [file for path, file in reached_by_path(evidence).items() if matches(path)]
    report = evidence.inputs.flags.get(one.flag)
    if report is None:
        return None
    return list(reached_in(evidence, [file for file in report if matches(file.path)]).values())


def _unsure(
    evidence: Evidence, one: Package | CriticalPath, files: Sequence[Reached] | None
) -> str:
    """Return why it can not be judged; empty where it can."""
    if evidence.doubt(one.flag):
        return evidence.doubt(one.flag)
    if files is None:
        return _NO_FLAG
    if add_up(files).share.percent is None:
        return "the reports measure no line of its paths that a test could reach"
    if not tests_of(evidence):
        return _NO_TESTS
    return "" if tests_are_told(evidence) else _NO_CONTEXTS


def _failed(counts: Counts, limit: Fraction) -> str:
    share = counts.share
    more = ceil(limit * share.total / 100) - share.covered
    told = f"real tests reach {format_percent(share.percent)}, {format_limit(limit)} % is needed: "
    told += format_count(more, "more line")
    if not counts.hollow:
        return told
    return f"{told}; {format_count(counts.hollow, 'line')} of it only mocked or silent tests reach"
