"""Whether a Python test looks at more than what the tested code hands back.

A test that only compares results can't tell whether a message was sent or a row written.
Whatever might be a look at something else counts as one: a test is told to look at results
alone where nothing else is left.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from worker.core.static.python._tree import Function

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from worker.core.static.facts import Assertion, Mock
    from worker.core.static.python._tree import Body, Names

__all__ = ["looks_beyond"]

_OF_RESULTS = re.compile(
    r"assert|pytest\.(?:raises|warns|deprecated_call)|(?:self|cls)\.(?:assert|fail)\w*"
)
"""Assertions whose words are all written in the test itself."""
_RAISES = frozenset({"pytest.raises", "pytest.warns", "self.assertRaises", "self.assertWarns"})
_CASE = re.compile(r"(?:self|cls)\.(?:assert|fail)\w*")
_BACK = re.compile(
    r"_*(?:get|find|fetch|select|query|count|all|list|read|load|exists?|one|first|last|scalars?"
    r"|execute|poll|consume|receive|pull|search|filter|refresh|scan|peek|open|stat|glob|iterdir"
    r"|is_file|is_dir|walk|listdir|capture|inspect|lookup|request|head|show|describe|history)"
    r"(?:_\w+|[A-Z]\w*)?|\w+_(?:count|exists)|readouterr|getvalue|readlines?|fetchall|fetchone"
    r"|fetchval|fetchrow|hgetall|lrange|smembers|zrange|llen|keys|values|items|assert_\w+"
)
"""Calls that may read back what was changed."""
_PLAIN = frozenset(
    {"str", "len", "int", "list", "sorted", "set", "dict", "isinstance", "type", "any", "all"}
    | {"repr", "bool", "float", "sum", "tuple", "hasattr", "abs", "round", "min", "max", "next"}
    | {"pytest.approx", "json.loads", "zip", "range", "enumerate", "frozenset", "bytes"}
)
_ACCESSORS = frozenset(
    {"json", "get", "keys", "values", "items", "decode", "strip", "lower", "upper", "startswith"}
    | {"endswith", "split", "count", "index", "isoformat", "total_seconds", "model_dump", "dict"}
)
_WATCHED = re.compile(
    r"called|call_count|call_args(?:_list)?|mock_calls|method_calls|await(?:ed|_count|_args)\w*"
    r"|spy_return|outbox|sent|published|messages|requests|history|queue|records|text"
)


def looks_beyond(
    body: Body,
    names: Names,
    asserts: Iterable[Assertion],
    mocks: Iterable[Mock],
    given: Collection[str],
) -> bool:
    """Return whether a test may look at more than results: at a query, a mock, a file.

    `given` are the arguments that hold plain values: those of `parametrize`.
    """
    if any(not _OF_RESULTS.fullmatch(one.how) for one in asserts):
        return True
    if body.functions or body.classes or body.globals:
        return True
    results = _results(body, {mock.line for mock in mocks})
    looked = list(_looked_at(body, names))
    inside = {id(one) for expression in looked for one in ast.walk(expression)}
    inside |= {id(call) for call in body.calls if _CASE.fullmatch(names.of(call.func))}
    for call in body.calls:
        function = call.func
        receiver = function.value if isinstance(function, ast.Attribute) else None
        if isinstance(receiver, ast.Name) and receiver.id in results and id(call) not in inside:
            results.discard(receiver.id)
    for call in body.calls:
        if id(call) not in inside:
            results -= {one.id for value in _arguments(call) for one in _names_in(value)}
    plain = results | set(given)
    if any(_reads_back(call, names, plain) for call in body.calls if id(call) not in inside):
        return True
    return not all(_is_plain(expression, names, plain) for expression in looked)


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(word.value for word in call.keywords)]


def _names_in(node: ast.AST) -> Iterator[ast.Name]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Name))


def _results(body: Body, mocked: Collection[int]) -> set[str]:
    """Return the names that hold what some call gave, and nothing else."""
    found: set[str] = set()
    other: set[str] = set()
    for node in body.assigns:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        own = {one.id for target in targets for one in _names_in(target)}
        simple = all(isinstance(one, ast.Name | ast.Tuple) for one in targets)
        made = simple and node.value is not None and _is_given(node.value)
        if made and node.lineno not in mocked:
            found |= own
        else:
            other |= own
    return found - other


def _is_given(value: ast.expr) -> bool:
    """Return whether a value is what a call gave, or a part of that."""
    while isinstance(value, ast.Await | ast.Attribute | ast.Subscript):
        value = value.value
    return isinstance(value, ast.Call)


def _looked_at(body: Body, names: Names) -> Iterator[ast.expr]:
    """Yield the expressions that assertions compare."""
    for node in body.asserts:
        yield node.test
    for call in body.calls:
        name = names.of(call.func)
        if _CASE.fullmatch(name) and name not in _RAISES:
            yield from _arguments(call)


def _reads_back(call: ast.Call, names: Names, plain: Collection[str]) -> bool:
    """Return whether a call outside of assertions may read what was changed."""
    last = names.of(call.func).rpartition(".")[2]
    if last == "?" or not _BACK.fullmatch(last):
        return False
    function = call.func
    receiver = function.value if isinstance(function, ast.Attribute) else None
    return not (isinstance(receiver, ast.Name) and receiver.id in plain)


def _is_plain(expression: ast.expr, names: Names, plain: Collection[str]) -> bool:
    """Return whether an expression reads results and constants alone."""
    bound = {
        one.id
        for node in ast.walk(expression)
        if isinstance(node, ast.comprehension)
        for one in _names_in(node.target)
    }
    for node in ast.walk(expression):
        if isinstance(node, ast.Lambda | Function | ast.NamedExpr | ast.Await):
            return False
        if isinstance(node, ast.Attribute) and _WATCHED.fullmatch(node.attr):
            return False
        if isinstance(node, ast.Call) and not _is_plain_call(node, names):
            return False
        if isinstance(node, ast.Name) and not (
            node.id in plain or node.id in bound or node.id in _PLAIN or _is_constant(node, names)
        ):
            return False
    return True


def _is_constant(node: ast.Name, names: Names) -> bool:
    """Return whether a name is a constant's or a class's, by its looks, or a module's."""
    name = node.id
    return (
        name[:1].isupper()
        or (name in names.meanings and names.of(node) in _PLAIN)
        or (name in {"pytest", "json", "datetime", "math"})
    )


def _is_plain_call(call: ast.Call, names: Names) -> bool:
    name = names.of(call.func)
    if name in _PLAIN:
        return True
    last = name.rpartition(".")[2]
    return isinstance(call.func, ast.Attribute) and last in _ACCESSORS
