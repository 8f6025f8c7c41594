"""The JSON of `coverage json`, in its formats 1 (unnumbered), 2 and 3.

https://coverage.readthedocs.io/en/latest/cmd.html#json-reporting
"""

from __future__ import annotations

from collections import Counter
from itertools import chain

import msgspec

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, plain_text, quote
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.formats._json import decode

__all__ = ["FORMAT"]

_KNOWN = (1, 2, 3)
_ENTRY = b'"executed_lines"'


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


class _Region(msgspec.Struct):
    executed_lines: list[int]
    missing_lines: list[int]
    start_line: int | None = None


class _File(msgspec.Struct):
    executed_lines: list[int]
    missing_lines: list[int]
    summary: _Summary = msgspec.field(default_factory=_Summary)
    executed_branches: list[tuple[int, int]] = []
    missing_branches: list[tuple[int, int]] = []
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
    data = plain_text(data)
    document = decode(_document, data)
    if document.meta.format not in _KNOWN:
        raise ReportError(
            f"is of coverage.py's JSON format {document.meta.format} (coverage.py "
            f"{quote(document.meta.version)}); known are {', '.join(map(str, _KNOWN))}: "
            "upload `coverage xml` or `coverage lcov` instead"
        )
    report = ReportBuilder()
    entries = 0
    for path, raw in document.files.items():
        place = f"file {quote(path)}"
        file = decode(_file, raw, place)
        try:
            _read_file(report.file(path), file)
        except ReportError as error:
            raise ReportError(f"{place}: {error.reason}") from None
        entries += 1 + len(file.functions) + len(file.classes)
    if data.count(_ENTRY) != entries:
        raise ReportError("names a file, function or class twice; coverage.py writes each once")
    return Parsed(report.build())


def _read_file(builder: FileBuilder, file: _File) -> None:
    executed, missing = _statements(file), file.missing_lines
    both = set(executed) & set(missing)
    if both:
        raise ReportError(f"line {min(both)} is both executed and missing")
    builder.add_lines(chain(executed, missing), executed)
    for line, (taken, total) in _branches(file).items():
        builder.add_branches(line, taken, total)
    for name, region in file.functions.items():
        _read_function(builder, name, region)


def _statements(file: _File) -> list[int]:
    """Return the executed lines without the module's docstring.

    Up to 7.13 coverage.py lists it as executed and counts it nowhere else
    (https://github.com/coveragepy/coveragepy/issues/2105); it is the file's first line of
    code, and the summary tells whether it is there.
    """
    executed, statements = file.executed_lines, file.summary.num_statements
    listed = len(executed) + len(file.missing_lines)
    if statements is None or listed != statements + 1 or not executed:
        return executed
    first = min(executed)
    if file.missing_lines and min(file.missing_lines) < first:
        return executed
    return [line for line in executed if line != first]


def _branches(file: _File) -> dict[int, tuple[int, int]]:
    """Return (taken, total) by line.

    Up to version 6 coverage.py lists a jump that it saw but did not expect as a branch, and
    does not count it: what is listed beyond the summary's count is taken off lines with
    more than two branches taken.
    """
    taken = Counter(line for line, _ in file.executed_branches)
    missing = Counter(line for line, _ in file.missing_branches)
    expected = file.summary.num_branches
    surplus = 0 if expected is None else taken.total() + missing.total() - expected
    for line in sorted(taken) if surplus > 0 else ():
        unexpected = min(surplus, max(taken[line] - 2, 0))
        taken[line] -= unexpected
        surplus -= unexpected
    return {line: (taken[line], taken[line] + missing[line]) for line in taken | missing}


def _read_function(builder: FileBuilder, name: str, region: _Region) -> None:
    lines = [*region.executed_lines, *region.missing_lines]
    if not name or not lines:  # "" is the code outside of functions
        return
    start = region.start_line if region.start_line is not None else min(lines)
    builder.add_function(start, name, 1 if region.executed_lines else 0, max(lines))


FORMAT = Format("coveragepy-json", _sniff, _parse)
