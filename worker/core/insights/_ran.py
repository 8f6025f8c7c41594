"""Which tests run some lines of a file, as far as the reports tell."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from worker.core.insights._contexts import UNKNOWN, Reach, contexts_of, tests_of
from worker.core.insights._parts import remember
from worker.core.insights._tests import types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from worker.core.insights._contexts import PlacedTest
    from worker.core.model import FileCoverage
    from worker.core.static import FileFacts
    from worker.core.verdict import Evidence

__all__ = [
    "Ran",
    "Runs",
    "choose_tests",
    "has_contexts",
    "inside_of",
    "measured_at",
    "numbered_tests",
    "runs_of",
    "single_test",
    "span",
]

_PHASE = re.compile(r"\|(?:setup|run|call|teardown)$")
_LONGEST_STATEMENT = 200
"""Lines between a statement's first one, which is measured, and a call that it holds."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What ran some lines.

    `reached` is whether a test did; `tests` are those that are known, as a bitmap of their
    places in `numbered_tests`, and `unknown` tells that others did. `types` are the types of
    these tests, and the flags of the reports that have the lines covered.
    """

    reached: bool
    tests: int = 0
    unknown: bool = False
    types: frozenset[str] = frozenset()


def span(first: int, last: int) -> int:
    """Return the bitmap of the lines from one to another."""
    return (2 << last) - (1 << first) if 0 < first <= last else 0


def measured_at(file: FileCoverage, first: int, last: int) -> int:
    """Return which measured lines run where these do.

    Of a statement of several lines reports measure the first alone: what stands further down
    runs where the nearest measured line above it does.
    """
    lines = file.measured & span(first, last)
    if lines or first < 1:
        return lines
    above = file.measured & span(max(1, first - _LONGEST_STATEMENT), first)
    return 1 << (above.bit_length() - 1) if above else 0


def inside_of(facts: FileFacts | None) -> int:
    """Return the lines inside of functions: those that do not run on import."""
    found = 0
    for one in facts.functions if facts is not None else ():
        found |= span(one.line + 1, one.end_line)
    return found


def has_contexts(evidence: Evidence) -> bool:
    """Return whether the reports tell which tests run a line."""
    return remember(
        evidence,
        "has contexts",
        lambda known: any(name for file in known.report for name, _ in file.contexts),
    )


def runs_of(evidence: Evidence, file: FileCoverage, lines: int) -> list[tuple[str, int]]:
    """Return the contexts of tests that run some of the lines, with these lines."""
    contexts = contexts_of(evidence)
    return [
        (name, inside)
        for name, hit in file.contexts
        if (inside := hit & lines) and contexts.get(name, UNKNOWN).reach is not Reach.IMPORT
    ]


def single_test(evidence: Evidence, context: str) -> str:
    """Return the test that a context is of, with its parameters; empty where it is of several.

    What names a whole file, or a run of all tests, is no test.
    """
    tests = contexts_of(evidence).get(context, UNKNOWN).tests
    head, bracket, parameters = _PHASE.sub("", context).partition("[")
    name = head.rpartition("|")[2]
    if len({one.test.name for one in tests}) > 1:
        return ""
    if not tests and "::" not in name and not name.rpartition(".")[2].startswith("test"):
        return ""
    return name + bracket + parameters


class Runs:
    """What ran some lines of files; `wanted` are all lines that are to be asked for, by path.

    Contexts that ran the same of them are looked at once: of a central file there are
    thousands.
    """

    def __init__(self, evidence: Evidence, wanted: Mapping[str, int]) -> None:
        self._evidence = evidence
        self._wanted = wanted
        self._groups: dict[str, list[_Group]] = {}

    def at(self, path: str, lines: int) -> Ran:
        """Return what ran some of a file's measured lines."""
        evidence = self._evidence
        file = evidence.report.files.get(path)
        if file is None or not file.hit & lines:
            return Ran(reached=False)
        if path not in self._groups:
            self._groups[path] = _group(evidence, file, self._wanted[path])
        found, unknown = 0, False
        # Lines of a function never run on import: a report without contexts has them covered.
        apart = file.hit & lines & _inside(evidence).get(path, 0)
        groups = [one for one in self._groups[path] if one.lines & lines]
        for one in groups:
            found |= one.tests
            unknown |= one.unknown
            apart &= ~one.lines
        reached = bool(groups or apart or not file.contexts)
        types = _types_among(evidence, found)
        types |= _flags(evidence, path, lines) if reached else set()
        return Ran(reached, found, unknown or bool(apart), frozenset(types))


class _Group(NamedTuple):
    """The contexts of tests that ran the same lines, and the tests that they name."""

    lines: int
    tests: int
    unknown: bool


def _group(evidence: Evidence, file: FileCoverage, wanted: int) -> list[_Group]:
    known = remember(evidence, "tests of contexts", _tests_of_contexts)
    tests: dict[int, int] = {}
    unknown = set()
    for name, lines in runs_of(evidence, file, wanted):
        own = known[name]
        tests[lines] = tests.get(lines, 0) | own
        if not own:
            unknown.add(lines)
    return [_Group(lines, own, lines in unknown) for lines, own in tests.items()]


def numbered_tests(evidence: Evidence) -> tuple[PlacedTest, ...]:
    """Return the tests by their ids: a set of them is a bitmap, and joined in no time."""
    return remember(evidence, "numbered tests", _numbered)


def choose_tests(evidence: Evidence, chosen: Callable[[PlacedTest], bool]) -> int:
    """Return the bitmap of those tests that something is true of."""
    return _bits(at for at, one in enumerate(numbered_tests(evidence)) if chosen(one))


def _numbered(evidence: Evidence) -> tuple[PlacedTest, ...]:
    by_id = {one.id: one for one in tests_of(evidence)}
    return tuple(by_id[name] for name in sorted(by_id))


def _tests_of_contexts(evidence: Evidence) -> Mapping[str, int]:
    places = {one.id: at for at, one in enumerate(numbered_tests(evidence))}
    return {
        name: _bits(places[one.id] for one in context.tests)
        for name, context in contexts_of(evidence).items()
    }


def _types_among(evidence: Evidence, tests: int) -> set[str]:
    by_type = remember(evidence, "tests by type", _tests_by_type)
    return {name for name, own in by_type.items() if own & tests}


def _tests_by_type(evidence: Evidence) -> Mapping[str, int]:
    types, found = types_of(evidence), defaultdict(list)
    for at, one in enumerate(numbered_tests(evidence)):
        if types.get(one.id):
            found[types[one.id]].append(at)
    return {name: _bits(places) for name, places in found.items()}


def _bits(places: Iterable[int]) -> int:
    found = list(places)
    if len(found) < 2:  # as of nearly every context
        return 1 << found[0] if found else 0
    row = bytearray(max(found) // 8 + 1)
    for at in found:
        row[at >> 3] |= 1 << (at & 7)
    return int.from_bytes(row, "little")


def _inside(evidence: Evidence) -> Mapping[str, int]:
    facts = evidence.inputs.material.facts
    return remember(
        evidence,
        "inside of functions",
        lambda _: {path: inside_of(one) for path, one in facts.items() if one.functions},
    )


def _flags(evidence: Evidence, path: str, lines: int) -> set[str]:
    by_path = remember(evidence, "hit by flag", _hit_by_flag)
    return {flag for flag, hit in by_path.get(path, ()) if hit & lines}


def _hit_by_flag(evidence: Evidence) -> Mapping[str, Sequence[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for flag, report in evidence.inputs.flags.items():
        for file in report:
            found[file.path].append((flag, file.hit))
    return found
