"""Which calls, decorators and fixtures of Python tests put a stand-in in a part's place.

https://docs.python.org/3/library/unittest.mock.html
https://docs.pytest.org/en/stable/how-to/monkeypatch.html
https://pytest-mock.readthedocs.io/
"""

from __future__ import annotations

import ast
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.core.static.facts import Mock
from worker.core.static.python._tree import words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.static.python._tree import Body, Names

__all__ = [
    "is_stand_in",
    "mock_of_decorator",
    "mock_of_fixture",
    "mock_of_marker",
    "mock_of_named_fixture",
    "mocks_of",
]

_CLASSES = frozenset(
    {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock"}
    | {"PropertyMock", "ThreadingMock", "create_autospec", "mock_open"}
)
_PATCH = re.compile(r"(?:^|\.)(patch(?:\.(?:object|dict|multiple))?)$")
_MOCKER = re.compile(r"(?:class_|module_|package_|session_)?mocker$")
_MONKEYPATCH = frozenset(
    {"setattr", "delattr", "setitem", "delitem", "setenv", "delenv", "syspath_prepend"}
)
_LIBRARIES = {
    "responses": re.compile(r"activate|add(?:_\w+)?|get|post|put|patch|delete|\w*Mock\w*|start"),
    "respx": re.compile(r"mock|get|post|put|patch|delete|head|options|request|route|\w*Mock\w*"),
    "requests_mock": re.compile(r"[mM]ock(?:er)?|Adapter"),
    "httpretty": re.compile(r"activate|httprettified|enable\w*|register_uri|enabled"),
    "aioresponses": re.compile(r"aioresponses"),
    "vcr": re.compile(r"use_cassette|VCR"),
    "moto": re.compile(r"mock_\w+"),
    "pook": re.compile(r"on|mock|get|post|put|patch|delete|use|activate"),
    "fakeredis": re.compile(r"\w+"),
    "mongomock": re.compile(r"\w+"),
    "flexmock": re.compile(r"flexmock"),
    "mockito": re.compile(r"when\w*|mock|patch|expect"),
    "pyfakefs": re.compile(r"\w*[pP]atcher\w*|patchfs"),
}
_CLOCKS = {
    "freezegun": re.compile(r"freeze_time|FreezeGun\w*"),
    "time_machine": re.compile(r"travel"),
}
_FIXTURES = {
    **dict.fromkeys(("requests_mock", "httpx_mock", "respx_mock", "aioresponses"), True),
    **dict.fromkeys(("responses", "mocked_responses", "httpretty", "fs", "fake_redis"), True),
    **dict.fromkeys(("vcr", "vcr_cassette"), True),
    **dict.fromkeys(("freezer", "frozen_time", "time_machine"), False),
}
"""Fixtures of well-known plugins, and whether they stand in for code."""
_NAMED = re.compile(
    r"(?!\w*_env)(?:mock|mocked|fake|stub|stubbed)_\w+|\w+_(?:mock|fake|stub)s?|mocks?"
)
_STAND_IN = re.compile(r"_?(?:Mock|Fake|Stub)(?!\w*Server)[A-Z_0-9]\w*")
"""A server of one's own, such as MockServer, answers through the real network."""
_NOT_OURS = frozenset({"freezegun", "time_machine", "faker", "factory", "factory_boy"})
_SURROUNDINGS = re.compile(
    r"(?:.*\.)?(?:environ|sys\.argv|sys\.path|datetime|date|time|now|utcnow|monotonic"
    r"|perf_counter|localtime|gmtime)"
)
"""What is set for a test without standing in for code: the environment, and the clock."""
_DEEPEST = 10
_MAKERS = frozenset({"str", "int", "float", "bool", "bytes", "list", "dict", "set", "frozenset"})
_PLAIN_CALLS = (
    _MAKERS
    | {"tuple", "pathlib.Path", "datetime.timedelta", "datetime.datetime", "datetime.date"}
    | {"io.StringIO", "io.BytesIO", "io.TextIOWrapper"}
)
_PLAIN_NAMES = frozenset({"tmp_path", "tmpdir", "True", "False", "None", "os.devnull"})


def is_stand_in(name: str) -> bool:
    """Return whether a class is a hand-written stand-in, by its name."""
    return bool(_STAND_IN.fullmatch(name))


def mock_of_fixture(name: str, line: int) -> Mock | None:
    """Return what a fixture of a well-known plugin stands for."""
    replaces = _FIXTURES.get(name)
    return None if replaces is None else Mock(line, "", name, replaces)


def mock_of_named_fixture(name: str, line: int) -> Mock | None:
    """Return a mock for a fixture that calls itself one."""
    return Mock(line, "", "fixture", True) if _NAMED.fullmatch(name) else None


def mock_of_marker(name: str, line: int) -> Mock | None:
    """Return what a marker of a plugin stands for: `vcr`, `respx`, `freeze_time`."""
    if name in {"vcr", "default_cassette", "block_network_vcr", "respx", "httpx_mock"}:
        return Mock(line, "", name)
    return Mock(line, "", name, False) if name in {"freeze_time", "time_machine"} else None


def mock_of_decorator(node: ast.expr, names: Names) -> Mock | None:
    """Return what a decorator stands for: `@patch("app.send")`, `@responses.activate`."""
    if isinstance(node, ast.Call):
        return _mock_of(node, names)
    return _library(names.of(node), node.lineno, "")


def mocks_of(body: Body, names: Names) -> list[Mock]:
    """Return the stand-ins that some statements make."""
    made = [(call, _mock_of(call, names)) for call in body.calls]
    if not any(mock for _, mock in made):
        return []
    values = _values(body)
    made = [(call, mock and _mock_of(call, names, values)) for call, mock in made]
    given = _given(body)
    return [
        Mock(mock.line, given[id(call)], mock.how, mock.replaces)
        if not mock.target and id(call) in given
        else mock
        for call, mock in made
        if mock is not None
    ]


def _given(body: Body) -> dict[int, str]:
    """Return what each call's value is assigned to, or which argument it is."""
    found = {id(word.value): word.arg or "" for call in body.calls for word in call.keywords}
    for node in body.assigns:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        found[id(node.value)] = words_of(target)
    return found


def _values(body: Body) -> dict[str, ast.expr]:
    """Return the values of the names that are assigned once."""
    found: dict[str, ast.expr] = {}
    again: set[str] = set()
    for node in body.assigns:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:
                again |= {target.id} & found.keys()
                found[target.id] = node.value
    return {name: value for name, value in found.items() if name not in again}


def _mock_of(
    call: ast.Call, names: Names, values: Mapping[str, ast.expr] = MappingProxyType({})
) -> Mock | None:
    name = names.of(call.func)
    before, _dot, last = name.rpartition(".")
    if last in _CLASSES:
        spec = _spec(call)
        return Mock(call.lineno, spec, last, not _SURROUNDINGS.fullmatch(spec))
    match = _PATCH.search(name)
    if match and _is_mock_module(name[: match.start()], match[1]):
        return _patch(call, match[1], _Plain(names, values))
    if last in _MONKEYPATCH and before and "." not in before and before not in {"self", "object"}:
        return _monkeypatch(call, last, _Plain(names, values))
    if name == "monkeypatch.chdir":
        return Mock(call.lineno, _argument(call, 0), name, replaces=False)
    if last in {"spy", "stub", "async_stub"} and _MOCKER.search(before):
        return Mock(call.lineno, _argument(call, 0), f"mocker.{last}", last != "spy")
    if is_stand_in(last) and before.partition(".")[0] not in {"?", *_NOT_OURS}:
        return Mock(call.lineno, "", last)
    return _library(name, call.lineno, _argument(call, 0))


def _is_mock_module(before: str, patch: str) -> bool:
    """Tell `mock.patch` and `mocker.patch.object` from an HTTP client's `patch`."""
    if not before:
        return True
    last = before.rpartition(".")[2]
    return last == "mock" or bool(_MOCKER.fullmatch(last)) or (patch != "patch" and last != "?")


def _library(name: str, line: int, target: str) -> Mock | None:
    root, _, rest = name.partition(".")
    last = rest.rpartition(".")[2] or root
    for libraries, replaces in ((_LIBRARIES, True), (_CLOCKS, False)):
        pattern = libraries.get(root)
        if pattern is not None and pattern.fullmatch(last):
            return Mock(line, target, root, replaces)
    return None


def _argument(call: ast.Call, index: int) -> str:
    return words_of(call.args[index]) if len(call.args) > index else ""


def _keyword(call: ast.Call, *wanted: str) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg in wanted), None)


def _spec(call: ast.Call) -> str:
    return words_of(_keyword(call, "spec", "spec_set", "name", "wraps"))


def _patch(call: ast.Call, how: str, plain: _Plain) -> Mock:
    target = _argument(call, 0) or words_of(_keyword(call, "target", "in_dict"))
    if how == "patch.dict":
        return Mock(call.lineno, target, how, target == "sys.modules")
    index = 1
    if how == "patch.object":
        index = 2
        target = f"{target}.{_argument(call, 1) or words_of(_keyword(call, 'attribute'))}"
    new = call.args[index] if len(call.args) > index else _keyword(call, "new")
    attribute = target.rpartition(".")[2]
    if _SURROUNDINGS.fullmatch(target):
        return Mock(call.lineno, target, how, replaces=False)
    made = _keyword(call, "new_callable")
    if new is None and made is not None and plain.makes_data(made):
        return Mock(call.lineno, target, how, replaces=False)
    replaces = new is None or how == "patch.multiple" or not plain.is_plain(new, attribute)
    return Mock(call.lineno, target, how, replaces)


def _monkeypatch(call: ast.Call, last: str, plain: _Plain) -> Mock | None:
    how = f"monkeypatch.{last}"
    target = _argument(call, 0)
    if last == "setitem":
        inside = words_of(call.args[0]) if call.args else ""
        stands = len(call.args) > 2 and not plain.is_plain(call.args[2], "")
        replaces = inside == "sys.modules" and stands
        return Mock(call.lineno, f"{target}[{_argument(call, 1)}]", how, replaces)
    if last != "setattr":
        return Mock(call.lineno, target, how, replaces=False)
    if not call.args:
        owner, name = (words_of(_keyword(call, word)) for word in ("target", "name"))
        target = f"{owner}.{name}" if name else owner
    written = isinstance(call.args[0], ast.Constant) if call.args else True
    values = [arg for arg in call.args if not isinstance(arg, ast.Starred)]
    new = _keyword(call, "value") or (values[-1] if len(values) > 1 else None)
    if not written and len(values) > 1:
        target = f"{target}.{_argument(call, 1)}"
    told = bool(_SURROUNDINGS.fullmatch(target)) or (
        new is not None and plain.is_plain(new, target.rpartition(".")[2])
    )
    return Mock(call.lineno, target, how, replaces=not told)


class _Plain:
    """Tells values that are data from code that stands in for other code."""

    def __init__(self, names: Names, values: Mapping[str, ast.expr]) -> None:
        self._names = names
        self._values = values

    def is_plain(self, node: ast.expr, attribute: str, steps: int = 0) -> bool:
        """Return whether a value that an attribute is set to is data."""
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.Compare):
            return True
        below = self._below(node)
        if below is not None:
            return steps < _DEEPEST and all(self.is_plain(one, "", steps + 1) for one in below)
        if isinstance(node, ast.Call):
            return self.makes_data(node.func)
        if isinstance(node, ast.Name) and node.id in self._values and steps < _DEEPEST:
            return self.is_plain(self._values[node.id], attribute, steps + 1)
        if isinstance(node, ast.Name | ast.Attribute):
            name = self._names.of(node)
            return name in _PLAIN_NAMES or (attribute.isupper() and not name.startswith("?"))
        return False

    def makes_data(self, function: ast.expr) -> bool:
        """Return whether what a function or class makes is data."""
        return self._names.of(function) in _PLAIN_CALLS

    @staticmethod
    def _below(node: ast.expr) -> Sequence[ast.expr] | None:
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return node.elts
        if isinstance(node, ast.Dict):
            return node.values
        if isinstance(node, ast.UnaryOp):
            return [node.operand]
        return [node.left] if isinstance(node, ast.BinOp) else None
