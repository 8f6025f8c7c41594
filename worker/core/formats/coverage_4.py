"""`.coverage` of coverage.py 4: JSON behind a note that says not to read it.

`{"lines": {path: [number, …]}, "arcs": {path: [[from, to], …]}, "file_tracers": {…}, …}`, one
of `lines` and `arcs`: what was executed, as in the SQLite file of later releases
(`coverage_data`), with which it shares all else.
https://github.com/coveragepy/coveragepy/blob/coverage-4.5.4/coverage/data.py
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from worker.core.errors import ReportError, SummaryError
from worker.core.formats._base import Format, Parsed, Sources, quote
from worker.core.formats._build import line_bitmap
from worker.core.formats._json import decode, in_file, json_text
from worker.core.formats._python import Executed
from worker.core.formats.coverage_data import NEEDS_SOURCES, join_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FORMAT"]

_NOTE = b"!coverage.py: This is a private format, don't read it directly!"


class _Document(msgspec.Struct):
    lines: dict[str, msgspec.Raw] = {}
    arcs: dict[str, msgspec.Raw] = {}
    file_tracers: dict[str, str] = {}


_document = msgspec.json.Decoder(_Document)
_lines = msgspec.json.Decoder(list[int])
_arcs = msgspec.json.Decoder(set[tuple[int, int]])


def _sniff(head: bytes) -> bool:
    return head.startswith(_NOTE)


def _parse(data: bytes) -> Parsed:  # noqa: ARG001 - the sources are what it lacks
    raise SummaryError(NEEDS_SOURCES)  # a full report often lies beside it


def _parse_with(data: bytes, sources: Sources) -> Parsed:
    document = decode(_document, json_text(data.removeprefix(_NOTE)))
    for path, tracer in document.file_tracers.items():
        if tracer:
            raise ReportError(
                f"file {quote(path)} was measured by the plug-in {quote(tracer)}, "
                "which alone knows its lines; upload what `coverage xml` writes"
            )
    branches = bool(document.arcs)
    return Parsed(join_sources(_read_files(document), sources, (4,), branches=branches))


def _read_files(document: _Document) -> Iterator[tuple[str, Executed]]:
    for path, raw in document.arcs.items():
        with in_file(path):
            jumps = decode(_arcs, raw)
            lines = line_bitmap(line for line in chain.from_iterable(jumps) if line > 0)
        yield path, Executed(lines, jumps)
    for path, raw in document.lines.items():
        with in_file(path):
            lines = line_bitmap(line for line in decode(_lines, raw) if line)
        yield path, Executed(lines)


FORMAT = Format("coveragepy-4-data", _sniff, _parse, _parse_with)
