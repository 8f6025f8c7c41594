"""JaCoCo's XML: Java and Kotlin (JaCoCo, Kover), Groovy, PowerShell (Pester).

DTD: https://www.jacoco.org/jacoco/trunk/coverage/report.dtd
Counters: https://www.jacoco.org/jacoco/trunk/doc/counters.html

Lines are those of `<sourcefile>`: hit when one instruction on it was executed (`ci`), as
JaCoCo's own LINE counter has it. Branches are counted and not told apart (`mb` missed, `cb`
covered). A file is named by its package and its name, since JaCoCo knows no source folder;
a group is a module and no part of a path. `<counter>` elements are sums; that of a method
tells whether the method was entered. A report without lines was made of classes compiled
without debug information (`-g:none`), or is a summary. gcovr's imitation has lines that do
not tell whether they ran (https://gcovr.com/en/stable/output/jacoco.html): it is refused.
"""

from __future__ import annotations

from collections import deque
from itertools import compress

from worker.core.errors import SummaryError
from worker.core.formats._attributes import columns, count, refuse_sums
from worker.core.formats._base import Format, Parsed
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.formats._xml import MAX_GATHERED, check_gathered, opening, read_xml

__all__ = ["FORMAT"]

_COUNTERS = 64
"""A method has up to six."""
_DOCTYPE = b"-//JACOCO//DTD"
_ELEMENTS = frozenset({"package", "group", "sessioninfo", "counter"})


def _sniff(head: bytes) -> bool:
    start = opening(head)
    return (
        start is not None
        and start.root == "report"
        and (not _ELEMENTS.isdisjoint(start.elements) or _DOCTYPE in head)
    )


def _parse(data: bytes) -> Parsed:
    reader = _Reader()
    # Elements are collected by `append`, one call into C each, and read by the column when
    # their parent ends: a call of Python for each would take twice as long.
    read_xml(
        data,
        starts={
            "package": reader.start_package,
            "class": reader.start_class,
            "method": reader.start_method,
            "sourcefile": reader.start_file,
            "line": reader.lines.append,
            "counter": reader.counters.append,
        },
        ends={"method": reader.end_method, "sourcefile": reader.end_file},
    )
    if reader.untold:
        raise SummaryError(
            "has lines that do not tell whether they ran, as gcovr's JaCoCo report has them: "
            "upload what `gcovr --json` (or `--cobertura`, `--lcov`) writes"
        )
    claimed = [count(sums, "missed", "0") + count(sums, "covered", "0") for sums in reader.counters]
    refuse_sums(
        max(claimed, default=0),
        reader.measured,
        "compile with debug information, and upload the XML report that JaCoCo itself wrote",
    )
    return Parsed(reader.report.build())


class _Reader:
    __slots__ = (
        "_file",
        "_functions",
        "_method",
        "_methods",
        "_package",
        "_source",
        "counters",
        "lines",
        "measured",
        "report",
        "untold",
    )

    def __init__(self) -> None:
        self.report = ReportBuilder()
        self.measured = False
        self.untold = False
        self.lines: deque[dict[str, str]] = deque(maxlen=MAX_GATHERED + 1)
        self.counters: deque[dict[str, str]] = deque(maxlen=_COUNTERS)
        self._package = ""
        self._functions: dict[str, list[tuple[int, str, int]]] = {}
        self._source = ""
        self._method: dict[str, str] = {}
        self._methods = 0
        self._file: FileBuilder | None = None

    def start_package(self, attributes: dict[str, str]) -> None:
        self._package = attributes["name"]
        self._functions.clear()
        self._methods = 0

    def start_class(self, attributes: dict[str, str]) -> None:
        self._source = attributes.get("sourcefilename", "")

    def start_method(self, attributes: dict[str, str]) -> None:
        self._method = attributes
        self.counters.clear()

    def end_method(self) -> None:
        method = self._method
        if "line" not in method:
            return
        hits = 0
        for sums in self.counters:
            if sums["type"] == "METHOD":
                hits = count(sums, "covered")
        function = count(method, "line"), method["name"], hits
        self._functions.setdefault(self._source, []).append(function)
        self._methods += 1
        check_gathered(self._methods)

    def start_file(self, attributes: dict[str, str]) -> None:
        name = attributes["name"]
        self._file = self.report.file(f"{self._package}/{name}" if self._package else name)
        for line, function, hits in self._functions.pop(name, ()):
            self._file.add_function(line, function, hits)
        self.lines.clear()

    def end_file(self) -> None:
        file, self._file = self._file, None
        if file is None or not self.lines:
            return
        check_gathered(len(self.lines))
        self.measured = True
        if "ci" not in self.lines[0] and "mi" not in self.lines[0]:
            self.untold = True
            return
        numbers, instructions, missed, covered = columns(self.lines, "nr", "ci", "mb", "cb")
        lines = list(map(int, numbers))
        file.add_lines(lines, compress(lines, map(int, instructions)))
        for line, miss, cover in zip(lines, missed, covered, strict=True):
            if miss != "0" or cover != "0":
                file.add_branches(line, int(cover), int(miss) + int(cover))


FORMAT = Format("jacoco", _sniff, _parse)
