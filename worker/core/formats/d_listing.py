"""The D compilers' listings (`dmd -cov`, `ldc2 --cov`): a `.lst` file for each module.

Written by https://github.com/dlang/dmd/blob/master/druntime/src/rt/cover.d: each line of the
source behind its count and a bar, then a line that names the source. Measured lines are those
with a count; zeros are a miss, blanks no code. Several listings in one file are read too.
"""

from __future__ import annotations

import re

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, plain_text, quote
from worker.core.formats._build import ReportBuilder

__all__ = ["FORMAT"]

_RECORD = re.compile(rb"(?=[ \d]{7})(?: +| *(\d+))\|")
_NAME = re.compile(rb"(.+) (?:is \d+% covered|has no code)")


def _sniff(head: bytes) -> bool:
    *lines, _ = plain_text(head).split(b"\n")  # the last may be cut off
    lines = [line.rstrip() for line in lines if line.strip()]
    return bool(lines) and all(
        _RECORD.match(line) or (number and _NAME.fullmatch(line))
        for number, line in enumerate(lines)
    )


def _parse(data: bytes) -> Parsed:
    report = ReportBuilder()
    measured: list[int] = []
    hit: list[int] = []
    before = 0  # the lines of earlier listings
    for number, text in enumerate(plain_text(data).split(b"\n"), 1):
        line = text.rstrip()
        record = _RECORD.match(line)
        if record is None:
            if not line:
                continue
            report.file(_source(number, line)).add_lines(measured, hit)
            measured, hit, before = [], [], number
        elif record[1]:
            measured.append(number - before)
            if record[1].strip(b"0"):
                hit.append(number - before)
    if measured:
        raise ReportError(
            "is cut off: the last line of a listing names its source (… is 75% covered)"
        )
    return Parsed(report.build())


def _source(number: int, line: bytes) -> str:
    found = _NAME.fullmatch(line)
    if found is None:
        raise ReportError(
            f"line {number}, {quote(line)}: has neither a count and a bar nor a source's name"
        )
    return found[1].decode("utf-8", "replace")


FORMAT = Format("d-listing", _sniff, _parse)
