"""gcov's own JSON (`gcov --json-format`, gcc 9 and newer), usually as `.gcov.json.gz`.

A line is measured where gcov lists it and hit where a count is above 0. A line is listed once
for each function that has code on it (every instantiation of a template): it is hit if any
of them was, and their branches are those of one line, merged by position as gcovr does.
https://gcc.gnu.org/onlinedocs/gcc/Invoking-Gcov.html
"""

from __future__ import annotations

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
    outline,
)

__all__ = ["FORMAT"]

_KNOWN = ("1", "2")


class _File(msgspec.Struct, gc=False):
    file: Name
    lines: msgspec.Raw
    functions: msgspec.Raw = msgspec.Raw(b"[]")


class _Document(msgspec.Struct):
    files: list[_File]
    format_version: str
    current_working_directory: str = ""


class _Branch(msgspec.Struct, gc=False):
    count: float


class _Line(msgspec.Struct, gc=False):
    line_number: int
    count: float
    branches: list[_Branch] = []


class _Function(msgspec.Struct, gc=False):
    name: str
    start_line: int
    execution_count: float
    end_line: int | None = None
    demangled_name: str = ""


_lines = msgspec.json.Decoder(list[_Line])
_functions = msgspec.json.Decoder(list[_Function])


def _sniff(head: bytes) -> bool:
    document, _, file, _, line, *_ = outline(head)
    return "gcc_version" in document or ("lines[" in file and "unexecuted_block" in line)


def _parse(data: bytes) -> Parsed:
    document = decode_named(_Document, json_text(data))
    if document.format_version not in _KNOWN:
        raise ReportError(
            f"is of gcov's JSON format {quote(document.format_version)}; known are "
            f"{' and '.join(_KNOWN)}: upload gcovr's JSON or an LCOV tracefile instead"
        )
    report = ReportBuilder("gcov-json")
    for file in document.files:
        with in_file(file.file.text):
            builder = report.file(file.file.text)
            _read_lines(builder, decode(_lines, file.lines))
            for function in decode(_functions, file.functions):
                name = function.demangled_name or function.name
                hits = int(function.execution_count)
                builder.add_function(function.start_line, name, hits, function.end_line)
    folder = document.current_working_directory
    return Parsed(report.build(), (folder,) if folder else ())


def _read_lines(builder: FileBuilder, lines: list[_Line]) -> None:
    builder.add_lines(
        (line.line_number for line in lines),
        (line.line_number for line in lines if line.count > 0),
    )
    arms: dict[int, list[bool]] = {}
    for line in lines:
        if line.branches:
            known = arms.setdefault(line.line_number, [])
            known += [False] * (len(line.branches) - len(known))
            for index, branch in enumerate(line.branches):
                known[index] |= branch.count > 0
    add_all_arms(builder, arms)


FORMAT = Format("gcov-json", _sniff, _parse)
