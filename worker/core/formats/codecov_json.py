"""Codecov's own JSON, written by cargo-llvm-cov, hpc-codecov, elm-coverage, Devel::Cover, ….

A line has its hits, or "taken/total" of its branches, or true for "in part"; null is a line
that is not measured. A list starts with a null, since no line is number 0. A line is hit
when anything on it was: "1/2" is partial, "0/2" a miss.
https://docs.codecov.com/docs/codecov-custom-coverage-format
"""

from __future__ import annotations

import re

import msgspec

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, quote
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

_LINE = re.compile(r"[0-9]{1,9}")
_FRACTION = re.compile(r"([0-9]{1,18})(?:/([0-9]{1,18}))?")
_Value = float | str | bool | None


class _Document(msgspec.Struct):
    coverage: dict[Name, msgspec.Raw]


_lines = msgspec.json.Decoder(dict[str, _Value] | list[_Value])


def _sniff(head: bytes) -> bool:
    document, files, lines, *_ = outline(head)
    return (
        document >= {"coverage{"} >= document - {"messages{"}
        and bool(files)
        and all(name.endswith(("{", "[")) for name in files)
        and all(name.isdecimal() for name in lines)
    )


def _parse(data: bytes) -> Parsed:
    files = decode_named(_Document, json_text(data)).coverage
    once(files)
    report = ReportBuilder()
    for name, raw in files.items():
        with in_file(name.text):
            _read_file(report.file(name.text), raw)
    return Parsed(report.build())


def _read_file(builder: FileBuilder, raw: msgspec.Raw) -> None:
    lines = decode(_lines, raw)
    if isinstance(lines, dict):
        if bytes(raw).count(b":") != len(lines):
            raise ReportError("names a line twice")
        numbered = [(_number(line), value) for line, value in lines.items()]
    else:
        numbered = list(enumerate(lines))
    measured: list[int] = []
    hit: list[int] = []
    partial: list[int] = []
    for line, value in numbered:
        if line == 0 or value is None:  # there is no line 0; Codecov skips it, too
            continue
        taken, total = _counts(line, value)
        if value is True:
            partial.append(line)
        measured.append(line)
        if taken > 0:
            hit.append(line)
        if total > 1:
            builder.add_branches(line, taken, total)
    builder.add_lines(measured, hit)
    builder.add_partials(line_bitmap(partial))


def _number(line: str) -> int:
    if not _LINE.fullmatch(line):
        raise ReportError(f"{quote(line)} is no line number")
    return int(line)


def _counts(line: int, value: float | str | bool) -> tuple[int, int]:
    """Return (hits, 1), or (branches taken, branches) where the value tells of several."""
    if isinstance(value, bool):
        return int(value), 1
    if isinstance(value, float | int):
        return int(value > 0), 1
    fraction = _FRACTION.fullmatch(value)
    if fraction is None:
        raise ReportError(f'line {line}: {quote(value)} is neither hits nor "taken/total"')
    if fraction[2] is None:
        return int(fraction[1] != "0" * len(fraction[1])), 1
    taken, total = int(fraction[1]), int(fraction[2])
    if taken > total:
        raise ReportError(f"line {line}: {quote(value)} takes more branches than there are")
    return taken, total


FORMAT = Format("codecov-json", _sniff, _parse)
