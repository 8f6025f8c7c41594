"""Which statements of a Python test can fail it on purpose.

https://docs.pytest.org/en/stable/how-to/assert.html
https://docs.python.org/3/library/unittest.html#unittest.TestCase
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from worker.core.static.facts import Assertion

if TYPE_CHECKING:
    from worker.core.static.python._tree import Body, Names

__all__ = ["assertion_of", "assertions_of", "is_checker"]

_PYTEST = frozenset({"raises", "warns", "deprecated_call", "fail", "RaisesGroup", "RaisesExc"})
_MOCK = re.compile(r"assert_(?:called|any_call|has_calls|not_called|awaited|any_await|not_awaited)")
_ASSERT = re.compile(r"_*assert(?:[A-Z_0-9]\w*)?")
_CHECK = re.compile(r"_*(?:check|verify|expect|ensure|validate)(?:_\w+|[A-Z]\w*)")
_UNITTEST = re.compile(r"fail(?:If|Unless)?\w*|should\w*")
_OUTPUT = frozenset(
    {"fnmatch_lines", "fnmatch_lines_random", "re_match_lines", "no_fnmatch_line"}
    | {"no_re_match_line", "re_match_lines_random", "expect_exact", "raise_for_status"}
)
"""What output or a status is compared by: pytester, pexpect, HTTP clients."""
_WAIT = re.compile(r"wait_(?:for|until)_\w+")
"""What fails when something does not happen in time."""
_REGRESSION = re.compile(r"\w*_regression")
_CASES = frozenset({"test", "testcase", "test_case", "case", "tc", "tester"})
_EXPECT = re.compile(r"Expect[A-Z]\w*")
"""A context that asks for something to happen, such as Tornado's ExpectLog."""
_SUPPORT = re.compile(r"\b(?:test|testing|tests|support|verify)\b|_helper\b")
"""Modules whose `check_…` are there for tests."""
_TYPES_ONLY = frozenset({"assert_type", "assert_never"})
_LIBRARIES = frozenset({"expects.expect", "playwright.sync_api.expect", "sure.expect", "expect"})


def assertions_of(body: Body, names: Names, known: frozenset[str] = frozenset()) -> list[Assertion]:
    """Return the assertions of some statements. `known` are methods that are read themselves."""
    found = [Assertion(node.lineno, "assert") for node in body.asserts]
    for call in body.calls:
        how = assertion_of(call, names, known)
        if how:
            found.append(Assertion(call.lineno, how))
    found += [
        Assertion(node.lineno, "raise AssertionError")
        for node in body.raises
        if names.of(node.exc.func if isinstance(node.exc, ast.Call) else node.exc or node)
        in {"AssertionError", "pytest.fail.Exception"}
    ]
    return sorted(found, key=lambda one: (one.line, one.how))


def is_checker(name: str) -> bool:
    """Return whether a helper is there to check, by its name. What it mocks, it only watches."""
    last = name.rpartition(".")[2]
    return bool(_ASSERT.fullmatch(last) or _CHECK.fullmatch(last))


def assertion_of(call: ast.Call, names: Names, known: frozenset[str]) -> str:
    """Return how a call asserts; empty where it does not."""
    name = names.of(call.func)
    before, _, last = name.rpartition(".")
    if last in _PYTEST and before.partition(".")[0] in {"pytest", "_pytest"}:
        return f"pytest.{last}"
    # A project's own, imported from its helpers, or handed over as the test: `raises(…)`.
    if last in {"raises", "warns"} and (not before or "test" in before):
        return last
    if last == "fail" and before in _CASES:
        return name
    if _MOCK.match(last):
        return f"mock.{last}"
    own = before in {"self", "cls"} and name not in known
    if (
        (_ASSERT.fullmatch(last) and last not in _TYPES_ONLY)
        or (before == "super()" and last.startswith("test"))
        or (own and (_UNITTEST.fullmatch(last) or _CHECK.fullmatch(last)))
        or (last == "check" and _REGRESSION.fullmatch(before))
        or _WAIT.fullmatch(last)
        or name in _LIBRARIES
        or _EXPECT.fullmatch(last)
        or (_CHECK.fullmatch(last) and _SUPPORT.search(before))
    ):
        return name
    if last in _OUTPUT:
        return last
    return _guard_of(call, last, names)


def _guard_of(call: ast.Call, last: str, names: Names) -> str:
    """Return how a call makes something fail that must not happen."""
    if last in {"simplefilter", "filterwarnings"} and call.args:
        first = call.args[0]
        if isinstance(first, ast.Constant) and first.value == "error":
            return f"warnings.{last}"
    for word in call.keywords:
        if word.arg == "side_effect":
            value = word.value
            name = names.of(value.func if isinstance(value, ast.Call) else value)
            if name in {"AssertionError", "pytest.fail"}:
                return "side_effect=AssertionError"
    return ""
