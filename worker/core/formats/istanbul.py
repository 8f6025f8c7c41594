"""Istanbul's `coverage-final.json`, written by nyc, Jest, Vitest, Cypress, c8 and Karma.

Lines are counted as istanbul-lib-coverage counts them: a statement's count goes to the line
it starts on, and the greatest count of a line stands. Branches are all arms of `b`, at the
line where their branch starts, whether or not a statement starts there.
https://github.com/istanbuljs/istanbuljs/blob/main/packages/istanbul-lib-coverage/lib/file-coverage.js
"""

from __future__ import annotations

from itertools import compress
from typing import Annotated

import msgspec

from worker.core.errors import SummaryError
from worker.core.formats._base import HEAD, Format, Parsed
from worker.core.formats._build import FileBuilder, ReportBuilder, line_bitmap
from worker.core.formats._json import (
    Name,
    decode,
    decode_named,
    in_file,
    json_text,
    once,
    outline,
)

__all__ = ["FORMAT"]

_Count = Annotated[float, msgspec.Meta(ge=0)] | None
_SUMS = frozenset({"total", "covered", "skipped", "pct"})


class _Position(msgspec.Struct, frozen=True, gc=False):
    line: int | None = None
    """Null where a source map leads nowhere."""


class _Start(msgspec.Struct, gc=False):
    start: _Position


class _Span(msgspec.Struct, frozen=True, gc=False):
    start: _Position = _Position()
    end: _Position = _Position()


class _Branch(msgspec.Struct, gc=False):
    loc: _Span = _Span()
    line: int | None = None
    """Of Istanbul before version 1, which wrote no `loc`."""


class _Function(msgspec.Struct, gc=False):
    name: str = ""
    decl: _Span = _Span()
    loc: _Span = _Span()
    line: int | None = None


class _File(msgspec.Struct, gc=False):
    statements: dict[str, _Start] = msgspec.field(name="statementMap")
    s: dict[str, _Count]
    branches: dict[str, _Branch] = msgspec.field(name="branchMap", default_factory=dict)
    b: dict[str, list[_Count]] = {}
    functions: dict[str, _Function] = msgspec.field(name="fnMap", default_factory=dict)
    f: dict[str, _Count] = {}


_file = msgspec.json.Decoder(_File)


def _sniff(head: bytes) -> bool:
    _, entry, *_ = outline(head)
    return "statementMap{" in entry or {"path", "s{"} <= entry or _is_summary(head)


def _is_summary(head: bytes) -> bool:
    files, units, sums, *_ = outline(head)
    return "total{" in files and "statements{" in units and sums >= _SUMS


def _parse(data: bytes) -> Parsed:
    data = json_text(data)
    if _is_summary(data[:HEAD]):
        raise SummaryError(
            "is Istanbul's summary: sums without lines. Add the reporter `json` (or `lcov`) "
            "beside `json-summary` and upload coverage-final.json (or lcov.info)"
        )
    files = decode_named(dict[Name, msgspec.Raw], data)
    once(files)
    report = ReportBuilder("istanbul-json")
    for name, raw in files.items():
        with in_file(name.text):
            _read_file(report.file(name.text), decode(_file, raw))
    return Parsed(report.build())


def _read_file(builder: FileBuilder, file: _File) -> None:
    lines, counts = _statements(file)
    builder.add_lines(lines, compress(lines, counts))
    _add_branches(builder, _arms(file))
    for key, function in file.functions.items():
        start = function.decl.start.line or function.loc.start.line or function.line or 0
        hits = int(file.f.get(key) or 0)
        builder.add_function(start, function.name, hits, function.loc.end.line)


def _statements(file: _File) -> tuple[list[int], list[_Count]]:
    """Return the line and the count of each statement that has both."""
    if list(file.s) == list(file.statements):  # as they are written; no look-up then
        places = [place.start.line for place in file.statements.values()]
        counts = list(file.s.values())
    else:
        known = [key for key in file.s if key in file.statements]
        places = [file.statements[key].start.line for key in known]
        counts = [file.s[key] for key in known]
    lines = [line for line in places if line is not None]
    if len(lines) < len(places):
        pairs = zip(places, counts, strict=True)
        counts = [count for line, count in pairs if line is not None]
    return lines, counts


def _arms(file: _File) -> dict[int, list[_Count]]:
    """Return the counts of all arms by the line where their branch starts; 0 if on none."""
    arms: dict[int, list[_Count]] = {}
    for key, counts in file.b.items():
        branch = file.branches.get(key)
        line = 0 if branch is None else branch.loc.start.line or branch.line or 0
        known = arms.get(line)
        arms[line] = counts if known is None else known + counts
    return arms


def _add_branches(builder: FileBuilder, arms: dict[int, list[_Count]]) -> None:
    """Add the arms by line: nearly always two, and those of all lines at once."""
    pairs = {line: taken for line, taken in arms.items() if len(taken) == 2 and line}
    if len(pairs) < len(arms):
        for line, taken in arms.items():
            if line not in pairs:
                builder.add_arms(line, taken)
    first = line_bitmap(line for line, (taken, _) in pairs.items() if taken)
    second = line_bitmap(line for line, (_, taken) in pairs.items() if taken)
    builder.add_pairs(line_bitmap(pairs), first, second)


FORMAT = Format("istanbul-json", _sniff, _parse)
