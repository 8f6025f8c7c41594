"""Why a test may take long: waits, retries and timeouts that it runs into."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Place
from worker.core.insights._contexts import contexts_of
from worker.core.insights._parts import remember

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from worker.core.static import FileFacts, Finding, Fixture, TestFunction
    from worker.core.static.joining import Joined
    from worker.core.verdict import Evidence

__all__ = ["Cause", "find_causes"]

_WORDS = {"sleep": "sleeps", "retry": "retries", "timeout": "has a timeout"}
_MOST = 3
_DECORATORS = 10
"""Lines above a function that may be its decorators."""


class Cause(NamedTuple):
    """What may take the time, and where it stands."""

    kind: str
    what: str
    place: Place


def find_causes(evidence: Evidence, joined: Joined | None) -> tuple[Cause, ...]:
    """Return what a test may wait for, the nearest to it first; three at most.

    In the test itself, in helpers of its file that it calls, in the fixtures that it uses,
    and in lines of the program that it is known to run, by the report's contexts.
    """
    if joined is None or joined.test is None:
        return ()
    found: dict[Place, Cause] = {}
    for cause in _all(evidence, joined.path, joined.test):
        found.setdefault(cause.place, cause)
    return tuple(found.values())[:_MOST]


def _all(evidence: Evidence, path: str, test: TestFunction) -> Iterator[Cause]:
    facts = evidence.inputs.material.facts
    own = facts.get(path)
    if own is None:
        return
    yield from _within(path, own, test, "")
    for finding in own.findings:
        if finding.kind in _WORDS and finding.line in test.waits:
            yield _cause(path, finding, " in a helper")
    for where, fixture in _fixtures(facts, path, test):
        yield from _within(where, facts[where], fixture, " in a fixture")
    yield from remember(evidence, "waits of the program", _waits).get((path, test.line), ())


def _within(
    path: str, facts: FileFacts, function: TestFunction | Fixture, where: str
) -> Iterator[Cause]:
    # A decorator stands above the line of the function that it is of.
    ends = [one.end_line for one in facts.tests] + [one.end_line for one in facts.fixtures]
    above = [end for end in ends if end < function.line]
    first = max([*above, function.line - _DECORATORS])
    for finding in facts.findings:
        if finding.kind in _WORDS and first < finding.line <= function.end_line:
            yield _cause(path, finding, where)


def _cause(path: str, finding: Finding, where: str) -> Cause:
    return Cause(finding.kind, f"{_WORDS[finding.kind]}{where}", Place(path, 1 << finding.line))


def _fixtures(
    facts: Mapping[str, FileFacts], path: str, test: TestFunction
) -> Iterator[tuple[str, Fixture]]:
    """Yield the fixtures that a test uses, from its file and the conftest.py files above it."""
    folders = path.split("/")[:-1]
    above = ["/".join([*folders[:at], "conftest.py"]) for at in range(len(folders), -1, -1)]
    places = [path, *(one for one in above if one in facts)]
    scopes = ("", test.name.rpartition("::")[0])
    always = [one.name for one in facts[path].fixtures if one.autouse and one.scope in scopes]
    left = list(dict.fromkeys([*test.fixtures, *always]))
    seen = set(left)
    while left:
        name = left.pop(0)
        for place in places:
            found = next(
                (one for one in facts[place].fixtures if one.name == name and one.scope in scopes),
                None,
            )
            if found is not None:
                yield place, found
                left += [one for one in found.uses if one not in seen]
                seen.update(found.uses)
                break


def _waits(evidence: Evidence) -> Mapping[tuple[str, int], tuple[Cause, ...]]:
    """Return the waits of the program by the tests that run them, by file and line."""
    contexts = contexts_of(evidence)
    found: dict[tuple[str, int], list[Cause]] = defaultdict(list)
    for file in evidence.report:
        facts = evidence.inputs.material.facts.get(file.path)
        waits = [one for one in facts.findings if one.kind in _WORDS] if facts is not None else ()
        for finding in waits:
            lines = _lines(facts, finding)
            for name, hit in file.contexts:
                tests = contexts[name].tests if hit & lines else ()
                if len(tests) == 1:
                    cause = _cause(file.path, finding, " in the program")
                    found[tests[0].path, tests[0].test.line].append(cause)
    return {key: tuple(causes) for key, causes in found.items()}


def _lines(facts: FileFacts | None, finding: Finding) -> int:
    """Return the lines that run where something waits: of a decorator, its function's."""
    if finding.kind != "retry" or facts is None:
        return 1 << finding.line
    below = [one for one in facts.functions if one.line > finding.line]
    if not below:
        return 0
    function = min(below, key=lambda one: one.line)
    return (1 << (function.end_line + 1)) - (1 << (function.line + 1))
