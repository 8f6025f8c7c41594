"""SonarQube's generic test coverage: gcovr, slather, ReportGenerator and many converters.

Specification: https://docs.sonarsource.com/sonarqube-server/latest/analyzing-source-code/test-coverage/generic-test-data/

`<coverage version="1">` with a `<lineToCover>` for each line that can be executed.
Branches are counted and not told apart: `branchesToCover`, and of them `coveredBranches`.
"""

from __future__ import annotations

from worker.core.errors import ReportError
from worker.core.formats._attributes import count
from worker.core.formats._base import Format, Parsed, quote
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.formats._xml import opening, read_xml

__all__ = ["FORMAT"]

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
"""What xs:boolean allows."""
_OTHERS = frozenset({"packages", "project", "module", "sources"})
"""Elements of Cobertura's, Clover's and NCover's reports, whose root has the same name."""


def _sniff(head: bytes) -> bool:
    start = opening(head)
    return (
        start is not None
        and start.root == "coverage"
        and start.attributes.get("version") == "1"
        and start.attributes.keys().isdisjoint({"line-rate", "clover"})
        and _OTHERS.isdisjoint(start.elements)
    )


def _parse(data: bytes) -> Parsed:
    reader = _Reader()
    read_xml(
        data,
        starts={"file": reader.start_file, "lineToCover": reader.line},
        ends={"file": reader.end_file},
    )
    return Parsed(reader.report.build())


class _Reader:
    __slots__ = ("_file", "_hit", "_measured", "report")

    def __init__(self) -> None:
        self.report = ReportBuilder()
        self._file: FileBuilder | None = None
        self._measured: list[int] = []
        self._hit: list[int] = []

    def start_file(self, attributes: dict[str, str]) -> None:
        self._file = self.report.file(attributes["path"])
        self._measured, self._hit = [], []

    def line(self, attributes: dict[str, str]) -> None:
        if self._file is None:
            raise ReportError("a <lineToCover> stands outside of any <file>")
        line = count(attributes, "lineNumber")
        self._measured.append(line)
        covered = attributes["covered"]
        if covered not in _BOOLEANS:
            raise ReportError(f"the attribute covered is {quote(covered)}, neither true nor false")
        if _BOOLEANS[covered]:
            self._hit.append(line)
        total = count(attributes, "branchesToCover", "0")
        taken = count(attributes, "coveredBranches", "0")
        if taken > total:
            raise ReportError(f"line {line} has {taken} covered branches of {total} to cover")
        if total:
            self._file.add_branches(line, taken, total)

    def end_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.add_lines(self._measured, self._hit)


FORMAT = Format("sonar-generic", _sniff, _parse)
