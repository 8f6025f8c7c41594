"""Fall-backs: what takes a real part's place in the program itself, and so hides that it lacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._parts import matcher
from worker.core.novelty.sources import is_aside
from worker.core.numbers import format_count
from worker.core.results import GateResult, Outcome
from worker.core.static import is_test_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.static import Finding
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "fallbacks"
_GATE = "fall-backs"
_IN_MEMORY = re.compile(r"in_?memory", re.IGNORECASE)
_CLASS = re.compile(r"class\s+(\w+)")
_KINDS = ("SQLite for a real database", "a stand-in where the real part fails")
_CLASSES = ("a part that keeps all in memory", "a class that only pretends")


class _Found(NamedTuple):
    path: str
    line: int
    what: str
    text: str


def look(evidence: Evidence) -> Insight | None:
    """List what the source's facts tell of, with what the tests made of it."""
    ignored = matcher(evidence.config.ignore)
    found = [
        _Found(path, one.line, _what(one), one.text)
        for path, facts in sorted(evidence.inputs.material.facts.items())
        if not is_test_path(path) and not is_aside(path) and not ignored(path)
        for one in facts.findings
        if one.kind in {"fallback", "mock-class"}
    ]
    if not found and not evidence.config.fallbacks.blocking:
        return None
    run = sum(1 for one in found if _is_run(one, evidence))
    places = format_count(len(found), "place")
    return Insight(
        NAME,
        "Fall-backs",
        f"{places} in the program where something takes a real part's place; tests run {run:,}",
        (_table(evidence, found),),
        _results(evidence, [one for one in found if _is_added(one, evidence)]),
        relevant=any(_is_added(one, evidence) for one in found),
    )


def _what(finding: Finding) -> str:
    if finding.kind == "fallback":
        return _KINDS["sqlite" not in finding.text.lower()]
    return _CLASSES[not _IN_MEMORY.search(finding.text)]


def _is_run(one: _Found, evidence: Evidence) -> bool | None:
    """Return whether tests run it; None where no report measures its lines.

    The line that a class begins with runs on import, so of a class its methods count.
    """
    file = evidence.report.files.get(one.path)
    lines = _methods(one, evidence) or 1 << one.line
    if file is None or not file.measured & lines:
        return None
    return bool(file.hit & lines)


def _methods(one: _Found, evidence: Evidence) -> int:
    """Return the lines in the methods of a class, as a bitmap; 0 where none are known."""
    name = _CLASS.match(one.text) if one.what in _CLASSES else None
    lines = 0
    for function in evidence.inputs.material.facts[one.path].functions if name else ():
        if name and function.name.startswith(f"{name[1]}."):
            end = max(function.line, function.end_line)
            lines |= (1 << end + 1) - (1 << function.line + 1)
    return lines


def _is_added(one: _Found, evidence: Evidence) -> bool:
    changed = evidence.diff.files.get(one.path)
    return changed is not None and bool(changed.added >> one.line & 1)


def _table(evidence: Evidence, found: Sequence[_Found]) -> Table:
    """Return the places, those in the change first."""
    ordered = sorted(found, key=lambda one: (not _is_added(one, evidence), one))
    rows: list[tuple[Cell, ...]] = []
    for one in ordered:
        run = _is_run(one, evidence)
        told = None if run is None else "run" if run else "not run"
        rows.append((Place(one.path, 1 << one.line), one.what, Code(one.text), told))
    return Table(("where", "what", "as written", "by the tests"), tuple(rows))


def _results(evidence: Evidence, added: Sequence[_Found]) -> tuple[GateResult, ...]:
    if not evidence.config.fallbacks.blocking:
        return ()
    actual, required = f"{len(added):,} added", "none added"
    if not added:
        return (GateResult(_GATE, Outcome.PASS, "the change adds none", actual, required),)
    first = added[0]
    told = format_count(len(added), "fall-back")
    summary = f"the change adds {told}: {first.what} in {first.path}, line {first.line}"
    places: dict[str, int] = {}
    for one in added:
        places[one.path] = places.get(one.path, 0) | 1 << one.line
    result = GateResult(
        _GATE, Outcome.FAIL, summary, actual, required, places=tuple(places.items())
    )
    return (result,)


LOOK = Look(NAME, look, judges=lambda config: config.fallbacks.blocking)
