"""Risks to determinism: what makes a test pass on one day and fail on another."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._contexts import tests_of
from worker.core.numbers import format_count
from worker.core.static import is_frozen, is_test_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.core.insights._contexts import PlacedTest
    from worker.core.static import Finding
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "determinism"
_REMEDIES = {
    "sleep": ("waits for real", "wait for the condition itself, or put a fake clock in place"),
    "time": ("reads the clock", "freeze the time, or hand the time over"),
    "random": ("random without a seed", "seed it, or hand the values over"),
    "shared-state": ("changes what tests share", "make it new for each test in a fixture"),
    "retry": ("runs again until it passes", "find out why it fails, and mend that"),
}
_COUNTED = {
    "sleep": ("real wait", "real waits"),
    "time": ("look at the clock", "looks at the clock"),
    "random": ("use of chance", "uses of chance"),
    "shared-state": ("shared state", "shared states"),
    "retry": ("retry", "retries"),
}


class _Risk(NamedTuple):
    """A finding in a test file, the test that it stands in, and whether the change adds it."""

    path: str
    finding: Finding
    test: str
    new: bool


def look(evidence: Evidence) -> Insight | None:
    """List what tests depend on besides the code; nothing where there is none of it."""
    risks = sorted(_risks(evidence), key=_rank)
    if not risks:
        return None
    counts = Counter(one.finding.kind for one in risks)
    new = Counter(one.finding.kind for one in risks if one.new)
    found = [kind for kind in _COUNTED if counts[kind]]
    told = ", ".join(format_count(counts[kind], *_COUNTED[kind]) for kind in found)
    added = f"; {new.total():,} in the change" if new else ""
    rows: list[tuple[Cell, ...]] = [
        (*_REMEDIES[kind], counts[kind], new[kind]) for kind in _REMEDIES if counts[kind]
    ]
    return Insight(
        NAME,
        "Determinism",
        f"{told}{added}",
        (
            Table(("risk", "what to do", "places", "in the change"), tuple(rows)),
            _table(risks),
        ),
        relevant=bool(new),
    )


def _rank(risk: _Risk) -> tuple[bool, int, str, int]:
    return not risk.new, list(_REMEDIES).index(risk.finding.kind), risk.path, risk.finding.line


def _risks(evidence: Evidence) -> Iterator[_Risk]:
    by_path: dict[str, list[PlacedTest]] = {}
    for test in tests_of(evidence):
        by_path.setdefault(test.path, []).append(test)
    for path, facts in evidence.inputs.material.facts.items():
        if not is_test_path(path):
            continue
        changed = evidence.diff.files.get(path)
        tests = sorted(by_path.get(path, ()), key=lambda one: one.test.line)
        starts = [one.test.line for one in tests]
        for finding in facts.findings:
            if finding.kind in _REMEDIES:
                around = _around(finding.line, tests, starts)
                frozen = around is not None and is_frozen(around.test.mocks)
                if not (frozen and finding.kind == "time"):
                    new = changed is not None and bool(changed.added & 1 << finding.line)
                    yield _Risk(path, finding, around.test.name if around else "", new)


def _around(line: int, tests: Sequence[PlacedTest], starts: Sequence[int]) -> PlacedTest | None:
    at = bisect_right(starts, line) - 1
    return tests[at] if at >= 0 and tests[at].test.end_line >= line else None


def _table(risks: Sequence[_Risk]) -> Table:
    rows = tuple(
        (
            Place(one.path, 1 << one.finding.line),
            _REMEDIES[one.finding.kind][0],
            Code(one.finding.text),
            Code(one.test) if one.test else None,
            "new" if one.new else None,
        )
        for one in risks
    )
    return Table(("where", "risk", "what stands there", "test", "in the change"), rows, "Places")


LOOK = Look(NAME, look)
