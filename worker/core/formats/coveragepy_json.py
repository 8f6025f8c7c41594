"""The JSON of `coverage json`, in its formats 1 (unnumbered), 2 and 3.

https://coverage.readthedocs.io/en/latest/cmd.html#json-reporting
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

import msgspec

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, plain_text, quote
from worker.core.formats._build import FileBuilder, ReportBuilder, line_bitmap
from worker.core.formats._json import decode, in_file, json_text

__all__ = ["FORMAT"]

_KNOWN = (1, 2, 3)
_ENTRY = b'"executed_lines"'
_MAX_DIGITS = 9


class _Meta(msgspec.Struct):
    version: str = ""
    format: int = 1


class _Document(msgspec.Struct):
    meta: _Meta
    files: dict[str, msgspec.Raw]
    """Decoded one by one: the numbers of all files at once take 40 times the room."""


class _Summary(msgspec.Struct):
    num_statements: int | None = None
    num_branches: int | None = None


class _Region(msgspec.Struct, gc=False):
    executed_lines: list[int]
    missing_lines: list[int]
    """Both ascending, as coverage.py writes them."""
    start_line: int | None = None


class _File(msgspec.Struct, gc=False):
    executed_lines: list[int]
    missing_lines: list[int]
    summary: _Summary = msgspec.field(default_factory=_Summary)
    executed_branches: list[tuple[int, int]] = []
    missing_branches: list[tuple[int, int]] = []
    contexts: dict[str, list[str]] = {}
    """Names by line, with `--show-contexts`; "" where no context was set."""
    functions: dict[str, _Region] = {}
    classes: dict[str, msgspec.Raw] = {}


_document = msgspec.json.Decoder(_Document)
_file = msgspec.json.Decoder(_File)


def _sniff(head: bytes) -> bool:
    text = plain_text(head).lstrip()
    if not text.startswith(b"{"):
        return False
    return (b'"branch_coverage"' in text and b'"show_contexts"' in text) or _ENTRY in text


def _parse(data: bytes) -> Parsed:
    data = json_text(data)
    document = decode(_document, data)
    if document.meta.format not in _KNOWN:
        raise ReportError(
            f"is of coverage.py's JSON format {document.meta.format} (coverage.py "
            f"{quote(document.meta.version)}); known are {', '.join(map(str, _KNOWN))}: "
            "upload `coverage xml` or `coverage lcov` instead"
        )
    report = ReportBuilder("coveragepy-json")
    entries = 0
    for path, raw in document.files.items():
        with in_file(path):
            file = decode(_file, raw)
            _read_file(report.file(path), file)
        entries += 1 + len(file.functions) + len(file.classes)
    if data.count(_ENTRY) != entries:
        raise ReportError("names a file, function or class twice; coverage.py writes each once")
    return Parsed(report.build())


def _read_file(builder: FileBuilder, file: _File) -> None:
    executed, missing = line_bitmap(file.executed_lines), line_bitmap(file.missing_lines)
    executed = _without_docstring(file, executed, missing)
    both = executed & missing
    if both:
        raise ReportError(f"line {_lowest(both)} is both executed and missing")
    builder.add_bitmaps(executed | missing, executed)
    if file.executed_branches or file.missing_branches or file.summary.num_branches:
        _read_branches(builder, file)
    for name, lines in _contexts(file).items():
        builder.add_context(name, lines)
    for name, region in file.functions.items():
        if name:  # "" is the code outside of functions
            _read_function(builder, name, region)


def _without_docstring(file: _File, executed: int, missing: int) -> int:
    """Return the executed lines without the module's docstring.

    Up to 7.13 coverage.py lists it as executed and counts it nowhere else
    (https://github.com/coveragepy/coveragepy/issues/2105); it is the file's first line of
    code, and the summary tells whether it is there.
    """
    statements = file.summary.num_statements
    listed = len(file.executed_lines) + len(file.missing_lines)
    if statements is None or listed != statements + 1 or not executed:
        return executed
    first = _lowest(executed)
    if missing and _lowest(missing) < first:
        return executed
    return executed & ~(1 << first)


def _lowest(lines: int) -> int:
    return (lines & -lines).bit_length() - 1


def _read_branches(builder: FileBuilder, file: _File) -> None:
    """Add the branches: a jump from a line to a line is an arm, in the order of its targets.

    Up to version 6 coverage.py lists a jump that it saw but did not expect as a branch, and
    does not count it: what is listed beyond the summary's count is taken off lines with
    more than two branches taken, and which those are is not known. What the summary counts
    beyond the list is what `# pragma: no branch` excuses: it counts as taken, and stands on
    line 0, because nothing says where it is.
    """
    jumps = sorted(file.executed_branches + file.missing_branches)
    taken = set(file.executed_branches)
    expected = file.summary.num_branches
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
        builder.add_branches(0, -surplus, -surplus)


_line = itemgetter(0)


def _contexts(file: _File) -> dict[str, list[int]]:
    """Return the lines by context; those without one ("") are left out."""
    lines: dict[str, list[int]] = {}
    for line, names in file.contexts.items():
        if not line.isdecimal() or len(line) > _MAX_DIGITS:
            raise ReportError(f"`contexts` has {quote(line)}, which is no line number")
        for name in names:
            if name and int(line):  # 0 is where a module without a line is said to run
                lines.setdefault(name, []).append(int(line))
    return lines


def _read_function(builder: FileBuilder, name: str, region: _Region) -> None:
    executed, missing = region.executed_lines, region.missing_lines
    ends = executed[:1] + missing[:1] + executed[-1:] + missing[-1:]
    if ends:
        start = region.start_line if region.start_line is not None else min(ends)
        builder.add_function(start, name, 1 if executed else 0, max(ends))


FORMAT = Format("coveragepy-json", _sniff, _parse)
