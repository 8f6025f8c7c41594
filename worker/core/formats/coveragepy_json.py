"""The JSON of `coverage json`, in its formats 1 (unnumbered), 2 and 3.

https://coverage.readthedocs.io/en/latest/cmd.html#json-reporting
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, plain_text, quote
from worker.core.formats._build import FileBuilder, ReportBuilder, line_bitmap
from worker.core.formats._columns import NotPlainError
from worker.core.formats._coveragepy_columns import (
    FileColumns,
    PlainFile,
    Summary,
    batches,
    read_batch,
)
from worker.core.formats._json import Name, decode, decode_named, in_file, json_text, once
from worker.core.model import Function, bitmap, line_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FORMAT"]

_KNOWN = (1, 2, 3)
_ENTRY = b'"executed_lines"'
_MAX_DIGITS = 9


class _Meta(msgspec.Struct):
    version: str = ""
    format: int = 1


class _Document(msgspec.Struct):
    meta: _Meta
    files: dict[Name, msgspec.Raw]
    """Decoded one by one: the numbers of all files at once take 40 times the room."""


class _Columns(msgspec.Struct):
    meta: _Meta
    files: dict[Name, FileColumns]


class _Region(msgspec.Struct, gc=False):
    executed_lines: list[int]
    missing_lines: list[int]
    """Both ascending, as coverage.py writes them."""
    start_line: int | None = None


class _File(msgspec.Struct, gc=False):
    executed_lines: list[int]
    missing_lines: list[int]
    """Line 0 is where Python 3.11 and newer say that a module without a line runs: an empty
    `__init__.py` has `[0]` up to coverage.py 7.13. It is no line, and no statement is counted."""
    excluded_lines: msgspec.Raw = msgspec.Raw(b"[]")
    summary: Summary = msgspec.field(default_factory=Summary)
    executed_branches: msgspec.Raw = msgspec.Raw(b"[]")
    missing_branches: msgspec.Raw = msgspec.Raw(b"[]")
    """Jumps: pairs of line numbers, of which a tuple each would take most of the time."""
    contexts: dict[str, list[str]] = {}
    """Names by line, with `--show-contexts`; "" where no context was set."""
    functions: dict[str, _Region] = {}
    classes: msgspec.Raw = msgspec.Raw(b"{}")


_file = msgspec.json.Decoder(_File)
_jumps = msgspec.json.Decoder(list[tuple[int, int]])
_numbers = msgspec.json.Decoder(list[int])
_by_line = msgspec.json.Decoder(dict[str, list[str]])


def _sniff(head: bytes) -> bool:
    text = plain_text(head).lstrip()
    if not text.startswith(b"{"):
        return False
    return (b'"branch_coverage"' in text and b'"show_contexts"' in text) or _ENTRY in text


def _parse(data: bytes) -> Parsed:
    data = json_text(data)
    try:
        report, entries = _read_columns(decode_named(_Columns, data))
    except (NotPlainError, ReportError, msgspec.MsgspecError, UnicodeDecodeError):
        # the general way's words are for people
        report, entries = _read_files(decode_named(_Document, data))
    if data.count(_ENTRY) != entries:
        raise ReportError("names a file or function twice; coverage.py writes each once")
    return Parsed(report.build())


def _check(document: _Columns | _Document) -> None:
    if document.meta.format not in _KNOWN:
        raise ReportError(
            f"is of coverage.py's JSON format {document.meta.format} (coverage.py "
            f"{quote(document.meta.version)}); known are {', '.join(map(str, _KNOWN))}: "
            "upload `coverage xml` or `coverage lcov` instead"
        )
    once(document.files)


def _read_columns(document: _Columns) -> tuple[ReportBuilder, int]:
    """Read all files by the short way. Returns how many lists of executed lines there are."""
    _check(document)
    report = ReportBuilder("coveragepy-json")
    entries = 0
    names = iter(document.files)
    for batch in batches(document.files.values()):
        for file, plain in zip(batch, read_batch(batch), strict=True):
            name = next(names).text
            _read_plain(report.file(name), file, plain)
            report.finish(name)
            entries += 1 + plain.entries + bytes(file.classes).count(_ENTRY)
    return report, entries


def _read_plain(builder: FileBuilder, file: FileColumns, plain: PlainFile) -> None:
    executed = _statements(file, plain.executed, plain.missing, plain.listed)
    _add_lines(builder, executed, plain.missing)
    if plain.arms is None:
        _read_branches(builder, file)
    else:
        builder.add_pairs(*plain.arms.pairs)
        for line, arms, total in plain.arms.others:
            builder.add_arm_bitmap(line, arms, total)
    if bytes(file.contexts) != b"{}":
        _add_contexts(builder, _by_line.decode(file.contexts))
    builder.add_functions(plain.functions)


def _read_files(document: _Document) -> tuple[ReportBuilder, int]:
    """Read all files by the general way."""
    _check(document)
    report = ReportBuilder("coveragepy-json")
    entries = 0
    for name, raw in document.files.items():
        with in_file(name.text):
            file = decode(_file, raw)
            _read_file(report.file(name.text), file)
        report.finish(name.text)
        entries += 1 + len(file.functions) + bytes(file.classes).count(_ENTRY)
    return report, entries


def _read_file(builder: FileBuilder, file: _File) -> None:
    lines = [
        [line for line in listed if line] for listed in (file.executed_lines, file.missing_lines)
    ]
    executed, missing = map(line_bitmap, lines)
    executed = _statements(file, executed, missing, sum(map(len, lines)))
    _add_lines(builder, executed, missing)
    _read_branches(builder, file)
    _add_contexts(builder, file.contexts)
    builder.add_functions(list(_functions(file)))


def _add_lines(builder: FileBuilder, executed: int, missing: int) -> None:
    both = executed & missing
    if both:
        raise ReportError(f"line {_lowest(both)} is both executed and missing")
    builder.add_bitmaps(executed | missing, executed)


def _statements(file: _File | FileColumns, executed: int, missing: int, listed: int) -> int:
    """Return the executed lines without those that coverage.py lists and counts nowhere else.

    Up to 7.13 these are excluded lines that ran, such as `def f(self): ...`, and docstrings
    (https://github.com/coveragepy/coveragepy/issues/2105). The summary tells how many there
    are, so that the sums are coverage.py's own.
    """
    statements = file.summary.num_statements
    if statements is None or listed <= statements:
        return executed
    excluded = line_bitmap(line for line in _numbers.decode(file.excluded_lines) if line)
    surplus = listed - statements - (executed & excluded).bit_count()
    executed &= ~excluded
    docstrings = _likely_docstrings(executed, missing, excluded)
    return executed & ~bitmap(docstrings[:surplus]) if 0 < surplus <= len(docstrings) else executed


def _likely_docstrings(executed: int, missing: int, excluded: int) -> list[int]:
    """Return lines that look like docstrings, the likeliest first.

    A module's is its first line of code. That of a class stands right below a line that ran,
    and a blank line or its own further lines follow. Which they are is in the sources alone.
    """
    found = line_numbers(executed & executed << 1 & ~((executed | missing | excluded) >> 1))
    if executed and not (missing and _lowest(missing) < _lowest(executed)):
        first = _lowest(executed)
        return [first, *(line for line in found if line != first)]
    return found


def _lowest(lines: int) -> int:
    return (lines & -lines).bit_length() - 1


def _read_branches(builder: FileBuilder, file: _File | FileColumns) -> None:
    """Add the branches: a jump from a line to a line is an arm, in the order of its targets."""
    jumps = decode(_jumps, file.executed_branches), decode(_jumps, file.missing_branches)
    _add_jumps(builder, *jumps, file.summary)


def _add_jumps(
    builder: FileBuilder,
    executed: list[tuple[int, int]],
    missing: list[tuple[int, int]],
    summary: Summary,
) -> None:
    """Add any branches.

    Up to version 6 coverage.py lists a jump that it saw but did not expect as a branch, and
    does not count it: what is listed beyond the summary's count is taken off lines with
    more than two branches taken, and which those are is not known. What the summary counts
    beyond the list stands on line 0, because nothing says where it is: before 6.5 that is
    every branch (https://coverage.readthedocs.io/en/latest/changes.html#version-6-5-0), and
    later what `# pragma: no branch` excuses, which counts as taken.
    """
    expected = summary.num_branches
    jumps = sorted(executed + missing)
    taken = set(executed)
    surplus = 0 if expected is None else len(jumps) - expected
    for line, group in groupby(jumps, key=_line):
        arms = total = 0
        for jump in group:
            arms |= (jump in taken) << total
            total += 1
        unexpected = max(min(surplus, arms.bit_count() - 2), 0)
        if unexpected:
            surplus -= unexpected
            builder.add_branches(line, arms.bit_count() - unexpected, total - unexpected)
        else:
            builder.add_arm_bitmap(line, arms, total)
    if surplus < 0:
        covered = summary.covered_branches
        ran = -surplus if covered is None else min(max(covered - len(taken), 0), -surplus)
        builder.add_branches(0, ran, -surplus)


_line = itemgetter(0)


def _add_contexts(builder: FileBuilder, contexts: Mapping[str, list[str]]) -> None:
    """Add the lines by context; those without one ("") are left out.

    Line 0 is where a module without a line is said to run, and version 5 has the ends of
    arcs, too, of which negative ones are a scope's entry or exit.
    """
    lines: dict[str, list[int]] = {}
    for line, names in contexts.items():
        digits = line.removeprefix("-")
        if not digits.isdecimal() or len(digits) > _MAX_DIGITS:
            raise ReportError(f"`contexts` has {quote(line)}, which is no line number")
        for name in names:
            if name and int(line) > 0:
                lines.setdefault(name, []).append(int(line))
    for name, numbers in lines.items():
        builder.add_context(name, numbers)


def _functions(file: _File) -> Iterator[Function]:
    """Yield the functions of which any line is listed."""
    for name, region in file.functions.items():
        executed, missing = region.executed_lines, region.missing_lines
        lines = executed or missing
        if not lines or not name:  # "" is the code outside of functions
            continue
        first, last = lines[0], lines[-1]
        if executed and missing:
            first, last = min(first, missing[0]), max(last, missing[-1])
        start = first if region.start_line is None else region.start_line
        yield Function(start, name, 1 if executed else 0, last)


FORMAT = Format("coveragepy-json", _sniff, _parse)
