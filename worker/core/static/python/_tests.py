"""The tests, fixtures and helpers of a Python file."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.core.static.facts import Assertion, Fixture, Helper, Mock, Skip, TestFunction
from worker.core.static.python._findings import (
    is_frozen,
    mutable_names,
    retries_of,
    risks_of,
    seeds_in,
)
from worker.core.static.python._looks import looks_beyond
from worker.core.static.python._mocks import mock_of_decorator, mock_of_fixture, mock_of_marker
from worker.core.static.python._openings import digest_of, opening_of, waits_of
from worker.core.static.python._real import real_of_fixture, real_of_marker, without_mocked
from worker.core.static.python._skips import case_skips_of, skip_of_mark, skips_of_body
from worker.core.static.python._tree import define, scan, words_of
from worker.core.static.python._units import SETUP, Unit, Units, is_test_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from worker.core.static.python._tree import Function, Names

__all__ = ["TestFile", "read_tests"]

_MARK = "pytest.mark."
_MOST_CASES = 100_000
_COLLECTED = re.compile(r"test|spec|check", re.IGNORECASE)
"""In a file's name: pytest's own rule, and those that projects set instead."""


@dataclass(slots=True)
class TestFile:
    """What a test file holds."""

    __test__ = False

    tests: list[TestFunction] = field(default_factory=list)
    fixtures: list[Fixture] = field(default_factory=list)
    helpers: list[Helper] = field(default_factory=list)
    risks: set[tuple[str, int]] = field(default_factory=set)


@dataclass(slots=True)
class _Marks:
    """What decorators and marks say of a test, a class or a file."""

    skips: list[Skip] = field(default_factory=list)
    mocks: list[Mock] = field(default_factory=list)
    fixtures: list[str] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    real: set[str] = field(default_factory=set)
    arguments: set[str] = field(default_factory=set)
    """Arguments that are no fixtures: of `parametrize` and `given`."""
    asserts: list[Assertion] = field(default_factory=list)
    """A strict `xfail` fails where the test passes."""
    injected: int = 0
    """Arguments at the front that `patch` gives."""
    cases: int = 1


class _Reader:
    def __init__(self, tree: ast.Module, names: Names, lines: Sequence[str]) -> None:
        self.names = names
        self.lines = lines
        self.tree = tree
        assigned = _assigned(tree.body)
        self.units = Units(define(tree.body, inner=False), names, assigned)
        self.assigned = assigned
        self.module = self.marks_of([], assigned.get("pytestmark"))
        top = scan(_outside(tree.body))
        self.module.skips += skips_of_body(top, names, tree.body)
        self.seeded = seeds_in(top, names)
        self.shared = mutable_names(tree.body, names)
        self.fixtures = {unit.node.name: unit for unit in self.units.all if self.is_fixture(unit)}

    def fixture_mark(self, node: Function) -> ast.expr | None:
        """Return the decorator that makes a function a fixture."""
        for decorator in node.decorator_list:
            name = self.names.of(_called(decorator))
            # A project may wrap pytest's own: `testing.fixture`.
            if name.rpartition(".")[2] in {"fixture", "yield_fixture"}:
                return decorator
        return None

    def is_fixture(self, unit: Unit) -> bool:
        """Return whether a function prepares tests."""
        return unit.node.name in SETUP or self.fixture_mark(unit.node) is not None

    def marks_of(self, decorators: Sequence[ast.expr], more: ast.expr | None = None) -> _Marks:
        """Return what decorators, and the marks of a `pytestmark`, say."""
        marks = _Marks()
        given = [] if more is None else getattr(more, "elts", None) or [more]
        for node in [*decorators, *given]:
            self._add(marks, self._meant(node))
        return marks

    def _meant(self, node: ast.expr) -> ast.expr:
        """Return the mark that a name of this file means: `needs_net = pytest.mark.skipif(…)`."""
        name = node.id if isinstance(node, ast.Name) else ""
        value = self.assigned.get(name)
        return value if isinstance(value, ast.Call | ast.Attribute) else node

    def _add(self, marks: _Marks, node: ast.expr) -> None:
        name = self.names.of(_called(node))
        skip = skip_of_mark(node, self.names)
        if skip is not None:
            marks.skips.append(skip)
        mock = mock_of_decorator(node, self.names)
        if mock is not None:
            marks.mocks.append(mock)
            marks.injected += _injects(node, mock)
        if name == "hypothesis.given" and isinstance(node, ast.Call):
            marks.arguments |= {word.arg for word in node.keywords if word.arg}
            marks.injected -= len(node.args)
        if not name.startswith(_MARK):
            return
        marker = name[len(_MARK) :]
        marks.markers.append(marker)
        kind = real_of_marker(marker)
        if kind is not None:
            marks.real.add(kind)
        marked = mock_of_marker(marker, node.lineno)
        if marked is not None:
            marks.mocks.append(marked)
        if _asserts(marker, node):
            marks.asserts.append(Assertion(node.lineno, marker))
        if isinstance(node, ast.Call):
            if marker == "usefixtures":
                marks.fixtures += [words_of(one) for one in node.args]
            elif marker == "parametrize" and node.args:
                self._add_cases(marks, node)

    def _add_cases(self, marks: _Marks, node: ast.Call) -> None:
        first = node.args[0]
        written = [words_of(one) for one in getattr(first, "elts", ())]
        through = any(word.arg == "indirect" for word in node.keywords)
        if not through:
            marks.arguments |= {
                one.strip() for text in written or [words_of(first)] for one in text.split(",")
            }
        marks.skips += case_skips_of(node, self.names)
        values = node.args[1] if len(node.args) > 1 else None
        if isinstance(values, ast.Name):
            values = self.assigned.get(values.id)
        elements = getattr(values, "elts", ())
        if elements and not any(isinstance(one, ast.Starred) for one in elements):
            marks.cases = min(marks.cases * len(elements), _MOST_CASES)

    def class_marks(self, unit: Unit) -> list[_Marks]:
        """Return the marks of a method's classes, and of their bases in this file."""
        found = []
        for cls in unit.classes:
            for one in self.units.family(cls):
                more = _assigned(one.body).get("pytestmark")
                found.append(self.marks_of(one.decorator_list, more))
        return found


def _asserts(marker: str, node: ast.expr) -> bool:
    """Return whether a mark makes a test fail: one that must fail, or that compares images."""
    words = {word.arg: word.value for word in getattr(node, "keywords", ())}
    strict = getattr(words.get("strict"), "value", False) is True
    return marker == "mpl_image_compare" or (marker == "xfail" and strict)


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _assigned(statements: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in statements:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, node.value)
    return found


def _outside(statements: Iterable[ast.stmt]) -> list[ast.stmt]:
    """Return a module's statements without its functions and classes."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in statements if not isinstance(node, kinds)]


def _injects(node: ast.expr, mock: Mock) -> int:
    """Return how many arguments a decorator gives: one for a `patch` without a value."""
    if not isinstance(node, ast.Call) or mock.how not in {"patch", "patch.object"}:
        return 0
    values = 2 if mock.how == "patch.object" else 1
    new = len(node.args) > values or any(word.arg == "new" for word in node.keywords)
    return 0 if new else 1


def _fixtures_of(unit: Unit, marks: Sequence[_Marks]) -> tuple[str, ...]:
    """Return the names of the fixtures that a test or fixture asks for, in their order."""
    args = unit.node.args
    plain = [one.arg for one in (*args.posonlyargs, *args.args)]
    if args.defaults:
        plain = plain[: -len(args.defaults)]
    if unit.classes and not any(
        getattr(one, "id", "") == "staticmethod" for one in unit.node.decorator_list
    ):
        plain = plain[1:]
    injected = sum(one.injected for one in marks)
    plain = plain[injected:] if injected >= 0 else plain[:injected]
    keywords = [
        one.arg
        for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        if default is None
    ]
    taken = {name for one in marks for name in one.arguments}
    used = [name for one in marks for name in one.fixtures]
    return tuple(dict.fromkeys(one for one in [*plain, *keywords, *used] if one not in taken))


def _test_of(unit: Unit, reader: _Reader) -> TestFunction:
    own = reader.marks_of(unit.node.decorator_list)
    marks = [own, *reader.class_marks(unit), reader.module]
    fixtures = _fixtures_of(unit, marks[:-1]) + tuple(reader.module.fixtures)
    skips = skips_of_body(unit.body, reader.names, unit.node.body)
    mocks = list(unit.mocks)
    for one in marks:
        skips += one.skips
        mocks += [mock for mock in one.mocks if mock not in mocks]
    mocks += [
        mock for name in fixtures if (mock := mock_of_fixture(name, unit.node.lineno)) is not None
    ]
    real = unit.real.union(*(one.real for one in marks))
    real |= {kind for name in fixtures if (kind := real_of_fixture(name)) is not None}
    cases = 1
    for one in marks:
        cases = min(cases * one.cases, _MOST_CASES)
    return TestFunction(
        name=unit.name,
        line=unit.node.lineno,
        end_line=unit.node.end_lineno or unit.node.lineno,
        asserts=tuple(sorted([*unit.asserts, *own.asserts], key=lambda one: (one.line, one.how))),
        mocks=tuple(sorted(mocks, key=lambda one: (one.line, one.how, one.target))),
        skips=tuple(sorted(set(skips), key=lambda one: (one.line, one.reason))),
        fixtures=fixtures,
        markers=tuple(dict.fromkeys(name for one in marks for name in one.markers)),
        cases=cases,
        real=without_mocked(real, mocks),
        calls=reader.units.elsewhere(unit, fixtures),
        looks=looks_beyond(unit.body, reader.names, unit.asserts, mocks, own.arguments),
        opening=opening_of(unit, reader.lines),
        waits=waits_of(unit, reader.names),
    )


def _fixture_of(unit: Unit, reader: _Reader) -> Fixture:
    mark = reader.fixture_mark(unit.node)
    words = {word.arg: word.value for word in mark.keywords} if isinstance(mark, ast.Call) else {}
    uses = () if mark is None else _fixtures_of(unit, [reader.marks_of(unit.node.decorator_list)])
    mocks = [
        *unit.mocks,
        *(one for name in uses if (one := mock_of_fixture(name, unit.node.lineno)) is not None),
    ]
    real = unit.real | {kind for name in uses if (kind := real_of_fixture(name)) is not None}
    name = words.get("name")
    autouse = words.get("autouse")
    always = isinstance(autouse, ast.Constant) and autouse.value is True
    return Fixture(
        name=words_of(name) if isinstance(name, ast.Constant) else unit.node.name,
        line=unit.node.lineno,
        end_line=unit.node.end_lineno or unit.node.lineno,
        mocks=tuple(sorted(mocks, key=lambda one: (one.line, one.how, one.target))),
        real=without_mocked(real, mocks),
        uses=uses,
        autouse=always or mark is None,
        scope=unit.scope,
        asserts=bool(unit.asserts),
        calls=reader.units.elsewhere(unit, uses),
        digest=digest_of(unit.node, reader.lines),
    )


def _inherited(found: Sequence[Fixture], reader: _Reader) -> Iterator[Fixture]:
    """Yield the fixtures of classes once more for the classes that inherit from them."""
    by_scope: dict[str, list[Fixture]] = {}
    for one in found:
        by_scope.setdefault(one.scope, []).append(one)
    for name, cls in reader.units.classes.items():
        own = {one.name for one in by_scope.get(name, ())}
        for base in reader.units.family(cls)[1:]:
            for one in by_scope.get(base.name, ()):
                if one.name not in own:
                    own.add(one.name)
                    yield Fixture(
                        one.name, one.line, one.end_line, one.mocks, one.real, one.uses,
                        one.autouse, name, one.asserts, one.calls,
                    )  # fmt: skip


def _is_test(unit: Unit, reader: _Reader, *, collected: bool) -> bool:
    if not unit.node.name.startswith("test"):
        return False
    if not unit.classes:
        # One with `**options` is called by others: nothing could give it those.
        called = unit.node.args.kwarg is not None and not unit.node.decorator_list
        return collected and unit.node.name.startswith("test_") and not called
    return is_test_class(unit.classes[-1], reader.names)


def read_tests(tree: ast.Module, names: Names, name: str, lines: Sequence[str]) -> TestFile:
    """Return the tests, fixtures and helpers of a file, and what is risky in them.

    `name` is the file's: functions outside of classes are tests only where it names tests;
    `lines` are its text.
    """
    collected = bool(_COLLECTED.search(name))
    reader = _Reader(tree, names, lines)
    file = TestFile()
    for unit in reader.units.all:
        reader.units.add_called(unit, reader.fixtures)
    for unit in reader.units.all:
        mocks: tuple[Mock, ...] = tuple(unit.mocks)
        if reader.is_fixture(unit):
            file.fixtures.append(_fixture_of(unit, reader))
        elif _is_test(unit, reader, collected=collected):
            file.tests.append(_test_of(unit, reader))
            mocks = file.tests[-1].mocks
        if not unit.node.name.startswith("test") and reader.fixture_mark(unit.node) is None:
            file.helpers += _helper_of(unit, reader)
        seeded = reader.seeded or seeds_in(unit.body, names)
        risks = risks_of(unit.body, names, reader.shared, frozen=is_frozen(mocks), seeded=seeded)
        file.risks |= {*risks, *retries_of(unit.node.decorator_list, names)}
    file.fixtures += list(_inherited(file.fixtures, reader))
    file.helpers += [
        Helper(name, cls.lineno, calls=bases) for name, cls, bases in reader.units.inherited()
    ]
    return file


def _helper_of(unit: Unit, reader: _Reader) -> list[Helper]:
    """Return a function as a helper, if it does something that a test is judged by."""
    helper = Helper(
        name=unit.name.replace("::", "."),
        line=unit.node.lineno,
        asserts=bool(unit.asserts),
        mocks=tuple(unit.mocks),
        real=tuple(sorted(unit.real)),
        calls=reader.units.elsewhere(unit, ()),
    )
    return [helper] if helper.asserts or helper.mocks or helper.real or helper.calls else []
