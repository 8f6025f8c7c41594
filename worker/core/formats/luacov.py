"""LuaCov's report (`luacov.report.out`): the sources, each line behind its count.

Written by the DefaultReporter of
https://github.com/lunarmodules/luacov/blob/master/src/luacov/reporter.lua. Measured lines
are those with a count in front; stars and a zero are a miss. The column of counts is as wide
as the greatest of them and is named nowhere, and text in it looks like a count: the width is
the one that gives the sums of the report's own summary.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, plain_text, quote
from worker.core.formats._build import ReportBuilder
from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.model import Report

__all__ = ["FORMAT"]

_RULE = b"=" * 78
_COUNT = re.compile(rb"(?: *\d{1,20}|\*{1,20}0)(?= |$)")
_TOTAL = re.compile(rb"Total +(\d{1,20}) +(\d{1,20}) +[\d.]+%")
_SUMMARY = b"Summary"


def _sniff(head: bytes) -> bool:
    lines = [line.rstrip() for line in plain_text(head).lstrip().split(b"\n", 3)]
    return len(lines) > 3 and lines[0] == lines[2] == _RULE and bool(lines[1])


def _parse(data: bytes) -> Parsed:
    lines = [line.rstrip(b"\r") for line in plain_text(data).lstrip().split(b"\n")]
    expected = _total(lines)
    widths = {len(found[0]) for found in map(_COUNT.match, lines) if found} or {0}
    for width in sorted(widths):
        report = _read(lines, width)
        if report.lines == expected:
            return Parsed(report)
    raise ReportError(
        f"its lines and its summary ({expected.covered} hits, "
        f"{expected.total - expected.covered} missed) disagree; upload it as LuaCov wrote it"
    )


def _total(lines: Sequence[bytes]) -> Ratio:
    """Return lines hit of lines measured, as the last line gives them."""
    last = next((line for line in reversed(lines) if line.strip()), b"")
    found = _TOTAL.fullmatch(last.rstrip())
    if found is None:
        raise ReportError(f"is cut off: it ends with {quote(last)}, not with the summary's Total")
    hits, missed = int(found[1]), int(found[2])
    return Ratio(hits, hits + missed)


def _read(lines: Sequence[bytes], width: int) -> Report:
    """Return the report, given how many characters stand before each source line's text."""
    report = ReportBuilder()
    starts = [at for at in range(len(lines) - 2) if lines[at] == lines[at + 2] == _RULE]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        name = lines[start + 1]
        if name == _SUMMARY and end == len(lines):
            break
        measured, hit = [], []
        for number, line in enumerate(lines[start + 3 : end], 1):
            found = _COUNT.fullmatch(line[:width])
            if found:
                measured.append(number)
                if line[width - 1 : width] != b"0" or line[:1] != b"*":
                    hit.append(number)
        report.file(name.decode("utf-8", "replace")).add_lines(measured, hit)
    return report.build()


FORMAT = Format("luacov", _sniff, _parse)
