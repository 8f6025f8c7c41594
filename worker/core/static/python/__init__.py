"""Python's facts, by its syntax tree. Nothing is executed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.static.facts import FileFacts, Language
from worker.core.static.python._asserts import is_checker
from worker.core.static.python._calls import calls_of
from worker.core.static.python._findings import Pointer, is_frozen, weaknesses_of
from worker.core.static.python._mocks import mock_of_named_fixture
from worker.core.static.python._real import ALONE, without_mocked
from worker.core.static.python._source import error_lines, functions_of, points_of, tables_in
from worker.core.static.python._tests import read_tests
from worker.core.static.python._tree import Names, parse, scan

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

__all__ = [
    "ALONE",
    "is_checker",
    "is_frozen",
    "mock_of_named_fixture",
    "read_python",
    "tables_in",
    "without_mocked",
]


def read_python(text: str, *, name: str, test: bool) -> FileFacts | None:
    """Return what a Python source tells; None where it can't be parsed.

    `name` is the file's.
    A test file tells of its tests, fixtures and helpers, another one of its functions, error
    paths, ways to the outside and weaknesses.
    """
    tree = parse(text)
    if tree is None:
        return None
    names = Names(tree)
    lines = text.splitlines()
    pointer = Pointer(lines)
    facts = _of_tests(tree, names, pointer, name) if test else _of_program(tree, names, pointer)
    findings = {*facts.findings, *pointer.doctests(all_of_them=not test)}
    return FileFacts(
        language=Language.PYTHON,
        lines=count_lines(lines),
        tests=facts.tests,
        fixtures=facts.fixtures,
        functions=facts.functions,
        errors=facts.errors,
        points=facts.points,
        findings=tuple(sorted(findings, key=lambda one: (one.line, one.kind))),
        imports=tuple(sorted(names.modules)),
        helpers=facts.helpers,
        calls=facts.calls,
    )


def count_lines(lines: Sequence[str]) -> int:
    """Return how many lines are neither blank nor comments."""
    stripped = (line.strip() for line in lines)
    return sum(1 for line in stripped if line and not line.startswith("#"))


def _of_tests(tree: ast.Module, names: Names, pointer: Pointer, name: str) -> FileFacts:
    found = read_tests(tree, names, name, pointer.lines)
    return FileFacts(
        Language.PYTHON,
        tests=tuple(found.tests),
        fixtures=tuple(found.fixtures),
        helpers=tuple(found.helpers),
        findings=tuple(pointer.at(kind, line) for kind, line in found.risks),
    )


def _of_program(tree: ast.Module, names: Names, pointer: Pointer) -> FileFacts:
    body = scan(tree.body)
    return FileFacts(
        Language.PYTHON,
        functions=functions_of(tree),
        errors=error_lines(body, names),
        points=points_of(body, names),
        findings=tuple(pointer.at(kind, line) for kind, line in weaknesses_of(body, names)),
        calls=calls_of(body, names),
    )
