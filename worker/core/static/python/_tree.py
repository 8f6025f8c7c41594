"""Python's syntax tree: parsed with caps, walked without recursion, names told by imports."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.core.static._mask import weigh_formatted
from worker.core.static.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = [
    "Body",
    "Definition",
    "Function",
    "Names",
    "below",
    "define",
    "is_sqlite",
    "parse",
    "scan",
    "words_of",
]

Function = ast.FunctionDef | ast.AsyncFunctionDef

_LEAVES: frozenset[type[ast.AST]] = frozenset(
    {ast.Constant, ast.Name, ast.Load, ast.Store, ast.Del, ast.Pass, ast.Break, ast.Continue}
    | {*ast.operator.__subclasses__(), *ast.cmpop.__subclasses__()}
    | {*ast.unaryop.__subclasses__(), *ast.boolop.__subclasses__()}
)
_UNREAD = frozenset({"annotation", "returns", "type_comment", "ctx", "op", "ops", "type_params"})
_FIELDS = {
    kind: tuple(name for name in kind._fields if name not in _UNREAD)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_DEEPEST = 100
"""Attributes in a row; more are no name."""
_LONGEST = 300
"""Characters of a name; patterns would take long on more."""
_LONG_TEXT = 50_000
_MOST_FORMATTED = 2_000_000_000
"""Of `weigh_formatted`, half a second. For each brace, the parser of Python 3.11 looks through its
f-string from the start; one of a megabyte would take it a minute."""


def parse(text: str) -> ast.Module | None:
    """Return the tree of a source; None where it can't be parsed by this Python.

    The text is given decoded: a source's own "coding" line may name codecs that take
    quadratic time. Python's parser refuses what is nested too deeply by itself.
    """
    if len(text) > _LONG_TEXT and weigh_formatted(text) > _MOST_FORMATTED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@dataclass(slots=True)
class Body:
    """What stands in some statements, inner functions included."""

    calls: list[ast.Call] = field(default_factory=list)
    asserts: list[ast.Assert] = field(default_factory=list)
    raises: list[ast.Raise] = field(default_factory=list)
    handlers: list[ast.ExceptHandler] = field(default_factory=list)
    assigns: list[ast.Assign | ast.AnnAssign | ast.AugAssign] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    classes: list[ast.ClassDef] = field(default_factory=list)
    choices: list[ast.BoolOp | ast.IfExp] = field(default_factory=list)
    globals: list[ast.Global] = field(default_factory=list)


_KEPT: dict[type[ast.AST], str] = {
    ast.Call: "calls",
    ast.Assert: "asserts",
    ast.Raise: "raises",
    ast.ExceptHandler: "handlers",
    ast.Assign: "assigns",
    ast.AnnAssign: "assigns",
    ast.AugAssign: "assigns",
    ast.FunctionDef: "functions",
    ast.AsyncFunctionDef: "functions",
    ast.ClassDef: "classes",
    ast.BoolOp: "choices",
    ast.IfExp: "choices",
    ast.Global: "globals",
}


def scan(nodes: Iterable[ast.AST]) -> Body:
    """Return what stands in these nodes and below, in the order of the text."""
    body = Body()
    keep = {kind: getattr(body, name).append for kind, name in _KEPT.items()}
    stack = list(nodes)
    stack.reverse()
    while stack:
        node = stack.pop()
        kind = node.__class__
        kept = keep.get(kind)
        if kept is not None:
            kept(node)
        children: list[ast.AST] = []
        for name in _FIELDS[kind]:
            value = getattr(node, name, None)
            if value.__class__ is list:
                # A dictionary's `**` has None for its key, `global` has texts.
                children += [
                    one
                    for one in value
                    if isinstance(one, ast.AST) and one.__class__ not in _LEAVES
                ]
            elif isinstance(value, ast.AST) and value.__class__ not in _LEAVES:
                children.append(value)
        children.reverse()
        stack += children
    return body


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class, with the names of what it stands in."""

    node: Function | ast.ClassDef
    outer: tuple[str, ...]
    classes: tuple[ast.ClassDef, ...]
    """Those that it stands in, the outermost first; empty inside a function."""


def define(statements: Sequence[ast.stmt], *, inner: bool) -> Iterator[Definition]:
    """Yield the functions and classes of a module, those inside of functions where `inner`."""
    stack: list[tuple[ast.AST, tuple[str, ...], tuple[ast.ClassDef, ...]]] = [
        (node, (), ()) for node in reversed(statements)
    ]
    while stack:
        node, outer, classes = stack.pop()
        if isinstance(node, ast.ClassDef | Function):
            yield Definition(node, outer, classes)
            outer = (*outer, node.name)
            if isinstance(node, ast.ClassDef):
                classes = (*classes, node)
            elif not inner:
                continue
            else:
                classes = ()
        stack += [(child, outer, classes) for child in reversed(below(node))]


def below(node: ast.AST) -> list[ast.AST]:
    """Return the statements, handlers and cases that stand in a statement's blocks."""
    return [child for name in _BLOCKS for child in getattr(node, name, ())]


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(below(node))


class Names:
    """What the names of a file mean by its imports."""

    def __init__(self, tree: ast.Module) -> None:
        self.meanings: dict[str, str] = {}
        self.modules: set[str] = set()
        for node in _statements(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.modules.add(alias.name)
                    if alias.asname:
                        self.meanings.setdefault(alias.asname, alias.name)
            elif isinstance(node, ast.ImportFrom):
                self._add(node)

    def _add(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        self.modules.add(module)
        between = "" if module.endswith(".") else "."
        for alias in node.names:
            if alias.name != "*":
                meaning = f"{module}{between}{alias.name}"
                if alias.name.islower():  # it may be a module
                    self.modules.add(meaning)
                self.meanings.setdefault(alias.asname or alias.name, meaning)

    def of(self, node: ast.AST) -> str:
        """Return the dotted name of an expression, by what it was imported as.

        "?" stands for what has no name: `Mock().close` is "?.close". "super()" is one.
        """
        parts: list[str] = []
        while isinstance(node, ast.Attribute) and len(parts) < _DEEPEST:
            parts.append(node.attr)
            node = node.value
        first = "?"
        if isinstance(node, ast.Name):
            first = self.meanings.get(node.id, node.id)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super":
            first = "super()"
        if not parts:
            return first if len(first) <= _LONGEST else "?"
        parts.append(first)
        parts.reverse()
        name = ".".join(parts)
        return name if len(name) <= _LONGEST else "?"


def words_of(node: ast.AST | None) -> str:
    """Return an expression as written, in short; a text without its quotes."""
    if node is None:
        return ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return shorten(node.value)
    try:
        return shorten(ast.unparse(node))
    except (RecursionError, ValueError):
        return "…"


_SQLITE = re.compile(r"sqlite(?:\+\w+)?:/")


def is_sqlite(node: ast.AST | None) -> bool:
    """Return whether an expression is the URL of an SQLite database, written out."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and bool(_SQLITE.match(node.value))
    )
