"""JetBrains dotCover's DetailedXML.

Producer: https://www.jetbrains.com/help/dotcover/dotCover__Console_Runner_Commands.html

A statement runs from `Line` to `EndLine`; each of its lines counts, and was hit when one
statement on it was covered. dotCover's own percentage is over statements, of which several
may share a line. Columns tell statements of one line apart and are not needed here. There
are no branches. Of the report types, only DetailedXML says which statements: XML and
SummaryXML hold sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.errors import ReportError
from worker.core.formats._attributes import HIDDEN_LINES, Spans, count, refuse_sums, span
from worker.core.formats._base import Format, Parsed, quote
from worker.core.formats._build import ReportBuilder
from worker.core.formats._xml import opening, read_xml

if TYPE_CHECKING:
    from worker.core.model import Report

__all__ = ["FORMAT"]


def _sniff(head: bytes) -> bool:
    start = opening(head)
    return (
        start is not None
        and start.root == "Root"
        and ("DotCoverVersion" in start.attributes or "CoveredStatements" in start.attributes)
    )


def _parse(data: bytes) -> Parsed:
    reader = _Reader()
    read_xml(
        data,
        starts={
            "Root": reader.sums,
            "Statements": reader.sums,
            "File": reader.declare_file,
            "Method": reader.start_method,
            "Statement": reader.statement,
        },
        ends={"Method": reader.end_method},
    )
    refuse_sums(reader.claimed, reader.seen, "let dotCover write a report of the type DetailedXML")
    return Parsed(reader.build())


class _Method:
    __slots__ = ("hit", "name", "spans")

    def __init__(self, name: str) -> None:
        self.name = name
        self.spans: dict[str, tuple[int, int]] = {}
        self.hit = False


class _Reader:
    __slots__ = ("_functions", "_hit", "_measured", "_methods", "_paths", "claimed", "seen")

    def __init__(self) -> None:
        self.claimed = 0
        self.seen = False
        self._paths: dict[str, str] = {}
        self._measured: dict[str, Spans] = {}
        self._hit: dict[str, Spans] = {}
        self._methods: list[_Method] = []
        self._functions: list[tuple[str, int, str, int, int]] = []

    def sums(self, attributes: dict[str, str]) -> None:
        total = "TotalStatements" if "TotalStatements" in attributes else "Total"
        self.claimed = max(self.claimed, count(attributes, total, "0"))

    def declare_file(self, attributes: dict[str, str]) -> None:
        self._paths[attributes["Index"]] = attributes["Name"]

    def start_method(self, attributes: dict[str, str]) -> None:
        self._methods.append(_Method(attributes.get("Name", "")))

    def statement(self, attributes: dict[str, str]) -> None:
        self.seen = True
        index = attributes["FileIndex"]
        path = self._paths.get(index)
        if path is None:
            raise ReportError(f"a statement is in the file {quote(index)}, which is not declared")
        first = count(attributes, "Line")
        if first in HIDDEN_LINES:
            return
        lines = span(first, count(attributes, "EndLine", attributes["Line"]))
        covered = _is_true(attributes, "Covered")
        if path not in self._measured:
            self._measured[path], self._hit[path] = Spans(), Spans()
        self._measured[path].add(lines)
        if covered:
            self._hit[path].add(lines)
        for method in self._methods[-1:]:
            known = method.spans.get(path, lines)
            method.spans[path] = min(known[0], lines[0]), max(known[1], lines[1])
            method.hit |= covered

    def end_method(self) -> None:
        method = self._methods.pop()
        for path, (first, last) in method.spans.items():
            if method.name:
                self._functions.append((path, first, method.name, int(method.hit), last))

    def build(self) -> Report:
        """Return the report."""
        report = ReportBuilder()
        for path, measured in self._measured.items():
            report.file(path).add_bitmaps(measured.bitmap(), self._hit[path].bitmap())
        for path, line, name, hits, end in self._functions:
            report.file(path).add_function(line, name, hits, end)
        return report.build()


def _is_true(attributes: dict[str, str], name: str) -> bool:
    text = attributes[name]
    if text not in ("True", "False"):
        raise ReportError(f"the attribute {name} is {quote(text)}, neither True nor False")
    return text == "True"


FORMAT = Format("dotcover", _sniff, _parse)
