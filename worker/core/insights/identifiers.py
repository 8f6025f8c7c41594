"""Ids such as SECURITY-002: where they are documented, in the source, and tested."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._contexts import tests_of
from worker.core.insights._parts import matcher
from worker.core.numbers import format_count
from worker.core.static import Kind, is_document, is_test_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from worker.core.insights._contexts import PlacedTest
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "identifiers"
_LOGS = re.compile(
    r"(?:change|release|upgrad|histor|news|licen|copying|notice|author|contribut|migrat).*"
    r"|(?-i:SECURITY)\.\w+",
    re.IGNORECASE,
)
"""Documents that tell what happened, and by whom: what they name is done, or somebody else's.

SECURITY.md is where GitHub looks for a policy; security.md is any document.
"""
_ZEROS = re.compile(r"0\d{2,}")
_ELSEWHERE = frozenset(
    {"ADR", "BIP", "CVE", "CWE", "DSA", "EIP", "GHSA", "JEP", "JSR", "KIP", "NIST", "PSR", "RHSA"}
    | {"USN", "XEP", "ERC", "FIP", "SIP", "GPL", "EN", "DIN", "ANSI", "ITU"}
    | {"GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "CET"}
)
"""What numbers decisions, advisories, standards or hours, and not what a program has to do."""
_DECORATORS = 10
"""Lines above a test that still belong to it."""
_NO_TEST = "no test names it"
_SKIPPED = "its tests are skipped"
_SILENT = "its tests assert nothing"
_UNDOCUMENTED = "in no document"
_GAPS = (_NO_TEST, _SKIPPED, _SILENT, _UNDOCUMENTED, "")


@dataclass(slots=True)
class _Named:
    """Where one id stands."""

    id: str
    documents: list[Place] = field(default_factory=list)
    sources: list[Place] = field(default_factory=list)
    tests: dict[str, PlacedTest] = field(default_factory=dict)
    files: list[Place] = field(default_factory=list)
    """Test files that name it outside of their tests."""

    @property
    def gap(self) -> str:
        """What is missing; empty for nothing."""
        if not self.tests and not self.files:
            return _NO_TEST
        tests = self.tests.values()
        if tests and not self.files:
            if all(any(not skip.condition for skip in one.test.skips) for one in tests):
                return _SKIPPED
            if all(one.kind is Kind.SILENT for one in tests):
                return _SILENT
        return "" if self.documents else _UNDOCUMENTED


def look(evidence: Evidence) -> Insight | None:
    """Match the ids of documents, source and tests; nothing where there are none."""
    found = _collect(evidence)
    chosen = [found[name] for name in sorted(found, key=_order)]
    if not chosen:
        return None
    chosen.sort(key=lambda one: _GAPS.index(one.gap))
    without = [one for one in chosen if one.gap in _GAPS[:3]]
    changed = evidence.diff.files
    return Insight(
        NAME,
        "Identifiers",
        f"{len(without):,} of {format_count(len(chosen), 'id')} without a test that checks it",
        (_table(chosen),),
        relevant=any(
            place.path in changed for one in without for place in (*one.documents, *one.sources)
        ),
    )


def _order(name: str) -> tuple[str, int, str]:
    prefix, _, number = name.rpartition("-")
    return prefix, int(number), number


def _collect(evidence: Evidence) -> dict[str, _Named]:
    """Return the ids that are looked for, with all places."""
    places = _places(evidence)
    prefixes = evidence.config.identifiers
    wanted = _guess(places) if prefixes is None else frozenset(prefixes)
    if not wanted:
        return {}
    tests = defaultdict(list)
    for test in tests_of(evidence):
        tests[test.path].append(test)
    found: dict[str, _Named] = {}
    for name, path, line in places:
        if name.rpartition("-")[0] in wanted:
            one = found.setdefault(name, _Named(name))
            _add(one, Place(path, 1 << line), line, tests.get(path, ()))
    _add_names(found, wanted, tests_of(evidence))
    return found


def _places(evidence: Evidence) -> list[tuple[str, str, int]]:
    """Return every id with a file that names it, and the line of its first mention there."""
    ignored = matcher(evidence.config.ignore)
    known = evidence.inputs.material.facts
    return [
        (name, path, line)
        for path in sorted(known)
        if not (is_document(path) and _is_aside(path)) and not ignored(path)
        for name, line in known[path].identifiers
    ]


def _is_aside(path: str) -> bool:
    """Return whether a document tells what was done, or is the data of a test."""
    return bool(_LOGS.fullmatch(path.rpartition("/")[2])) or is_test_path(path)


def _guess(places: Iterable[tuple[str, str, int]]) -> frozenset[str]:
    """Return the beginnings of ids that documents number with leading zeros.

    Two of them have to stand there, or one there and in the code: `GPL-003` alone is a name.
    """
    numbered: dict[str, set[str]] = defaultdict(set)
    coded: set[str] = set()
    for name, path, _ in places:
        prefix, _, number = name.rpartition("-")
        if not is_document(path):
            coded.add(name)
        elif _ZEROS.fullmatch(number) and prefix not in _ELSEWHERE:
            numbered[prefix].add(name)
    return frozenset(
        prefix for prefix, names in numbered.items() if len(names) > 1 or names & coded
    )


def _add(one: _Named, place: Place, line: int, tests: Sequence[PlacedTest]) -> None:
    if is_document(place.path):
        one.documents.append(place)
        return
    test = _around(line, tests)
    if test is not None:
        one.tests[test.id] = test
    elif is_test_path(place.path):
        one.files.append(place)
    else:
        one.sources.append(place)


def _around(line: int, tests: Sequence[PlacedTest]) -> PlacedTest | None:
    """Return the test that a line stands in, or whose decorators or comment it is."""
    after = [one for one in tests if one.test.end_line >= line]
    first = min(after, key=lambda one: (one.test.end_line, -one.test.line), default=None)
    if first is None:
        return None
    inside = first.test.line <= line
    above = line < first.test.line <= line + _DECORATORS and is_test_path(first.path)
    return first if inside or above else None


def _add_names(
    found: Mapping[str, _Named], wanted: frozenset[str], tests: Iterable[PlacedTest]
) -> None:
    """Add the tests whose names hold an id: `test_security_002_owner`."""
    for one in tests:
        parts = re.split(r"[_\W]+", one.test.name.rpartition("::")[2].upper())
        for prefix, number in pairwise(parts):
            name = f"{prefix}-{number}"
            if prefix in wanted and name in found:
                found[name].tests.setdefault(one.id, one)


def _table(chosen: Iterable[_Named]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in chosen:
        tests: list[Cell] = [Code(name) for name in sorted(one.tests)]
        row: tuple[Cell, ...] = (
            Code(one.id),
            tuple(one.documents),
            tuple(one.sources),
            (*tests, *one.files),
            one.gap or None,
        )
        rows.append(row)
    columns = ("id", "documented at", "in source at", "tested by", "gap")
    return Table(columns, tuple(rows), shown=20)


LOOK = Look(NAME, look)
