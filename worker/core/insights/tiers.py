"""Tests in the wrong tier: unit tests that touch real parts, integration tests that do not."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._contexts import contexts_of, tests_of
from worker.core.insights._parts import sources_of
from worker.core.insights._ran import inside_of, span
from worker.core.insights._tests import types_of
from worker.core.numbers import format_count
from worker.core.static import Language, stand_ins_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from worker.core.insights._contexts import PlacedTest
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "tiers"
_UNIT = frozenset({"unit"})
_WHOLE = frozenset(
    {"integration", "system", "e2e", "end-to-end", "end_to_end", "functional", "acceptance"}
)
_OUTSIDE = {
    "database": "a real database",
    "queue": "a real queue",
    "network": "the network",
    "process": "another process",
}
"""What no unit test needs. Files and the program's own interface in memory are not among it."""
_HARMLESS = frozenset(
    {"mocker", "monkeypatch", "capsys", "capfd", "caplog", "recwarn", "request", "subtests"}
    | {"requests_mock", "httpx_mock", "respx_mock", "responses", "aioresponses", "freezer"}
    | {"event_loop", "anyio_backend"}
)
"""Fixtures of well-known plugins behind which nothing real stands."""
_MOST_MOCKS = 3


class _Misplaced(NamedTuple):
    """A test of one type that does what another type is for."""

    placed: PlacedTest
    type: str
    does: str
    what: Cell
    like: str


def look(evidence: Evidence) -> Insight | None:
    """List the tests whose type and doing differ; nothing where all agree, or types are unknown.

    Python alone: of other languages it is not told what a test touches.
    """
    typed = [
        (one, types_of(evidence).get(one.id, ""))
        for one in tests_of(evidence)
        if one.language is Language.PYTHON
    ]
    told = [(one, name) for one, name in typed if name.lower() in _UNIT | _WHOLE]
    wrong = list(_misplaced(evidence, told))
    if not wrong:
        return None
    changed = evidence.diff.files
    wrong.sort(key=lambda one: (one.type, one.placed.path, one.placed.test.line))
    units = sum(1 for one in wrong if one.type.lower() in _UNIT)
    parts = [
        format_count(units, "unit test touches", "unit tests touch") + " something real",
        format_count(len(wrong) - units, "larger test touches", "larger tests touch")
        + " nothing real",
    ]
    shown = [part for part in parts if not part.startswith("0 ")]
    return Insight(
        NAME,
        "Tests in the wrong tier",
        f"{', '.join(shown)}, of {format_count(len(told), 'test')} with a type",
        (_by_type(told, wrong), _table(wrong)),
        relevant=any(_is_changed(one, evidence) for one in wrong if one.placed.path in changed),
    )


def _is_changed(one: _Misplaced, evidence: Evidence) -> bool:
    """Return whether the change adds lines of the test."""
    test = one.placed.test
    added = evidence.diff.files[one.placed.path].added
    return bool(added & span(test.line, test.end_line))


def _misplaced(evidence: Evidence, told: list[tuple[PlacedTest, str]]) -> Iterator[_Misplaced]:
    larger = [one for one, name in told if name.lower() in _WHOLE]
    alone = _alone(evidence) if any(_is_bare(one) for one in larger) else {}
    for one, name in told:
        test = one.test
        if name.lower() in _UNIT:
            outside = [_OUTSIDE[kind] for kind in _OUTSIDE if kind in test.real]
            if outside:
                does = f"touches {' and '.join(outside)}"
                yield _Misplaced(one, name, does, None, "an integration test")
        elif _is_bare(one) and one.id in alone:
            does = "touches nothing real, and runs functions of one file alone"
            yield _Misplaced(one, name, does, Place(alone[one.id]), "a unit test")
        elif not test.real and stand_ins_of(test) and _brings_nothing(evidence, one):
            targets = dict.fromkeys(mock.target or mock.how for mock in stand_ins_of(test))
            named = tuple(map(Code, list(targets)[:_MOST_MOCKS]))
            does = "touches nothing real, and replaces parts"
            yield _Misplaced(one, name, does, named, "a unit test")


def _brings_nothing(evidence: Evidence, one: PlacedTest) -> bool:
    """Return whether no set-up could bring a real part that a test's own text does not name."""
    known = evidence.inputs.material.facts[one.path].fixtures
    scope = one.test.name.rpartition("::")[0]
    always = any(fixture.autouse and scope.startswith(fixture.scope) for fixture in known)
    return not always and _HARMLESS.issuperset(one.test.fixtures)


def _is_bare(one: PlacedTest) -> bool:
    """Return whether nothing in a test's own text is real, and nothing replaced."""
    return not one.test.real and not stand_ins_of(one.test)


def _alone(evidence: Evidence) -> Mapping[str, str]:
    """Return the tests that run functions of one source file alone, with that file.

    Left out are those of a file that meets the outside, or was not read.
    """
    contexts, facts = contexts_of(evidence), evidence.inputs.material.facts
    reached: dict[str, set[str]] = defaultdict(set)
    apart = set()
    for file in sources_of(evidence):
        inside = inside_of(facts.get(file.path)) or file.measured
        if file.path not in facts or facts[file.path].points:
            apart.add(file.path)
        for name, hit in file.contexts:
            if hit & inside:
                for one in contexts[name].tests:
                    reached[one.id].add(file.path)
    return {
        name: next(iter(paths))
        for name, paths in reached.items()
        if len(paths) == 1 and not paths & apart
    }


def _by_type(told: list[tuple[PlacedTest, str]], wrong: list[_Misplaced]) -> Table:
    names = sorted({name for _, name in told})
    rows = tuple(
        (
            Code(name),
            sum(1 for _, known in told if known == name),
            sum(1 for one in wrong if one.type == name),
        )
        for name in names
    )
    return Table(("type", "tests", "of them in the wrong tier"), rows)


def _table(wrong: list[_Misplaced]) -> Table:
    rows = tuple(
        (
            Place(one.placed.path, 1 << one.placed.test.line),
            Code(one.placed.test.name),
            Code(one.type),
            one.does,
            one.what,
            one.like,
        )
        for one in wrong
    )
    return Table(("where", "test", "type", "what it does", "which", "it is like"), rows, "Tests")


LOOK = Look(NAME, look)
