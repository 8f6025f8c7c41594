"""Doctests: examples in documents and docstrings that nothing runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._tables import drop_empty
from worker.core.insights._tests import joined_tests
from worker.core.numbers import format_count
from worker.core.results import GateResult, Outcome
from worker.core.static import is_test_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "doctests"
_GATE = "doctests"


class _Ignored(NamedTuple):
    place: Place
    text: str
    compiled: bool
    """Whether it is compiled, and only its running is left out (Rust's `no_run`)."""
    new: bool


def look(evidence: Evidence) -> Insight | None:
    """List ignored doctests, and files with examples that no test report speaks of."""
    ignored = _ignored(evidence)
    silent = _silent(evidence)
    results = _results(ignored) if evidence.config.tests.doctests else ()
    if not ignored and not silent:
        text = "none is ignored"
        return Insight(NAME, "Doctests", text, (), results) if results else None
    rows = tuple(
        (
            one.place,
            Code(one.text),
            "compiled, never run" if one.compiled else "never run",
            "new" if one.new else None,
        )
        for one in ignored
    )
    tables = (
        drop_empty(Table(("where", "example", "what happens", "note"), rows, "Ignored")),
        Table(("first example",), tuple((one,) for one in silent), "In no test report"),
    )
    parts = [
        f"{format_count(len(ignored), 'example')} ignored" if ignored else "",
        f"{format_count(len(silent), 'file')} with examples in no test report" if silent else "",
    ]
    return Insight(
        NAME,
        "Doctests",
        ", ".join(filter(None, parts)),
        tuple(one for one in tables if one.rows),
        results,
        relevant=any(one.new for one in ignored),
    )


def _ignored(evidence: Evidence) -> list[_Ignored]:
    facts, changed = evidence.inputs.material.facts, evidence.diff.files
    found = []
    for path in sorted(facts):
        if is_test_path(path):
            continue  # tests hold such lines as data
        added = changed[path].added if path in changed else 0
        for one in facts[path].findings:
            if one.kind == "doctest-ignored":
                new = bool(added >> one.line & 1)
                place = Place(path, 1 << one.line)
                found.append(_Ignored(place, one.text, "no_run" in one.text, new))
    return sorted(found, key=lambda one: (not one.new, one.place.path, one.place.lines))


def _silent(evidence: Evidence) -> list[Place]:
    """Return the Python files with examples of which no report names one.

    Only where reports tell of other tests of Python: they would tell of doctests, too, if
    pytest ran them. https://docs.pytest.org/en/stable/how-to/doctest.html
    """
    if not any(one.path.endswith(".py") for one in joined_tests(evidence).values()):
        return []
    named = {case.classname for case in evidence.inputs.tests.cases}
    facts = evidence.inputs.material.facts
    found = []
    for path in sorted(facts):
        first = next((one for one in facts[path].findings if one.kind == "doctest"), None)
        if first is None:
            continue
        module = path.removesuffix(".py").removesuffix("/__init__").split("/")
        # pytest names files from its own root, which may be a folder of the repository.
        if named.isdisjoint(".".join(module[at:]) for at in range(len(module))):
            found.append(Place(path, 1 << first.line))
    return found


def _results(ignored: Sequence[_Ignored]) -> tuple[GateResult, ...]:
    new = [one for one in ignored if one.new]
    actual, required = f"{len(new):,} new ignored", "no new one"
    if not new:
        summary = "the change adds no ignored doctest"
        return (GateResult(_GATE, Outcome.PASS, summary, actual, required),)
    more = f", and {format_count(len(new) - 1, 'more')}" if len(new) > 1 else ""
    summary = f"a doctest in {new[0].place.path} is ignored{more}"
    return (GateResult(_GATE, Outcome.FAIL, summary, actual, required),)


LOOK = Look(NAME, look, judges=lambda config: config.tests.doctests)
