"""Microsoft's coverage XML: `dotnet-coverage -f xml`, Visual Studio and `CodeCoverage.exe`.

Producer: https://learn.microsoft.com/en-us/dotnet/core/additional-tools/dotnet-coverage
Values of `Coverage`: https://learn.microsoft.com/en-us/previous-versions/ff430080(v=vs.140)

There are two. `<results>` (since 2012) has functions with ranges of lines, that are covered
`yes`, `partial` or `no`, and names the files of each module after them. `<CoverageDSPriv>`
(2010, and the export of the analysis library) has `<Lines>` with 0 for covered, 1 for in
part, 2 for not covered and 3 for not covered by an error, and names the files at its end.

Each line of a range counts, and was hit when one range on it was covered, in full or in
part. A line is partial when no range on it is covered in full: some of its blocks did not
run. Blocks and branches are sums without lines, and are not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.errors import ReportError
from worker.core.formats._attributes import HIDDEN_LINES, Spans, count, refuse_sums, span
from worker.core.formats._base import HEAD, Format, Parsed, quote
from worker.core.formats._build import ReportBuilder
from worker.core.formats._xml import opening, read_xml

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.core.model import Report

__all__ = ["FORMAT"]

_STATES = {"no": 0, "partial": 1, "yes": 2}
_OLD_STATES = {"0": 2, "1": 1, "2": 0, "3": 0}
_ADVICE = "export the report with its source lines (dotnet-coverage merge -f xml)"


def _sniff(head: bytes) -> bool:
    start = opening(head)
    return start is not None and (
        (start.root == "results" and "modules" in start.elements) or start.root == "CoverageDSPriv"
    )


def _parse(data: bytes) -> Parsed:
    start = opening(data[:HEAD])
    return _parse_old(data) if start and start.root == "CoverageDSPriv" else _parse_results(data)


def _parse_results(data: bytes) -> Parsed:
    reader = _Results()
    read_xml(
        data,
        starts={
            "module": reader.start_module,
            "function": reader.start_function,
            "range": reader.range,
            "source_file": reader.source_file,
        },
        ends={"function": reader.end_function, "module": reader.end_module},
    )
    refuse_sums(reader.claimed, reader.seen, _ADVICE)
    return Parsed(reader.report.build())


def _parse_old(data: bytes) -> Parsed:
    reader = _Old()
    read_xml(
        data,
        starts={"Lines": reader.start_record, "SourceFileNames": reader.start_record},
        ends={"Lines": reader.end_lines, "SourceFileNames": reader.end_source},
        texts={
            name: reader.field(name)
            for name in ("LnStart", "LnEnd", "Coverage", "SourceFileID", "SourceFileName")
        },
    )
    return Parsed(reader.build())


class _Files:
    """Lines by source and state: not covered 0, in part 1, in full 2."""

    __slots__ = ("_states",)

    def __init__(self) -> None:
        self._states: dict[str, tuple[Spans, Spans, Spans]] = {}

    def add(self, source: str, lines: tuple[int, int], state: int) -> None:
        """Add a range of lines."""
        if source not in self._states:
            self._states[source] = Spans(), Spans(), Spans()
        self._states[source][state].add(lines)

    def fill(self, report: ReportBuilder, paths: dict[str, str]) -> None:
        """Add all lines to a report. Raises `ReportError` for a source that has no path."""
        for source, states in self._states.items():
            if source not in paths:
                raise ReportError(f"lines are in the source {quote(source)}, which has no name")
            missed, partial, full = (state.bitmap() for state in states)
            file = report.file(paths[source])
            file.add_bitmaps(missed | partial | full, partial | full)
            file.add_partials(partial & ~full)


class _Results:
    """Reads `<results>`. Sources are numbered anew in each module, and named at its end."""

    __slots__ = (
        "_extents",
        "_files",
        "_function",
        "_functions",
        "_paths",
        "claimed",
        "report",
        "seen",
    )

    def __init__(self) -> None:
        self.report = ReportBuilder()
        self.claimed = 0
        self.seen = False
        self._paths: dict[str, str] = {}
        self._files = _Files()
        self._function = ""
        self._extents: dict[str, tuple[int, int, int]] = {}
        self._functions: list[tuple[str, str, tuple[int, int, int]]] = []

    def start_module(self, attributes: dict[str, str]) -> None:
        names = ("lines_covered", "lines_partially_covered", "lines_not_covered")
        self.claimed += sum(count(attributes, name, "0") for name in names)
        self._paths, self._files, self._functions = {}, _Files(), []

    def start_function(self, attributes: dict[str, str]) -> None:
        self._function = attributes.get("name", "")
        self._extents = {}

    def range(self, attributes: dict[str, str]) -> None:
        self.seen = True
        first = count(attributes, "start_line")
        if first in HIDDEN_LINES:
            return
        lines = span(first, count(attributes, "end_line", attributes["start_line"]))
        state = _state(_STATES, attributes["covered"])
        source = attributes["source_id"]
        self._files.add(source, lines, state)
        known = self._extents.get(source, (*lines, state))
        self._extents[source] = (
            min(known[0], lines[0]),
            max(known[1], lines[1]),
            max(known[2], state),
        )

    def end_function(self) -> None:
        if self._function:
            self._functions += [(self._function, *extent) for extent in self._extents.items()]

    def source_file(self, attributes: dict[str, str]) -> None:
        self._paths[attributes["id"]] = attributes["path"]

    def end_module(self) -> None:
        self._files.fill(self.report, self._paths)
        for name, source, (first, last, state) in self._functions:
            hits = int(state > 0)
            self.report.file(self._paths[source]).add_function(first, name, hits, last)


class _Old:
    """Reads `<CoverageDSPriv>`: a table of lines, and one of sources after it."""

    __slots__ = ("_files", "_paths", "_record")

    def __init__(self) -> None:
        self._record: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self._files = _Files()

    def start_record(self, _: dict[str, str]) -> None:
        self._record = {}

    def field(self, name: str) -> Callable[[str], None]:
        """Return what takes the text of a field."""

        def take(text: str) -> None:
            self._record[name] = text.strip()

        return take

    def end_lines(self) -> None:
        first = count(self._record, "LnStart")
        if first in HIDDEN_LINES:
            return
        lines = span(first, count(self._record, "LnEnd", self._record["LnStart"]))
        state = _state(_OLD_STATES, self._record["Coverage"])
        self._files.add(self._record["SourceFileID"], lines, state)

    def end_source(self) -> None:
        self._paths[self._record["SourceFileID"]] = self._record["SourceFileName"]

    def build(self) -> Report:
        """Return the report."""
        report = ReportBuilder()
        self._files.fill(report, self._paths)
        return report.build()


def _state(states: dict[str, int], text: str) -> int:
    if text not in states:
        raise ReportError(
            f"a line's coverage is {quote(text)}, which is none of {', '.join(states)}"
        )
    return states[text]


FORMAT = Format("vs-coveragexml", _sniff, _parse)
