"""What changed between two runs of the tests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from worker.core.elsewhere.values import CauseKind

if TYPE_CHECKING:
    from worker.core.junit import TestCase, TestRun

__all__ = ["ChangedTest", "compare_tests", "normal_name"]

_MOST_COMPARED = 200
"""Up to how many removed and added tests are looked at for a name that was only edited."""
_ALIKE = 0.8
_PHASE = re.compile(r"\|(?:setup|run|call|teardown)$")


@dataclass(frozen=True, slots=True)
class ChangedTest:
    """A test that no longer does what it did, or does now what it did not."""

    kind: CauseKind
    name: str
    """As people know it; of a renamed test "old → new"."""
    old: str = ""
    """Its normal name before; empty where there was none."""
    new: str = ""


def normal_name(name: str) -> str:
    """Return a test's name as coverage contexts and JUnit reports both can be brought to.

    pytest-cov's context is "tests/test_a.py::test_x|run", coverage.py's own
    "tests.test_a.test_x", JUnit's "tests.test_a::test_x".
    https://pytest-cov.readthedocs.io/en/latest/contexts.html
    """
    place, parameters, rest = _PHASE.sub("", name).partition("[")
    return re.sub(r"\.py(?=::)", "", place).replace("/", ".").replace("::", ".") + parameters + rest


def compare_tests(before: TestRun, after: TestRun) -> tuple[ChangedTest, ...]:
    """Return the tests that changed; none where one of the runs left no report of its tests."""
    if not before.cases or not after.cases:
        return ()
    old, new = _by_id(before), _by_id(after)
    removed, added = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
    renamed = _pair(removed, added, old, new)
    changes = []
    for one in removed:
        key, now = normal_name(one), renamed.get(one)
        if now is None:
            changes.append(ChangedTest(CauseKind.TEST_REMOVED, one, key))
        else:
            both = f"{one} → {now}"
            changes.append(ChangedTest(CauseKind.TEST_RENAMED, both, key, normal_name(now)))
    taken = set(renamed.values())
    changes += [
        ChangedTest(CauseKind.TEST_ADDED, one, "", normal_name(one))
        for one in added
        if one not in taken
    ]
    for one in sorted(old.keys() & new.keys()):
        kind = _changed(old[one], new[one])
        if kind is not None:
            changes.append(ChangedTest(kind, one, normal_name(one), normal_name(one)))
    return tuple(changes)


def _by_id(run: TestRun) -> dict[str, list[TestCase]]:
    cases: dict[str, list[TestCase]] = {}
    for case in run.cases:
        cases.setdefault(case.id, []).append(case)
    return cases


def _changed(old: list[TestCase], new: list[TestCase]) -> CauseKind | None:
    before, after = ({case.outcome for case in cases} for cases in (old, new))
    if "passed" in before and after & {"failed", "error"} and not before & {"failed", "error"}:
        return CauseKind.TEST_FAILED
    if "passed" in before and "passed" not in after:
        return CauseKind.TEST_SKIPPED
    if "passed" in after and "passed" not in before:
        return CauseKind.TEST_RESTORED
    return None


def _pair(
    removed: list[str],
    added: list[str],
    old: dict[str, list[TestCase]],
    new: dict[str, list[TestCase]],
) -> dict[str, str]:
    """Return which removed test is which added one: of the same name, or nearly, in its class."""
    pairs: dict[str, str] = {}
    free = dict.fromkeys(added)
    by_name: dict[str, list[str]] = {}
    for one in added:
        by_name.setdefault(new[one][0].name, []).append(one)
    for one in removed:
        same = by_name.get(old[one][0].name, [])
        if len(same) == 1 and same[0] in free:
            pairs[one] = same[0]
            del free[same[0]]
    left = [one for one in removed if one not in pairs]
    if len(left) > _MOST_COMPARED or len(free) > _MOST_COMPARED:
        return pairs
    for one in left:
        case = old[one][0]
        alike = [
            (SequenceMatcher(None, case.name, new[other][0].name).ratio(), other)
            for other in free
            if new[other][0].classname == case.classname
        ]
        best = max(alike, default=(0.0, ""))
        if best[0] >= _ALIKE:
            pairs[one] = best[1]
            del free[best[1]]
    return pairs
