"""scoverage's XML (Scala: sbt-scoverage, Mill, Maven, Gradle).

Producer: https://github.com/scoverage/scalac-scoverage-plugin (`ScoverageXmlWriter`)

scoverage counts statements: expressions, of which several begin on a line. A line counts
once, and was hit when one of its statements was invoked. A statement with `branch="true"`
is the body of a branch (the `then`, the `else`, a `case`): one arm of the line on which it
begins, told apart by where it begins and ends in the source. An `ignored` statement
(`$COVERAGE-OFF$`) is no part of scoverage's own sums, and none here.
"""

from __future__ import annotations

from worker.core.errors import ReportError
from worker.core.formats._attributes import count, refuse_sums
from worker.core.formats._base import Format, Parsed, quote
from worker.core.formats._build import ReportBuilder
from worker.core.formats._xml import opening, read_xml

__all__ = ["FORMAT"]

_Arms = dict[tuple[int, int], int]


def _sniff(head: bytes) -> bool:
    start = opening(head)
    return start is not None and start.root == "scoverage"


def _parse(data: bytes) -> Parsed:
    reader = _Reader()
    read_xml(
        data,
        starts={
            "scoverage": reader.root,
            "class": reader.start_class,
            "method": reader.start_method,
            "statement": reader.statement,
        },
        ends={"method": reader.end_method},
    )
    refuse_sums(reader.claimed, reader.seen, "upload scoverage.xml as scoverage wrote it")
    for path, lines in reader.arms.items():
        file = reader.report.file(path)
        for line, arms in lines.items():
            file.add_arms(line, [arms[arm] for arm in sorted(arms)])
    return Parsed(reader.report.build())


class _Reader:
    __slots__ = ("_hits", "_lines", "_method", "_path", "arms", "claimed", "report", "seen")

    def __init__(self) -> None:
        self.report = ReportBuilder("scoverage")
        self.claimed = 0
        self.seen = False
        self.arms: dict[str, dict[int, _Arms]] = {}
        self._path = self._method = ""
        self._lines: dict[str, list[int]] = {}
        self._hits: dict[str, list[int]] = {}

    def root(self, attributes: dict[str, str]) -> None:
        self.claimed = count(attributes, "statement-count", "0")

    def start_class(self, attributes: dict[str, str]) -> None:
        self._path = attributes.get("filename", "")

    def start_method(self, attributes: dict[str, str]) -> None:
        self._method = attributes.get("name", "")
        self._lines, self._hits = {}, {}

    def statement(self, attributes: dict[str, str]) -> None:
        self.seen = True
        if _flag(attributes, "ignored"):
            return
        path = attributes.get("source", self._path)  # the class's is below the source folder
        line = count(attributes, "line")
        hits = count(attributes, "invocation-count")
        self._lines.setdefault(path, []).append(line)
        if hits:
            self._hits.setdefault(path, []).append(line)
        if _flag(attributes, "branch"):
            where = count(attributes, "start", "0"), count(attributes, "end", "0")
            arms = self.arms.setdefault(path, {}).setdefault(line, {})
            arms[where] = max(arms.get(where, 0), hits)

    def end_method(self) -> None:
        for path, lines in self._lines.items():
            hits = self._hits.get(path, [])
            file = self.report.file(path)
            file.add_lines(lines, hits)
            if self._method:
                file.add_function(min(lines), self._method, int(bool(hits)), max(lines))
        self._lines, self._hits = {}, {}


def _flag(attributes: dict[str, str], name: str) -> bool:
    text = attributes.get(name, "false")
    if text not in ("true", "false"):
        raise ReportError(f"the attribute {name} is {quote(text)}, neither true nor false")
    return text == "true"


FORMAT = Format("scoverage", _sniff, _parse)
