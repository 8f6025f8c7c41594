"""The tests of a project: as they are written, as they ran, and as they were at the base."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.insights._contexts import PlacedTest, tests_of
from worker.core.insights._parts import remember
from worker.core.insights._types import type_of
from worker.core.static import classify, is_test_path, resolve
from worker.core.static.joining import Joined, Joiner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from worker.core.junit import TestCase, TestRun
    from worker.core.static import FileFacts
    from worker.core.verdict import Evidence

__all__ = [
    "Ran",
    "base_facts_of",
    "base_tests_of",
    "duration_of",
    "id_before",
    "joined_tests",
    "ran_of",
    "types_of",
]


@dataclass(frozen=True, slots=True)
class Ran:
    """A test that ran, once or in several jobs: the slowest of its runs counts."""

    id: str
    duration: Fraction | None
    """In seconds."""
    cases: tuple[TestCase, ...]


def ran_of(run: TestRun) -> Mapping[str, Ran]:
    """Return the tests of reports by id. A matrix runs each of them several times."""
    found: dict[str, list[TestCase]] = defaultdict(list)
    for case in run.cases:
        found[case.id].append(case)
    return {
        name: Ran(
            name,
            max((one.duration for one in cases if one.duration is not None), default=None),
            tuple(cases),
        )
        for name, cases in found.items()
    }


def duration_of(run: TestRun) -> Fraction | None:
    """Return how long the tests took one after the other; None where none of them tells."""
    durations = [one.duration for one in ran_of(run).values() if one.duration is not None]
    return sum(durations, Fraction(0)) if durations else None


def joined_tests(evidence: Evidence) -> Mapping[str, Joined]:
    """Return the written tests by the ids of the reports' cases; those that are certain."""
    return remember(evidence, "joined tests", _join)


def types_of(evidence: Evidence) -> Mapping[str, str]:
    """Return the type of every written test by its id; empty where nothing tells it.

    What no marker, folder or name tells, the flag of the only reports that it ran for does.
    """
    return remember(evidence, "types of tests", _types)


def base_facts_of(evidence: Evidence) -> Mapping[str, FileFacts] | None:
    """Return the facts of the base's files; None where those of a changed one are not known."""
    return remember(evidence, "base facts", _base_facts)


def base_tests_of(evidence: Evidence) -> tuple[PlacedTest, ...] | None:
    """Return the tests as they were at the base, by path and line; None where that is unknown."""
    return remember(evidence, "base tests", _base_tests)


def id_before(evidence: Evidence, one: PlacedTest) -> str:
    """Return the id that a test had at the base, where its file may have been renamed."""
    file = evidence.diff.files.get(one.path)
    renamed = file is not None and file.old_path is not None
    return f"{file.old_path}::{one.test.name}" if file is not None and renamed else one.id


def _join(evidence: Evidence) -> Mapping[str, Joined]:
    by_path: dict[str, list[PlacedTest]] = defaultdict(list)
    for one in tests_of(evidence):
        by_path[one.path].append(one)
    joiner = Joiner({path: [one.test for one in tests] for path, tests in by_path.items()})
    found: dict[str, Joined] = {}
    for case in evidence.inputs.tests.cases:
        if case.id not in found:
            joined = joiner.find(case)
            if joined is not None:
                found[case.id] = joined
    return found


def _types(evidence: Evidence) -> Mapping[str, str]:
    config = evidence.config
    ran = _flags_of(evidence)
    found = {}
    for one in tests_of(evidence):
        name = type_of(one.path, one.test, config)
        flags = ran.get(one.id, frozenset()) if not name else frozenset()
        found[one.id] = next(iter(flags)) if len(flags) == 1 else name
    return found


def _flags_of(evidence: Evidence) -> Mapping[str, frozenset[str]]:
    """Return the flags that written tests ran for, by their ids."""
    joined = joined_tests(evidence)
    found: dict[str, set[str]] = defaultdict(set)
    for flag, run in evidence.inputs.suites.items():
        for case in run.cases if flag else ():
            one = joined.get(case.id)
            if one is not None and one.test is not None:
                found[f"{one.path}::{one.test.name}"].add(flag)
    return {name: frozenset(flags) for name, flags in found.items()}


def _base_facts(evidence: Evidence) -> Mapping[str, FileFacts] | None:
    material = evidence.inputs.material
    if not material.facts:
        return None
    changed = evidence.diff.files
    found = {path: one for path, one in material.facts.items() if path not in changed}
    for file in changed.values():
        before = file.old_path
        if before is None or file.status == "copied":
            continue
        if before in material.base_facts:
            found[before] = material.base_facts[before]
        elif file.path in material.facts or (is_test_path(before) and not file.binary):
            return None
    return found


def _base_tests(evidence: Evidence) -> tuple[PlacedTest, ...] | None:
    facts = base_facts_of(evidence)
    if facts is None:
        return None
    if not any(_holds_tests(path, facts, evidence) for path in _touched(evidence)):
        return tests_of(evidence)
    resolved = resolve(
        {path: one for path, one in facts.items() if one.tests or is_test_path(path)}
    )
    return tuple(
        PlacedTest(path, test, classify(test), resolved[path].language)
        for path in sorted(resolved)
        for test in resolved[path].tests
    )


def _touched(evidence: Evidence) -> Iterable[str]:
    for file in evidence.diff:
        yield file.path
        if file.old_path is not None:
            yield file.old_path


def _holds_tests(path: str, base: Mapping[str, FileFacts], evidence: Evidence) -> bool:
    facts = evidence.inputs.material.facts
    known = [one for one in (base.get(path), facts.get(path)) if one is not None]
    return is_test_path(path) or any(one.tests for one in known)
