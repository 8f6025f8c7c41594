"""Xcode's coverage by line: `xcrun xccov view --archive --json Result.xcresult`.

A line is measured where `isExecutable` says so, and hit where its `executionCount` is above
0; a line that has parts with counts of their own (`subranges`) and no count itself is hit
where one of them is. A line that was hit, but not in all its parts, is partial. The report
(`xccov view --report --json`) has sums only.
https://developer.apple.com/documentation/xcode/determining-how-much-code-your-tests-cover
"""

from __future__ import annotations

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

_SUMS = frozenset({"coveredLines", "executableLines", "lineCoverage"})


class _Part(msgspec.Struct, gc=False):
    execution_count: float = msgspec.field(name="executionCount")


class _Line(msgspec.Struct, gc=False):
    line: int
    is_executable: bool = msgspec.field(name="isExecutable")
    execution_count: float | None = msgspec.field(name="executionCount", default=None)
    subranges: list[_Part] = []

    @property
    def count(self) -> float:
        """The line's count, or the greatest of its parts."""
        if self.execution_count is not None:
            return self.execution_count
        return max((part.execution_count for part in self.subranges), default=0)

    @property
    def has_missed_part(self) -> bool:
        """Whether some part of the line never ran."""
        return any(part.execution_count == 0 for part in self.subranges)


_lines = msgspec.json.Decoder(list[_Line])


def _sniff(head: bytes) -> bool:
    files, _, line, *_ = outline(head)
    return _is_report(head) or (
        bool(files)
        and all(name.endswith("[") for name in files)
        and {"line", "isExecutable"} <= line
    )


def _is_report(head: bytes) -> bool:
    document, targets, *_ = outline(head)
    return ("targets[" in document and bool(_SUMS & document)) or targets >= _SUMS


def _parse(data: bytes) -> Parsed:
    data = json_text(data)
    if _is_report(data[:HEAD]):
        raise SummaryError(
            "is xccov's report: sums without lines. Upload what "
            "`xcrun xccov view --archive --json` prints"
        )
    files = decode_named(dict[Name, msgspec.Raw], data)
    once(files)
    report = ReportBuilder()
    for name, raw in files.items():
        with in_file(name.text):
            _read_file(report.file(name.text), decode(_lines, raw))
    return Parsed(report.build())


def _read_file(builder: FileBuilder, lines: list[_Line]) -> None:
    executable = [line for line in lines if line.is_executable]
    hit = [line for line in executable if line.count > 0]
    builder.add_lines((line.line for line in executable), (line.line for line in hit))
    builder.add_partials(line_bitmap(line.line for line in hit if line.has_missed_part))


FORMAT = Format("xccov-json", _sniff, _parse)
