"""elm-coverage's JSON: counts of Elm's expressions by module.

elm-coverage measures expressions (declarations, lambdas, branches of `case` and `if`) and
no lines. Here, as in its HTML report, the innermost expression decides: a line is hit where
a declaration or a branch that starts on it was evaluated, and where none starts, where the
innermost one around it was. A lambda decides for the lines after its first, which is its
caller's. Each branch of `case` and `if` counts as a branch at its first line.
https://github.com/zwilias/elm-coverage
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, quote
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.formats._json import (
    Name,
    add_all_arms,
    decode,
    decode_named,
    in_file,
    json_text,
    once,
    outline,
)
from worker.core.model import MAX_LINE

__all__ = ["FORMAT"]

_BRANCHES = ("caseBranch", "ifElseBranch")
_MAX_SPANNED = 10**9
"""Lines that a module's expressions may span in sum; nested ones count again."""
_MISSED, _HIT = b"\1", b"\2"
_MEASURED_TEXT = bytes.maketrans(b"\0\1\2", b"011")
_HIT_TEXT = bytes.maketrans(b"\0\1\2", b"001")


class _Position(msgspec.Struct, gc=False):
    line: int
    column: int


class _Expression(msgspec.Struct, gc=False):
    type: str
    start: _Position = msgspec.field(name="from")
    to: _Position
    count: float = 0
    name: str | None = None


class _Document(msgspec.Struct):
    coverage: dict[Name, msgspec.Raw] = msgspec.field(name="coverageData")
    modules: dict[str, str] = msgspec.field(name="moduleMap")


_expressions = msgspec.json.Decoder(list[_Expression])


def _sniff(head: bytes) -> bool:
    return "coverageData{" in outline(head)[0]


def _parse(data: bytes) -> Parsed:
    document = decode_named(_Document, json_text(data))
    once(document.coverage)
    report = ReportBuilder("elm-coverage")
    for name, raw in document.coverage.items():
        path = document.modules.get(name.text)
        if path is None:
            raise ReportError(f"module {quote(name.text)} has no file in `moduleMap`")
        with in_file(path):
            _read_module(report.file(path), decode(_expressions, raw))
    return Parsed(report.build())


def _read_module(builder: FileBuilder, expressions: list[_Expression]) -> None:
    last = _last_line(expressions)
    states = bytearray(last + 1)
    first: dict[int, bool] = {}
    arms: defaultdict[int, list[bool]] = defaultdict(list)
    # Outer ones first, so that an inner one has the last word on the lines it spans.
    for expression in sorted(expressions, key=_from_outside):
        start, end, was_hit = expression.start.line, expression.to.line, expression.count > 0
        state = _HIT if was_hit else _MISSED
        if expression.type != "lambdaBody":
            first[start] = first.get(start, False) or was_hit
        elif not states[start]:
            states[start] = state[0]
        states[start + 1 : end + 1] = state * (end - start)
        if expression.type in _BRANCHES:
            arms[start].append(was_hit)
        if expression.type == "declaration" and expression.name:
            builder.add_function(start, expression.name, int(expression.count), end)
    for line, was_hit in first.items():
        states[line] = (_HIT if was_hit else _MISSED)[0]
    states.reverse()
    measured, hit = states.translate(_MEASURED_TEXT), states.translate(_HIT_TEXT)
    builder.add_bitmaps(int(measured, 2), int(hit, 2))
    add_all_arms(builder, arms)


def _last_line(expressions: list[_Expression]) -> int:
    """Return the last line spanned. Raises `ReportError` for lines that can not be."""
    spanned = last = 0
    for expression in expressions:
        start, end = expression.start.line, expression.to.line
        spanned += end - start
        last = max(last, end)
        if not 1 <= start <= end <= MAX_LINE or spanned > _MAX_SPANNED:
            raise ReportError(f"an expression from line {start} to {end} can not be")
    return last


def _from_outside(expression: _Expression) -> tuple[int, int, int, int]:
    start, end = expression.start, expression.to
    return start.line, start.column, -end.line, -end.column


FORMAT = Format("elm-coverage", _sniff, _parse)
