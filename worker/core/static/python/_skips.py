"""When Python tests are not run, and whether they say why.

https://docs.pytest.org/en/stable/how-to/skipping.html
https://docs.python.org/3/library/unittest.html#skipping-tests-and-expected-failures
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from worker.core.static.facts import Skip
from worker.core.static.python._tree import Function, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from worker.core.static.python._tree import Body, Names

__all__ = ["case_skips_of", "skip_of_mark", "skips_of_body"]

_MARKS = frozenset(
    {"pytest.mark.skip", "unittest.skip", "unittest.case.skip", "twisted.trial.skip"}
)
_CONDITIONS = {
    "pytest.mark.skipif": "",
    "unittest.skipIf": "",
    "unittest.case.skipIf": "",
    "unittest.skipUnless": "not ",
    "unittest.case.skipUnless": "not ",
}
_RAISED = frozenset({"unittest.SkipTest", "unittest.case.SkipTest", "pytest.skip.Exception"})
_EXPECTED = "pytest.mark.xfail"
_ONE_CASE = "one of its cases"


def skip_of_mark(node: ast.expr, names: Names) -> Skip | None:
    """Return the skip that a decorator or a mark in `pytestmark` means."""
    call = node if isinstance(node, ast.Call) else None
    name = names.of(call.func if call else node)
    args = call.args if call else []
    if name in _MARKS:
        return Skip(node.lineno, _reason(call, 0))
    if name in _CONDITIONS and args:
        condition = f"{_CONDITIONS[name]}{words_of(args[0])}"
        # A second positional argument of `skipif` is a second condition.
        return Skip(node.lineno, _reason(call, 1 if "unittest" in name else 99), condition)
    if name == _EXPECTED and call:
        words = {word.arg: word.value for word in call.keywords}
        run = words.get("run")
        if isinstance(run, ast.Constant) and run.value is False:
            return Skip(node.lineno, _reason(call, 99), words_of(args[0]) if args else "")
    return None


def _reason(call: ast.Call | None, index: int) -> str:
    if call is None:
        return ""
    given = next((word.value for word in call.keywords if word.arg in {"reason", "msg"}), None)
    if given is None and len(call.args) > index:
        given = call.args[index]
    return words_of(given).strip()


def case_skips_of(mark: ast.Call, names: Names) -> Iterator[Skip]:
    """Yield the skips of single cases: `pytest.param(…, marks=pytest.mark.skip(…))`."""
    for values in mark.args[1:2]:
        for one in getattr(values, "elts", ()):
            if not (isinstance(one, ast.Call) and names.of(one.func) == "pytest.param"):
                continue
            for word in one.keywords:
                if word.arg != "marks":
                    continue
                for node in getattr(word.value, "elts", None) or [word.value]:
                    skip = skip_of_mark(node, names)
                    if skip is not None:
                        yield Skip(skip.line, skip.reason, skip.condition or _ONE_CASE)


def skips_of_body(body: Body, names: Names, within: Iterable[ast.stmt]) -> list[Skip]:
    """Return the skips that statements of a test decide themselves."""
    found = []
    for call in body.calls:
        name = names.of(call.func)
        if name == "pytest.skip" or name in {"self.skipTest", "cls.skipTest"}:
            found.append(Skip(call.lineno, _reason(call, 0)))
        elif name == "pytest.importorskip":
            # Without a reason of its own, pytest names the module in its message.
            module = words_of(call.args[0]) if call.args else "a module"
            reason = _reason(call, 99) or f"could not import {module!r}"
            found.append(Skip(call.lineno, reason, f"{module} is not installed"))
    for node in body.raises:
        raised = node.exc if isinstance(node.exc, ast.Call) else None
        kind = raised.func if raised is not None else node.exc
        if kind is not None and names.of(kind) in _RAISED:
            found.append(Skip(node.lineno, _reason(raised, 0)))
    if not found:
        return found
    places = list(_conditions(within))
    return [
        one if one.condition else Skip(one.line, one.reason, _condition_at(one.line, places))
        for one in found
    ]


def _conditions(within: Iterable[ast.stmt]) -> Iterator[tuple[int, int, str]]:
    """Yield the lines that run on a condition, and the condition; outer ones first."""
    stack: list[ast.AST] = list(within)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If | ast.While):
            test = words_of(node.test)
            yield node.body[0].lineno, node.body[-1].end_lineno or 0, test
            if node.orelse:
                yield node.orelse[0].lineno, node.orelse[-1].end_lineno or 0, f"not ({test})"
        elif isinstance(node, ast.ExceptHandler) and node.body:
            what = f"except {words_of(node.type)}".strip()
            yield node.lineno, node.end_lineno or 0, what
        elif isinstance(node, Function) and node not in within:
            continue
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            stack += getattr(node, name, ())


def _condition_at(line: int, places: Iterable[tuple[int, int, str]]) -> str:
    inside = [(start, -end, test) for start, end, test in places if start <= line <= end]
    return max(inside, default=(0, 0, ""))[2]
