"""SimpleCov's `coverage.json`: what its JSON formatter writes, from SimpleCov 0.18 to 1.x.

`lines` has an element a line: hits, null for a line without code, "ignored" for one between
`:nocov:` marks; neither is measured. A branch stands at its `report_line` where that is
given, as SimpleCov shows it, and else where it starts.
https://github.com/simplecov-ruby/simplecov_json_formatter
https://github.com/simplecov-ruby/simplecov/tree/main/schemas
"""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

import msgspec

from worker.core.formats._base import Format, Parsed
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.formats._json import (
    Name,
    add_all_arms,
    add_counts,
    decode,
    decode_named,
    in_file,
    json_text,
    once,
    outline,
)

__all__ = ["FORMAT"]

_Count = float | Literal["ignored"] | None


class _Meta(msgspec.Struct):
    root: str = ""


class _Document(msgspec.Struct):
    coverage: dict[Name, msgspec.Raw]
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _Branch(msgspec.Struct, gc=False):
    start_line: int
    coverage: _Count
    report_line: int | None = None


class _File(msgspec.Struct, gc=False):
    lines: list[_Count]
    branches: list[_Branch] | None = None


_file = msgspec.json.Decoder(_File)


def _sniff(head: bytes) -> bool:
    document, meta, file, *_ = outline(head)
    return "coverage{" in document and ("lines[" in file or "simplecov_version" in meta)


def _parse(data: bytes) -> Parsed:
    document = decode_named(_Document, json_text(data))
    once(document.coverage)
    report = ReportBuilder("simplecov-json")
    for name, raw in document.coverage.items():
        with in_file(name.text):
            _read_file(report.file(name.text), decode(_file, raw))
    return Parsed(report.build(), (document.meta.root,) if document.meta.root else ())


def _read_file(builder: FileBuilder, file: _File) -> None:
    add_counts(builder, [None if count == "ignored" else count for count in file.lines])
    arms: defaultdict[int, list[bool]] = defaultdict(list)
    for branch in file.branches or ():
        if isinstance(branch.coverage, float):
            arms[branch.report_line or branch.start_line].append(branch.coverage > 0)
    add_all_arms(builder, arms)


FORMAT = Format("simplecov-json", _sniff, _parse)
