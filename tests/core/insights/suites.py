"""Suites of tests drawn in tests: their sources, their reports, and their change."""

from __future__ import annotations

from fractions import Fraction
from textwrap import dedent

from worker.core.diff import Diff, FileDiff
from worker.core.junit import TestCase, TestRun
from worker.core.material import Material
from worker.core.model import EMPTY_REPORT, bitmap
from worker.core.refs import Sha
from worker.core.static import read_facts
from worker.core.verdict import Baseline, Inputs

BASE = Sha("b" * 40)


def case(name: str, seconds: str | None = "0.1", outcome: str = "passed", reason: str = ""):
    """Return a case of a report by "class::name"."""
    classname, _, own = name.partition("::")
    duration = None if seconds is None else Fraction(seconds)
    return TestCase(name, own, classname, "", duration, outcome, reason)


def run(*cases: TestCase) -> TestRun:
    """Return the cases as one report."""
    return TestRun().merge(TestRun(cases))


def inputs(
    texts: dict[str, str],
    before: dict[str, str] | None = None,
    *,
    report=EMPTY_REPORT,
    ran: TestRun | None = None,
    ran_before: TestRun | None = None,
    suites: dict[str, TestRun] | None = None,
    **more,
) -> Inputs:
    """Return the inputs of a change from the texts `before` to `texts`, by path.

    Without `before` nothing is known of the base, nor has anything changed.
    """
    texts = {path: dedent(text) for path, text in texts.items()}
    old = {path: dedent(text) for path, text in (before or {}).items()}
    changed = [
        path
        for path in sorted({*texts, *old})
        if before is not None and texts.get(path) != old.get(path)
    ]
    whole = TestRun()
    for one in (suites or {}).values():
        whole = whole.merge(one)
    return Inputs(
        report,
        Diff.of(_file(path, old.get(path), texts.get(path)) for path in changed),
        tests=whole if ran is None else ran,
        suites=suites or ({} if ran is None else {"": ran}),
        baseline=None if ran_before is None else Baseline(BASE, 0, EMPTY_REPORT, tests=ran_before),
        material=Material(
            paths=frozenset(texts),
            facts={path: read_facts(path, text.encode()) for path, text in texts.items()},
            base_facts={
                path: read_facts(path, old[path].encode()) for path in changed if path in old
            },
        ),
        **more,
    )


def _file(path: str, old: str | None, new: str | None) -> FileDiff:
    """Return a diff in which a line is added that the old text does not have anywhere."""
    known = set((old or "").split("\n"))
    lines = (new or "").split("\n")
    added = bitmap(number for number, line in enumerate(lines, 1) if line not in known)
    status = "added" if old is None else "removed" if new is None else "modified"
    removed = 0 if old is None else 2
    return FileDiff(path, None if old is None else path, added, removed, status)
