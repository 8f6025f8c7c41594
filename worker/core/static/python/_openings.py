"""How Python tests and fixtures begin, to find set-up that is written more than once."""

from __future__ import annotations

import ast
from hashlib import blake2b
from typing import TYPE_CHECKING

from worker.core.static.python._findings import retries_of, risks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.core.static.python._tree import Function, Names
    from worker.core.static.python._units import Unit

__all__ = ["digest_of", "opening_of", "waits_of"]

_STATEMENTS = 3
"""So many alike at the beginning are more than chance."""
_WAITS = frozenset({"sleep", "timeout", "retry"})


def opening_of(unit: Unit, lines: Sequence[str]) -> str:
    """Return a digest of a test's first three statements; empty where it has no such set-up.

    They are set-up where none of them asserts, and more follow.
    """
    body = _without_docstring(unit.node)
    if len(body) <= _STATEMENTS:
        return ""
    first, last = body[0].lineno, body[_STATEMENTS - 1].end_lineno or 0
    if any(first <= one.line <= last for one in unit.asserts):
        return ""
    return _digest(lines[first - 1 : last])


def digest_of(node: Function, lines: Sequence[str]) -> str:
    """Return a digest of a fixture's statements; empty where it has fewer than three lines."""
    body = _without_docstring(node)
    if not body:
        return ""
    text = lines[body[0].lineno - 1 : node.end_lineno]
    return _digest(text) if len(text) >= _STATEMENTS else ""


def waits_of(unit: Unit, names: Names) -> tuple[int, ...]:
    """Return the lines of the file's helpers that a test calls, where these wait."""
    return tuple(sorted({line for helper in unit.reached for line in _waits(helper, names)}))


def _waits(helper: Unit, names: Names) -> Iterator[int]:
    risks = risks_of(helper.body, names, frozenset(), frozen=True, seeded=True)
    for kind, line in (*risks, *retries_of(helper.node.decorator_list, names)):
        if kind in _WAITS:
            yield line


def _without_docstring(node: Function) -> list[ast.stmt]:
    first = node.body[0]
    value = first.value if isinstance(first, ast.Expr) else None
    text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return node.body[1:] if text else node.body


def _digest(lines: Sequence[str]) -> str:
    text = "\n".join(line.strip() for line in lines if line.strip()[:1] not in ("", "#"))
    return blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
