"""The functions of a Python test file, and what each does by itself and by those it calls."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.core.static.facts import Assertion
from worker.core.static.python._asserts import assertions_of, is_checker
from worker.core.static.python._mocks import is_stand_in, mock_of_decorator, mocks_of
from worker.core.static.python._real import real_of
from worker.core.static.python._tree import Body, Definition, Function, below, scan, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from worker.core.static.facts import Mock
    from worker.core.static.python._tree import Names

__all__ = ["SETUP", "Unit", "Units", "bases_of", "is_test_class"]

SETUP = frozenset(
    {"setUp", "asyncSetUp", "setUpClass", "setUpTestData", "setup_method", "setup_class", "setup"}
    | {"setUpModule", "setup_module", "setup_function"}
)
_TEST_CLASS = re.compile(r"[Tt]est\w*|\w*(?:Tests?|TestCase)")
_BASE = re.compile(r"\w*(?:TestCase|Tests?|TestBase|TestMixin)|Test\w*")
_MOST_STEPS = 8
"""How deep helpers that call helpers are followed."""
_MOST_CALLS = 200_000
"""Calls of helpers that are followed in one file; a hostile one could hold nothing else."""
_ELSEWHERE = re.compile(
    r"\.|(?:.*[._])?(?:tests?|testing|conftest|helpers?|utils?|support|common)\b"
)
"""Modules whose functions may be helpers of tests: relative ones, and some names."""


@dataclass(slots=True)
class Unit:
    """A function or method, with what it does by itself."""

    node: Function
    classes: tuple[ast.ClassDef, ...]
    body: Body
    asserts: list[Assertion] = field(default_factory=list)
    mocks: list[Mock] = field(default_factory=list)
    real: set[str] = field(default_factory=set)
    called: list[tuple[str, int]] = field(default_factory=list)
    """Names of what it calls, and where, as far as helpers may be meant."""
    handed: list[tuple[str, int]] = field(default_factory=list)
    """Names of the functions that it hands over to be called, maybe."""
    arguments: tuple[str, ...] = ()
    reached: list[Unit] = field(default_factory=list)
    """The helpers of this file that it calls, and those that they call."""

    @property
    def scope(self) -> str:
        """The names of its classes: "TestCart::TestTotal"."""
        return "::".join(node.name for node in self.classes)

    @property
    def name(self) -> str:
        """Its name with its classes, as pytest writes it."""
        return "::".join([*(node.name for node in self.classes), self.node.name])


def bases_of(node: ast.ClassDef, names: Names) -> list[str]:
    """Return the dotted names of a class's bases."""
    given = (base.value if isinstance(base, ast.Subscript) else base for base in node.bases)
    return [names.of(base) for base in given]


def is_test_class(node: ast.ClassDef, names: Names) -> bool:
    """Return whether a class holds tests, by its name or its bases'."""
    bases = (base.rpartition(".")[2] for base in bases_of(node, names))
    return bool(_TEST_CLASS.fullmatch(node.name)) or any(map(_BASE.fullmatch, bases))


class Units:
    """All functions of a file's top and of its classes, by name.

    What one of them asserts, mocks or touches counts for those that call it.
    """

    def __init__(
        self,
        definitions: Iterable[Definition],
        names: Names,
        assigned: Mapping[str, ast.expr] = MappingProxyType({}),
    ) -> None:
        self._names = names
        self._assigned = assigned
        self.all: list[Unit] = []
        self._calls = 0
        self.classes: dict[str, ast.ClassDef] = {}
        for one in definitions:
            if isinstance(one.node, ast.ClassDef):
                self.classes.setdefault(one.node.name, one.node)
            else:
                self.all.append(Unit(one.node, one.classes, scan(_parts(one.node))))
        self._functions = {unit.node.name: unit for unit in self.all if not unit.classes}
        self._methods = {
            (unit.classes[-1].name, unit.node.name): unit for unit in self.all if unit.classes
        }
        self._add_attributes()
        for unit in self.all:
            self._read(unit)

    def _read(self, unit: Unit) -> None:
        names, args = self._names, unit.node.args
        unit.arguments = tuple(one.arg for one in (*args.posonlyargs, *args.args, *args.kwonlyargs))
        own = frozenset(name for cls in unit.classes[-1:] for name in self._own_methods(cls))
        unit.asserts = assertions_of(unit.body, names, own)
        unit.asserts += [Assertion(line, "raise") for line in _raised(unit.node)]
        unit.mocks = mocks_of(unit.body, names)
        unit.mocks += [
            mock
            for decorator in unit.node.decorator_list
            if (mock := mock_of_decorator(decorator, names)) is not None
        ]
        unit.real = real_of(unit.body, names)
        if unit.classes and (unit.classes[-1].name, f"_{unit.node.name}") in self._methods:
            # The other side of a connection, run in a thread: CPython's ThreadableTest.
            unit.called.append((f"self._{unit.node.name}", unit.node.lineno))
        for call in unit.body.calls:
            name = names.of(call.func)
            if "?" not in name:
                unit.called.append((name, call.lineno))
            for value in _values(call):
                unit.handed.append((names.of(value), call.lineno))

    def _add_attributes(self) -> None:
        """Take functions that are given to a class for its methods: `cls.test = partial(check)`."""
        for unit in self.all:
            for node in unit.body.assigns if unit.classes else ():
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if not isinstance(target, ast.Attribute) or node.value is None:
                    continue
                if self._names.of(target.value) in {"self", "cls"}:
                    body = scan([node.value])
                    given = (one for call in body.calls for one in _values(call))
                    inner = {function.name: unit for function in unit.body.functions}
                    for name in map(self._names.of, given):
                        helper = inner.get(name) or self._functions.get(name)
                        if helper is not None:
                            key = (unit.classes[-1].name, target.attr)
                            self._methods.setdefault(key, helper)

    def _own_methods(self, cls: ast.ClassDef) -> Iterable[str]:
        for one in self.family(cls):
            for node in one.body:
                if isinstance(node, Function):
                    yield f"self.{node.name}"
                    yield f"cls.{node.name}"

    def family(self, cls: ast.ClassDef) -> list[ast.ClassDef]:
        """Return a class and those of its bases that stand in this file, itself first."""
        found = [cls]
        for one in found:
            for base in bases_of(one, self._names):
                known = self.classes.get(base)
                if known is not None and known not in found:
                    found.append(known)
        return found

    def inherited(self) -> Iterator[tuple[str, ast.ClassDef, tuple[str, ...]]]:
        """Yield the classes with bases that other files define: name, node, those bases."""
        for name, cls in self.classes.items():
            bases = [base for base in self.outer_bases(cls) if _ELSEWHERE.match(base)]
            if bases:
                yield name, cls, tuple(sorted(set(bases)))

    def outer_bases(self, cls: ast.ClassDef) -> list[str]:
        """Return the bases of a class, and of its own bases, that other files define."""
        every = (base for one in self.family(cls) for base in bases_of(one, self._names))
        return [base for base in every if base not in self.classes and "." in base]

    def find(self, name: str, unit: Unit) -> Unit | None:
        """Return the function or method of this file that `unit` calls by a name."""
        before, _, last = name.rpartition(".")
        if not before:
            other = self._assigned.get(name)
            if isinstance(other, ast.Attribute) and name not in self._functions:
                # `read_http = Response.read`
                cls_name, _, last = self._names.of(other).rpartition(".")
                return self._methods.get((cls_name, last))
            return self._functions.get(name)
        if before in {"self", "cls", "super()"} and unit.classes:
            family = self.family(unit.classes[-1])
            for cls in family[1:] if before == "super()" else family:
                found = self._methods.get((cls.name, last))
                if found is not None:
                    return found
        return self._methods.get((before, last)) if before in self.classes else None

    def add_called(self, unit: Unit, fixtures: Mapping[str, Unit]) -> None:
        """Give a unit what the helpers of this file do that it calls.

        `fixtures` are those of the file: a test that calls what one of them gives asserts
        what that asserts.
        """
        done = {id(unit)}
        self._follow(unit, unit, fixtures, done, 0)

    def _follow(
        self,
        into: Unit,
        unit: Unit,
        fixtures: Mapping[str, Unit],
        done: set[int],
        steps: int,
    ) -> bool:
        """Return whether what `unit` calls asserts something; mocks and kinds go `into`."""
        asserting = False
        given = {name: fixtures.get(name) for name in unit.arguments}
        for name, at in [*unit.called, *unit.handed]:
            found = self.find(name, unit)
            if found is None and (name, at) not in unit.handed:
                found = given.get(name)
            for helper in self._methods_of(name) if found is None else [found]:
                if helper is unit:
                    continue
                made = found is None and helper.node.name != "__init__"
                asserts = bool(helper.asserts)
                # What a method of a new value mocks is nothing yet; what it asserts, it may.
                if not made:
                    asserts = self._add(into, helper, fixtures, done, steps)
                asserting |= asserts
                if asserts and steps == 0:
                    into.asserts.append(Assertion(at, f"{name}()"))
                    break
        return asserting

    def _methods_of(self, name: str) -> list[Unit]:
        """Return the methods of a class of this file that is no test itself."""
        cls = self.classes.get(name)
        if cls is None or is_test_class(cls, self._names):
            return []
        return [unit for unit in self.all if unit.classes[-1:] == (cls,)]

    def _add(
        self, into: Unit, helper: Unit, fixtures: Mapping[str, Unit], done: set[int], steps: int
    ) -> bool:
        """Give `into` what a helper does; return whether that asserts something."""
        asserts = bool(helper.asserts)
        self._calls += 1
        if id(helper) not in done and steps < _MOST_STEPS and self._calls < _MOST_CALLS:
            done.add(id(helper))
            into.reached.append(helper)
            if not is_checker(helper.node.name):
                into.mocks += [mock for mock in helper.mocks if mock not in into.mocks]
            into.real |= helper.real
            asserts |= self._follow(into, helper, fixtures, done, steps + 1)
        return asserts

    def elsewhere(self, unit: Unit, given: Sequence[str]) -> tuple[str, ...]:
        """Return what a unit calls that other files may define, sorted.

        `given` are its fixtures: calling one, or a method of it, may assert.
        """
        found = set()
        found |= {name for name, _ in unit.called if name in given}
        for one in (unit, *unit.reached):
            for name, _ in {*one.called, *one.handed}:
                if name not in one.arguments and self.find(name, one) is None:
                    found |= self._elsewhere(name, one)
        return tuple(sorted(found))

    def _elsewhere(self, name: str, unit: Unit) -> set[str]:
        before, _, last = name.rpartition(".")
        if before in {"self", "cls", "super()"} and unit.classes:
            return {f"{base}.{last}" for base in self.outer_bases(unit.classes[-1])}
        if before and not is_stand_in(last) and _ELSEWHERE.match(before):
            return {name}
        return set()


def _values(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the names among a call's arguments, those in lists as well."""
    for node in (*call.args, *(word.value for word in call.keywords)):
        for one in node.elts if isinstance(node, ast.List | ast.Tuple) else (node,):
            if isinstance(one, ast.Name | ast.Attribute):
                yield one


def _raised(node: Function) -> list[int]:
    """Return the lines of what a test's own statements raise on a condition.

    That is an assertion written out. What its inner functions raise, they are made for.
    """
    found = []
    stack: list[tuple[ast.AST, bool]] = [(one, False) for one in node.body]
    while stack:
        one, chosen = stack.pop()
        if isinstance(one, ast.Raise):
            called = one.exc.func if isinstance(one.exc, ast.Call) else one.exc
            skips = called is not None and "skip" in words_of(called).lower()
            if chosen and called is not None and not skips:
                found.append(one.lineno)
        elif not isinstance(one, Function | ast.ClassDef | ast.ExceptHandler):
            chosen |= isinstance(one, ast.If)
            stack += [(inner, chosen) for inner in below(one)]
    return found


def _parts(node: Function) -> list[ast.AST]:
    defaults = [one for one in (*node.args.defaults, *node.args.kw_defaults) if one is not None]
    return [*defaults, *node.body]
