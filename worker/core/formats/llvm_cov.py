"""`llvm-cov export` and `cargo llvm-cov --json`: clang, Rust, Swift (`swift test`), Zig.

Lines follow from a file's segments as LLVM's LineCoverageStats has it, which is what
`llvm-cov show` prints and `llvm-cov export --format=lcov` writes: a line is measured where a
counted region begins or reaches into it, and its count is the greatest of those. (The sums
in the file count a line again for every function that is instantiated there.) A branch has
two arms, true and false; instantiations of it are merged.
https://llvm.org/docs/CoverageMappingFormat.html
https://github.com/llvm/llvm-project/blob/main/llvm/lib/ProfileData/Coverage/CoverageMapping.cpp
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

import msgspec

from worker.core.errors import ReportError, SumsOnlyError
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
from worker.core.model import MAX_LINE

__all__ = ["FORMAT"]

_KNOWN = ("2.", "3.")


class _File(msgspec.Struct, gc=False):
    filename: Name
    segments: msgspec.Raw = msgspec.Raw()
    branches: msgspec.Raw = msgspec.Raw(b"[]")


class _Export(msgspec.Struct):
    files: list[_File]
    functions: msgspec.Raw = msgspec.Raw(b"[]")


class _Document(msgspec.Struct):
    data: list[_Export]
    version: str


class _Segment(msgspec.Struct, array_like=True, gc=False):
    line: int
    column: int
    count: float
    has_count: bool
    is_entry: bool
    is_gap: bool = False


class _Branch(msgspec.Struct, array_like=True, gc=False):
    line: int
    column: int
    end_line: int
    end_column: int
    true: float
    false: float


class _Region(msgspec.Struct, array_like=True, gc=False):
    line: int
    column: int
    end_line: int


class _Function(msgspec.Struct, gc=False):
    name: str
    count: float
    filenames: list[str]
    regions: list[_Region]


_segments = msgspec.json.Decoder(list[_Segment])
_branches = msgspec.json.Decoder(list[_Branch])
_functions = msgspec.json.Decoder(list[_Function])


def _sniff(head: bytes) -> bool:
    document, _, export, _, file, *_ = outline(head)
    return (
        "data[" in document
        and "files[" in export
        and bool(file & {"filename", "segments[", "summary{"})
    )


def _parse(data: bytes) -> Parsed:
    document = decode_named(_Document, json_text(data))
    if not document.version.startswith(_KNOWN):
        raise ReportError(
            f"is of llvm-cov's JSON format {quote(document.version)}; known are 2 and 3: "
            "upload `llvm-cov export --format=lcov` instead"
        )
    report = ReportBuilder("llvm-cov-json")
    for export in document.data:
        for file in export.files:
            if not bytes(file.segments):
                raise SumsOnlyError(
                    "has sums and no segments, as `--summary-only` leaves it. Export without "
                    "`--summary-only`, or upload `--format=lcov` (cargo llvm-cov: `--lcov`)"
                )
            with in_file(file.filename.text):
                _read_file(report.file(file.filename.text), file)
        _read_functions(report, {file.filename.text for file in export.files}, export.functions)
    return Parsed(report.build())


def _read_file(builder: FileBuilder, file: _File) -> None:
    _read_segments(builder, decode(_segments, file.segments))
    taken: dict[int, dict[tuple[int, ...], bool]] = {}
    for branch in decode(_branches, file.branches):
        arms = taken.setdefault(branch.line, {})
        place = (branch.column, branch.end_line, branch.end_column)
        for arm, count in enumerate((branch.true, branch.false)):
            key = (*place, arm)
            arms[key] = arms.get(key, False) or count > 0
    add_all_arms(
        builder, {line: [arms[key] for key in sorted(arms)] for line, arms in taken.items()}
    )


def _read_segments(builder: FileBuilder, segments: list[_Segment]) -> None:
    measured: list[int] = []
    hit: list[int] = []
    wrapped: _Segment | None = None
    following = 1
    for line, group in groupby(segments, key=_line):
        if not following <= line <= MAX_LINE:
            raise ReportError(f"a segment's line {line} is not between {following} and {MAX_LINE}")
        if wrapped is not None and wrapped.has_count:
            measured += range(following, line)
            hit += range(following, line) if wrapped.count > 0 else ()
        here = list(group)
        count = _count(here, wrapped)
        if count is not None:
            measured.append(line)
            if count > 0:
                hit.append(line)
        wrapped = here[-1]
        following = line + 1
    builder.add_lines(measured, hit)


_line = attrgetter("line")


def _count(segments: list[_Segment], wrapped: _Segment | None) -> float | None:
    """Return a line's count, None where it is not mapped: LineCoverageStats, step by step.

    `segments` are those that start on the line, `wrapped` is the last one before it.
    """
    starts = [s.count for s in segments if s.is_entry and s.has_count and not s.is_gap]
    skipped = segments[0].is_entry and not segments[0].has_count
    reached = wrapped is not None and wrapped.has_count
    mapped = not skipped and (reached or bool(starts))
    if not mapped and not any(s.is_entry and s.has_count for s in segments):
        return None
    return max([0 if wrapped is None else wrapped.count, *starts])


def _read_functions(report: ReportBuilder, paths: set[str], raw: msgspec.Raw) -> None:
    for function in decode(_functions, raw, "functions"):
        if function.filenames and function.regions and function.filenames[0] in paths:
            region = function.regions[0]
            builder = report.file(function.filenames[0])
            hits = int(function.count)
            builder.add_function(region.line, function.name, hits, region.end_line)


FORMAT = Format("llvm-cov-json", _sniff, _parse)
