"""gcovr's JSON (`gcovr --json`), formats 0.1 (gcovr 4.2) to 0.15 (gcovr 8).

A line counts once however many functions have code on it, and is hit where a count is above
0; what gcovr marks as excluded or as no code does not count. Branches are merged by their
number and blocks, and one that is excluded is left out.
https://gcovr.com/en/stable/output/json.html
"""

from __future__ import annotations

import msgspec

from worker.core.errors import ReportError, SummaryError
from worker.core.formats._base import HEAD, Format, Parsed, quote
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.formats._json import (
    Name,
    add_all_arms,
    decode,
    decode_named,
    in_file,
    json_text,
    outline,
)

__all__ = ["FORMAT"]

_VERSION = "gcovr/format_version"
_SUMMARY = "gcovr/summary_format_version"


class _File(msgspec.Struct, gc=False):
    file: Name
    lines: msgspec.Raw
    functions: msgspec.Raw = msgspec.Raw(b"[]")


class _Document(msgspec.Struct):
    files: list[_File]
    version: str = msgspec.field(name=_VERSION)


class _Branch(msgspec.Struct, gc=False):
    count: float
    branchno: int | None = None
    source_block_id: int | None = None
    destination_block_id: int | None = None
    excluded: bool = msgspec.field(name="gcovr/excluded", default=False)


class _Line(msgspec.Struct, gc=False):
    line_number: int
    count: float
    branches: list[_Branch] = []
    excluded: bool = msgspec.field(name="gcovr/excluded", default=False)
    noncode: bool = msgspec.field(name="gcovr/noncode", default=False)


class _Function(msgspec.Struct, gc=False):
    lineno: int
    execution_count: float
    name: str | None = None
    demangled_name: str | None = None
    excluded: bool = msgspec.field(name="gcovr/excluded", default=False)


_lines = msgspec.json.Decoder(list[_Line])
_functions = msgspec.json.Decoder(list[_Function])


def _sniff(head: bytes) -> bool:
    document, _, file, _, line, *_ = outline(head)
    if document & {_VERSION, _SUMMARY}:
        return True
    # Older ones sort the names: the version follows the files.
    mine = "line_number" in line or {"lineno", "execution_count"} <= line
    return document == {"files["} and "file" in file and mine and "unexecuted_block" not in line


def _parse(data: bytes) -> Parsed:
    data = json_text(data)
    if _SUMMARY in outline(data[:HEAD])[0] or _SUMMARY.encode() in data[-HEAD:]:
        raise SummaryError(
            "is gcovr's summary: sums without lines. Upload what `gcovr --json` (or "
            "`--cobertura`, `--lcov`) writes"
        )
    document = decode_named(_Document, data)
    if not document.version.startswith("0."):
        raise ReportError(
            f"is of gcovr's JSON format {quote(document.version)}; known are those that "
            "begin with 0.: upload what `gcovr --cobertura` writes instead"
        )
    report = ReportBuilder("gcovr-json")
    for file in document.files:
        with in_file(file.file.text):
            builder = report.file(file.file.text)
            _read_lines(builder, decode(_lines, file.lines))
            for function in decode(_functions, file.functions):
                _read_function(builder, function)
    return Parsed(report.build())


def _read_lines(builder: FileBuilder, lines: list[_Line]) -> None:
    counted = [line for line in lines if not (line.excluded or line.noncode)]
    builder.add_lines(
        (line.line_number for line in counted),
        (line.line_number for line in counted if line.count > 0),
    )
    taken: dict[int, dict[tuple[int, ...], bool]] = {}
    for line in counted:
        for index, branch in enumerate(line.branches):
            if not branch.excluded:
                arms = taken.setdefault(line.line_number, {})
                key = _key(index, branch)
                arms[key] = arms.get(key, False) or branch.count > 0
    add_all_arms(
        builder, {line: [arms[key] for key in sorted(arms)] for line, arms in taken.items()}
    )


def _key(index: int, branch: _Branch) -> tuple[int, ...]:
    """Return what tells a branch from the others on its line."""
    if branch.branchno is None and branch.destination_block_id is None:
        return (index,)
    named = (branch.branchno, branch.source_block_id, branch.destination_block_id)
    return tuple(-1 if number is None else number for number in named)


def _read_function(builder: FileBuilder, function: _Function) -> None:
    name = function.demangled_name or function.name
    if name and not function.excluded:
        builder.add_function(function.lineno, name, int(function.execution_count))


FORMAT = Format("gcovr-json", _sniff, _parse)
