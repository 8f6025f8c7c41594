"""Joins the facts of several files: fixtures, and helpers that other files define.

A fixture is looked for as pytest does it: in the test's class and file, then in conftest.py
of its folder and of those above.
https://docs.pytest.org/en/stable/reference/fixtures.html#fixture-availability
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from worker.core.static.facts import Assertion, FileFacts, Fixture, Helper, Mock, TestFunction
from worker.core.static.python import is_checker, mock_of_named_fixture, without_mocked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["resolve"]

_MOST_STEPS = 8
_MOST_TOGETHER = 200
"""Mocks of one test; a hostile net of fixtures would give each test all of them."""


def resolve(facts: Mapping[str, FileFacts]) -> dict[str, FileFacts]:
    """Return the same facts, where tests have what their fixtures and helpers do.

    That is the mocks, kinds and assertions that stand in fixtures and in other files. `facts`
    are of all test files of a tree by path, as `read_facts` gives them. Doing it twice
    changes nothing.
    """
    index = _Index(facts)
    found = {}
    for path, one in facts.items():
        if one.tests:
            tests = tuple(_Joined(index, path, test).test for test in one.tests)
            found[path] = msgspec.structs.replace(one, tests=tests)
        else:
            found[path] = one
    return found


class _Placed(NamedTuple):
    path: str
    fixture: Fixture


class _Index:
    """Fixtures by what can see them, and helpers by dotted names."""

    def __init__(self, facts: Mapping[str, FileFacts]) -> None:
        self._facts = facts
        self._modules: dict[str, list[str]] = defaultdict(list)
        self._seen: dict[tuple[str, str], dict[str, _Placed]] = {}
        self._shared: dict[str, dict[str, _Placed]] = {}
        self._helpers = {path: _by_name(one.helpers) for path, one in facts.items() if one.helpers}
        for path in facts:
            if path.endswith(".py"):
                self._modules[_dotted(path).rpartition(".")[2]].append(path)

    def visible(self, path: str, scope: str) -> dict[str, _Placed]:
        """Return the fixtures that a test of a file, in a class, can ask for, by name."""
        known = self._seen.get((path, scope))
        if known is None:
            known = dict(self._outer(path.rpartition("/")[0]))
            if not path.endswith("conftest.py"):
                known.update(self._of_file(path))
            inner = scope.split("::") if scope else []
            for depth in range(1, len(inner) + 1):
                known.update(self._of_class(path, "::".join(inner[:depth])))
            self._seen[path, scope] = known
        return known

    def _of_class(self, path: str, scope: str) -> Iterator[tuple[str, _Placed]]:
        for one in self._facts[path].fixtures:
            if one.scope == scope:
                yield one.name, _Placed(path, one)

    def _of_file(self, path: str) -> dict[str, _Placed]:
        found: dict[str, _Placed] = {}
        for module in self._facts[path].imports:
            other = self.file_of(module, path)
            if other is not None and other != path:
                found.update(self._of_class(other, ""))
        # What another file does to all of its own tests, it does not do to those of this one.
        found = {name: one for name, one in found.items() if not one.fixture.autouse}
        found.update(self._of_class(path, ""))
        return found

    def _outer(self, folder: str) -> dict[str, _Placed]:
        known = self._shared.get(folder)
        if known is None:
            known = dict(self._outer(folder.rpartition("/")[0])) if folder else {}
            path = f"{folder}/conftest.py" if folder else "conftest.py"
            if path in self._facts:
                known.update(self._of_file(path))
            self._shared[folder] = known
        return known

    def file_of(self, module: str, path: str) -> str | None:
        """Return the file of a module that `path` imports; the nearest of several."""
        dots = len(module) - len(module.lstrip("."))
        if dots:
            folders = path.split("/")[:-dots]
            module = ".".join([*folders, *filter(None, [module[dots:]])])
        found = [
            other
            for other in self._modules.get(module.rpartition(".")[2], ())
            if f".{_dotted(other)}".endswith(f".{module}")
        ]
        return min(
            found, key=lambda other: (-_shared(other, path), len(other), other), default=None
        )

    def helper(self, name: str, path: str, steps: int = 0) -> tuple[str, Helper] | None:
        """Return the file and the helper that a dotted name means where `path` uses it."""
        dots = name[: len(name) - len(name.lstrip("."))]
        module, _, last = name[len(dots) :].rpartition(".")
        for _ in range(2):
            other = self.file_of(dots + module, path) if dots + module else None
            found = None if other is None else self._in_file(other, last, steps)
            if found is not None:
                return found
            module, _, outer = module.rpartition(".")
            last = f"{outer}.{last}"
        return None

    def _in_file(self, path: str, name: str, steps: int = 0) -> tuple[str, Helper] | None:
        """Return the helper of a file, or of one that it imports and passes on.

        A method may stand in a base of its class, in another file.
        """
        own = self._helpers.get(path, {})
        if name in own:
            return path, own[name]
        cls, _, method = name.rpartition(".")
        for base in own[cls].calls if cls in own and steps < _MOST_STEPS else ():
            found = self.helper(f"{base}.{method}", path, steps + 1)
            if found is not None:
                return found
        for module in self._facts[path].imports if steps < _MOST_STEPS else ():
            other = self.file_of(module, path)
            known = self._helpers.get(other or "", {})
            if other is not None and other != path and (name in known or cls in known):
                return self._in_file(other, name, steps + 1)
        return None


def _by_name(helpers: Iterable[Helper]) -> dict[str, Helper]:
    """Return helpers by name; a class is what one of its methods that asserts is."""
    found = {helper.name: helper for helper in helpers}
    for helper in helpers:
        cls = helper.name.rpartition(".")[0]
        if helper.asserts and cls:
            calls = found[cls].calls if cls in found else ()
            found[cls] = Helper(cls, helper.line, asserts=True, calls=calls)
    return found


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _shared(one: str, other: str) -> int:
    """Return how many folders two paths have in common."""
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


class _Joined:
    """One test with all that its fixtures and helpers do."""

    def __init__(self, index: _Index, path: str, test: TestFunction) -> None:
        self._index = index
        self._path = path
        self._line = test.line
        self._mocks = dict.fromkeys(test.mocks)
        self._asserts = dict.fromkeys(test.asserts)
        self._real = set(test.real)
        self._done: set[tuple[str, str]] = set()
        self._used: set[str] = set()
        visible = index.visible(path, test.name.rpartition("::")[0])
        always = [name for name, one in visible.items() if one.fixture.autouse]
        own = [name for name in always if visible[name].path == path]
        self._add_fixtures([*test.fixtures, *own], visible)
        self._add_fixtures(always, visible, all_tests=True)
        for name in test.calls:
            placed = visible.get(name.partition(".")[0])
            if placed is not None:
                if placed.fixture.asserts and "." not in name:
                    self._asserts[Assertion(test.line, f"{name}()")] = None
            elif self._add_helper(name, path, 0):
                self._asserts[Assertion(test.line, f"{name.lstrip('.')}()")] = None
        self.test = msgspec.structs.replace(
            test,
            mocks=tuple(sorted(self._mocks, key=lambda m: (m.path, m.line, m.how, m.target))),
            asserts=tuple(sorted(self._asserts, key=lambda one: (one.line, one.how))),
            real=without_mocked(self._real, self._mocks),
        )

    def _add_fixtures(
        self, names: Iterable[str], visible: Mapping[str, _Placed], *, all_tests: bool = False
    ) -> None:
        """Add what fixtures do, and those that they use.

        What a conftest.py does to all tests of its folder (`all_tests`) says nothing of one.
        """
        left = list(names)
        left.reverse()
        while left:
            name = left.pop()
            if name in self._used:
                continue
            self._used.add(name)
            placed = visible.get(name)
            mocks = () if placed is None else placed.fixture.mocks
            named = None if mocks else mock_of_named_fixture(name, self._line)
            if named is not None:
                self._add_mocks([named], self._path, replaces=not all_tests)
            if placed is None:
                continue
            self._add_mocks(mocks, placed.path, replaces=not all_tests)
            self._real.update(placed.fixture.real)
            left += reversed(placed.fixture.uses)
            for call in () if all_tests else placed.fixture.calls:
                self._add_helper(call, placed.path, 0)

    def _add_helper(self, name: str, path: str, steps: int) -> bool:
        """Add what a helper of another file mocks and touches; return whether it asserts."""
        found = self._index.helper(name, path)
        if found is None:
            return False
        other, helper = found
        if (other, helper.name) in self._done or steps > _MOST_STEPS:
            return helper.asserts
        self._done.add((other, helper.name))
        if not is_checker(helper.name):
            self._add_mocks(helper.mocks, other)
        self._real.update(helper.real)
        below = [self._add_helper(call, other, steps + 1) for call in helper.calls]
        return helper.asserts or any(below)

    def _add_mocks(self, mocks: Iterable[Mock], path: str, *, replaces: bool = True) -> None:
        for mock in mocks:
            if len(self._mocks) < _MOST_TOGETHER:
                where = mock.path or ("" if path == self._path else path)
                placed = Mock(mock.line, mock.target, mock.how, mock.replaces and replaces, where)
                self._mocks[placed] = None
