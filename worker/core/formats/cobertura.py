"""Cobertura's XML, the lingua franca: coverage.py, gcovr, istanbul, coverlet, tarpaulin, ….

DTD: https://github.com/cobertura/web/blob/master/htdocs/xml/coverage-04.dtd

The lines of a file are those directly below `<class>`. Those below `<method>` repeat them,
except in istanbul's reports, where they are the functions' own counts; so they serve to
tell functions only. Several classes may share a file. Branches are counts ("50% (1/2)"), and
so are those that `<condition number="0" type="jump" coverage="50%"/>` numbers: one for both
ways. coverage.py alone tells which way was missed.
"""

from __future__ import annotations

import re
from itertools import compress
from typing import TYPE_CHECKING

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, quote
from worker.core.formats._build import FileBuilder, ReportBuilder, line_bitmap
from worker.core.formats._cobertura_runs import NO_LINES, read_condition
from worker.core.formats._runs_of_lines import PLACEHOLDER, CoberturaRuns, read_shortly
from worker.core.formats._xml import check_gathered, opening, read_xml

if TYPE_CHECKING:
    from worker.core.formats._cobertura_runs import Condition

__all__ = ["FORMAT", "read_any", "read_plain"]

_TWO = 2
_INTEGER = re.compile(r"\s*[+-]?\d{1,4000}\s*")


def _sniff(head: bytes) -> bool:
    start = opening(head)
    return (
        start is not None
        and start.root == "coverage"
        and ("line-rate" in start.attributes or "packages" in start.elements)
    )


def _parse(data: bytes) -> Parsed:
    return read_plain(data) or read_any(data)


def read_plain(data: bytes) -> Parsed | None:
    """Return a report by the short way for runs of lines; None where that is not possible."""
    return read_shortly(data, CoberturaRuns, _read)


def read_any(data: bytes) -> Parsed:
    """Return a report by the general way. Raises `ReportError`."""
    return _read(data, None)


def _read(data: bytes, runs: CoberturaRuns | None) -> Parsed:
    reader = _Reader(runs)
    read_xml(
        data,
        starts={
            "class": reader.start_class,
            "method": reader.start_method,
            "line": reader.line,
            PLACEHOLDER: reader.run,
        },
        ends={"class": reader.end_class, "method": reader.end_method},
        texts={"source": reader.source},
    )
    return Parsed(reader.report.build(), tuple(reader.sources))


class _Lines:
    """The attributes of `<line>` elements, as texts, until their parent ends."""

    __slots__ = ("conditions", "hits", "numbers", "plain")

    def __init__(self) -> None:
        self.numbers: list[str] = []
        self.hits: list[str] = []
        self.conditions: list[tuple[str, tuple[str, str]]] = []
        self.plain = NO_LINES

    def integers(self) -> tuple[list[int], list[int]]:
        """Return line numbers and hits; fewer hits than none are none."""
        numbers, hits = _integers("number", self.numbers), _integers("hits", self.hits)
        return numbers, [max(count, 0) for count in hits]


class _Reader:
    __slots__ = ("_class", "_file", "_lines", "_method", "_runs", "report", "sources")

    def __init__(self, runs: CoberturaRuns | None) -> None:
        self._runs = runs
        self.report = ReportBuilder("cobertura")
        self.sources: list[str] = []
        self._file: FileBuilder | None = None
        self._class = self._lines = _Lines()
        self._method = ""

    def source(self, text: str) -> None:
        if text.strip() not in ("", "--source"):  # Cobertura's own report names its option, too
            self.sources.append(text.strip())

    def start_class(self, attributes: dict[str, str]) -> None:
        self._file = self.report.file(attributes["filename"])
        self._class = self._lines = _Lines()

    def start_method(self, attributes: dict[str, str]) -> None:
        self._method = attributes.get("name", "")
        self._lines = _Lines()

    def line(self, attributes: dict[str, str]) -> None:
        lines = self._lines
        check_gathered(len(lines.numbers))
        number = attributes["number"]
        lines.numbers.append(number)
        lines.hits.append(attributes["hits"])
        condition = attributes.get("condition-coverage")
        if condition is not None:
            missing = attributes.get("missing-branches", "")
            lines.conditions.append((number, (condition, missing)))

    def run(self, attributes: dict[str, str]) -> None:  # noqa: ARG002 - as its fellows
        """Read the run that was cut out here."""
        if self._runs is not None:
            self._lines.plain = self._lines.plain.add(self._runs.next())

    def end_method(self) -> None:
        lines, self._lines = self._lines, self._class
        numbers, hits = lines.integers()
        plain = lines.plain
        if plain.measured:
            first, last = _first(plain.measured), plain.measured.bit_length() - 1
            numbers += (first, last)
            hits.append(plain.most)
        if self._file is not None and numbers and self._method:
            first, last = min(numbers), max(numbers)
            # One line alone is the declaration's in istanbul's reports: no span is known.
            span = last if last > first else None
            self._file.add_function(first, self._method, max(hits), span)

    def end_class(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        numbers, hits = self._class.integers()
        plain = self._class.plain
        if numbers:
            file.add_lines(numbers, compress(numbers, hits))
        file.add_bitmaps(plain.measured, plain.hit)
        conditions = plain.conditions + [
            (int(number), *read_condition(text), missing)
            for number, (text, missing) in self._class.conditions
        ]
        if conditions:
            _add_branches(file, plain.measured | line_bitmap(numbers), conditions)
        self._class = self._lines = _Lines()


def _integers(attribute: str, texts: list[str]) -> list[int]:
    try:
        return list(map(int, texts))
    except ValueError:
        wrong = next((text for text in texts if not _INTEGER.fullmatch(text)), texts[0])
        raise ReportError(
            f"the element that ends here has a <line> whose {attribute} is {quote(wrong)}, "
            "not a whole number"
        ) from None


def _add_branches(file: FileBuilder, measured: int, conditions: list[Condition]) -> None:
    """Add the branches of a class, given its lines and what it says of them.

    coverage.py names the ways out of a line that were not taken: lines, or "exit". One of
    two ways leads to the next line, so that two reports that miss different ones took both;
    where it names any in a class, all its lines with two ways are told apart.
    """
    named = any(missing for *_, missing in conditions)
    pairs: list[int] = []
    first: list[int] = []
    second: list[int] = []
    for line, taken, total, missing in conditions:
        if not named or total != _TWO or (taken == 1 and not missing):
            if total:
                file.add_branches(line, taken, total)
            continue
        pairs.append(line)
        if taken == _TWO:
            first.append(line)
            second.append(line)
        elif taken:
            following = measured >> line + 1
            next_line = line + (following & -following).bit_length() if following else 0
            (second if missing.strip() == str(next_line) else first).append(line)
    if pairs:
        file.add_pairs(line_bitmap(pairs), line_bitmap(first), line_bitmap(second))


def _first(lines: int) -> int:
    """Return the first line of a bitmap."""
    return (lines & -lines).bit_length() - 1


FORMAT = Format("cobertura", _sniff, _parse)
