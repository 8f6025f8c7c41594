"""Clover's XML: OpenClover, PHPUnit, istanbul (nyc, c8, Jest, Vitest), gcovr.

Producer: https://confluence.atlassian.com/display/CLOVER040/clover-report
istanbul: https://github.com/istanbuljs/istanbuljs/tree/main/packages/istanbul-reports/lib/clover
PHPUnit: https://github.com/sebastianbergmann/php-code-coverage (`Report/Clover.php`)

Clover counts statements, and a report names the line on which each begins. A line counts
once, however many statements begin on it, and was hit if one of them was. So the lines are
those of type `stmt` and `cond`; `method` is the declaration, and its count tells whether
the method was entered. What `<testproject>` holds is the tests' own code, which Clover
keeps out of the project's sums, too.

A `cond` without `count` is OpenClover's: `truecount` and `falsecount` say how often the
condition was either. With `count` it is istanbul's: how many of the line's branches were
taken, and how many not.
"""

from __future__ import annotations

from itertools import compress

from worker.core.formats._attributes import count, refuse_sums
from worker.core.formats._base import Format, Parsed
from worker.core.formats._build import ReportBuilder
from worker.core.formats._runs_of_lines import PLACEHOLDER, CloverRuns, read_shortly
from worker.core.formats._xml import check_gathered, opening, read_xml

__all__ = ["FORMAT", "read_any", "read_plain"]


def _sniff(head: bytes) -> bool:
    start = opening(head)
    return (
        start is not None
        and start.root == "coverage"
        and ("clover" in start.attributes or "project" in start.elements)
        and "line-rate" not in start.attributes
        and "packages" not in start.elements
    )


def _parse(data: bytes) -> Parsed:
    return read_plain(data) or read_any(data)


def read_plain(data: bytes) -> Parsed | None:
    """Return a report by the short way for runs of lines; None where that is not possible."""
    return read_shortly(data, CloverRuns, _read)


def read_any(data: bytes) -> Parsed:
    """Return a report by the general way. Raises `ReportError`."""
    return _read(data, None)


def _read(data: bytes, runs: CloverRuns | None) -> Parsed:
    reader = _Reader(runs)
    read_xml(
        data,
        starts={
            "testproject": reader.start_tests,
            "file": reader.start_file,
            "line": reader.line,
            PLACEHOLDER: reader.run,
            "metrics": reader.metrics,
        },
        ends={"testproject": reader.end_tests, "file": reader.end_file},
    )
    refuse_sums(
        reader.statements,
        reader.measured,
        'let the tool write the lines, too (Clover: summary="false")',
    )
    return Parsed(reader.report.build())


class _File:
    """One `<file>`, until it ends."""

    __slots__ = ("arms", "branches", "hit", "measured", "methods", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.measured: list[int] = []
        self.hit: list[int] = []
        self.arms: dict[int, list[int]] = {}
        self.branches: dict[int, tuple[int, int]] = {}
        self.methods: list[tuple[int, str, int]] = []


class _Reader:
    __slots__ = ("_file", "_in_tests", "_runs", "measured", "report", "statements")

    def __init__(self, runs: CloverRuns | None) -> None:
        self._runs = runs
        self.report = ReportBuilder("clover")
        self.statements = 0
        self.measured = False
        self._in_tests = False
        self._file: _File | None = None

    def start_tests(self, _: dict[str, str]) -> None:
        self._in_tests = True

    def end_tests(self) -> None:
        self._in_tests = False

    def metrics(self, attributes: dict[str, str]) -> None:
        self.statements = max(self.statements, count(attributes, "statements", "0"))

    def start_file(self, attributes: dict[str, str]) -> None:
        if not self._in_tests:
            # PHPUnit puts the path into the name; the others write both.
            self._file = _File(attributes.get("path") or attributes["name"])

    def line(self, attributes: dict[str, str]) -> None:
        file = self._file
        if file is None:
            return
        check_gathered(len(file.measured) + len(file.methods))
        kind = attributes["type"]
        line = count(attributes, "num")
        if kind == "method":
            name = attributes.get("name") or attributes.get("signature", "")
            file.methods.append((line, name, count(attributes, "count")))
            return
        if kind == "cond":
            hits = self._condition(file, line, attributes)
        else:
            hits = count(attributes, "count")
        file.measured.append(line)
        if hits:
            file.hit.append(line)

    def run(self, _: dict[str, str]) -> None:
        """Read the run that was cut out here, of lines like those that `line` reads."""
        if self._runs is None:
            return
        run, file = self._runs.next(), self._file
        if file is None:
            return
        file.measured += run.numbers
        file.hit += compress(run.numbers, run.counts)
        for line, first, second in run.conditions:
            taken, total = file.branches.get(line, (0, 0))
            file.branches[line] = taken + int(first), total + int(first) + int(second)

    def _condition(self, file: _File, line: int, attributes: dict[str, str]) -> int:
        """Add a condition's branches; return how often it was reached."""
        first, second = count(attributes, "truecount", "0"), count(attributes, "falsecount", "0")
        if "count" in attributes:
            taken, total = file.branches.get(line, (0, 0))
            file.branches[line] = taken + first, total + first + second
            return count(attributes, "count")
        file.arms.setdefault(line, []).extend((first, second))
        return first + second

    def end_file(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        builder = self.report.file(file.path)
        builder.add_lines(file.measured, file.hit)
        self.measured |= bool(file.measured)
        for line, arms in file.arms.items():
            builder.add_arms(line, arms)
        for line, (taken, total) in file.branches.items():
            if total:
                builder.add_branches(line, taken, total)
        for line, name, hits in file.methods:
            if name:
                builder.add_function(line, name, hits)


FORMAT = Format("clover", _sniff, _parse)
