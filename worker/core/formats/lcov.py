"""LCOV tracefiles, of lcov 1 and 2 and of the many tools that write the same.

Records: https://github.com/linux-test-project/lcov/blob/master/man/geninfo.1 ("TRACEFILE
FORMAT"). Measured lines are those with a `DA` record: the sums `LF` and `LH`, and lines
that only `FN` or `BRDA` name, do not count. A test that `TN` names is a context.

Long runs of `DA` and `BRDA` take a short way (`_tracefile_runs`).
"""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, plain_text, quote
from worker.core.formats._build import ReportBuilder
from worker.core.formats._columns import NotPlainError
from worker.core.formats._tracefile_runs import Runs, read_branches, read_lines, take_runs
from worker.core.formats._tracefile_section import Arm, Section, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.core.model import Report

__all__ = ["FORMAT", "read_tracefile"]

_END = b"\nend_of_record"
_MAX_RECORD = 2**20
"""Bytes of one record; demangled C++ names have some thousand."""
_MAX_SECTION = 32 * 2**20
"""Bytes of one section: a million lines have half of it."""
_MAX_SECTIONS = 2_000_000
_MAX_FILES = 300_000
_MAX_RECORDS = 8_000_000
"""Records read one by one, which takes some ten seconds."""
_BATCH = 2**17
"""Bytes of runs read together: what stays in a processor's cache."""
_STARTS = frozenset((b"TN", b"SF", b"VER", b"FN", b"FNDA", b"FNL", b"FNA", b"DA", b"BRDA"))

_NAMED = 2**64
"""In the place of the block where block and branch are one name; greater than any block."""


_Pending: TypeAlias = "tuple[Section, str, Runs]"
"""Runs put off, of which file they are, and of which test."""


def _sniff(head: bytes) -> bool:
    lines = [line.strip() for line in plain_text(head).split(b"\n")]
    records = [line for line in lines if line and not line.startswith(b"#")]
    if not records or records[0].partition(b":")[0] not in _STARTS:
        return False
    return any(record.startswith(b"SF:") for record in records)


def _parse(data: bytes) -> Parsed:
    return Parsed(read_tracefile(plain_text(data), bulk=True))


def read_tracefile(data: bytes, *, bulk: bool) -> Report:
    """Return the report of a tracefile, with or without the short way for long runs."""
    position = data.find(b"\0")
    if position >= 0:
        raise ReportError(
            f"byte {position} is NUL, so this is no text; upload the tracefile itself"
        )
    if bulk:
        try:
            return _read(data, bulk=True)
        except (NotPlainError, ReportError):  # the general way names the record at fault
            pass
    return _read(data, bulk=False)


def _read(data: bytes, *, bulk: bool) -> Report:
    if data.count(_END) > _MAX_SECTIONS:
        raise ReportError(f"has more than {_MAX_SECTIONS} sections; split the report")
    reader = _Reader(_count_sections(data), bulk=bulk)
    for start, end in _chunks(data):
        chunk = data[start:end]
        if b"\r" in chunk:  # one byte is looked for fifty times faster than two
            chunk = chunk.replace(b"\r\n", b"\n").removesuffix(b"\r")
        try:
            reader.read(chunk)
        except _RecordError as error:
            line = data.count(b"\n", 0, data.find(error.record, start)) + 1
            raise ReportError(f"line {line}, {quote(error.record)}: {error}") from None
    return reader.report()


class _RecordError(Exception):
    def __init__(self, record: bytes, reason: str) -> None:
        super().__init__(reason)
        self.record = record


def _count_sections(data: bytes) -> Counter[str]:
    """Return how many sections each file has: lcov writes one for each test's name."""
    sections: Counter[str] = Counter()
    for start, end in _chunks(data):
        found = data.find(b"SF:", start, end)
        if found >= 0:
            stop = data.find(b"\n", found, min(end, found + _MAX_RECORD))
            path = data[found:stop] if stop >= 0 else data[found:end][:_MAX_RECORD]
            sections[decode(path.strip()[len(b"SF:") :])] += 1
            if len(sections) > _MAX_FILES:
                raise ReportError(f"has too many files, more than {_MAX_FILES}; split the report")
    return sections


def _chunks(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the sections lie, without their ends; the last may lack its end."""
    start = 0
    while start < len(data):
        end = data.find(_END, start)
        if end < 0:
            end = len(data)
        if end - start > _MAX_SECTION:
            line = data.count(b"\n", 0, start + 1) + 1
            raise ReportError(
                f"line {line}: the records of one file have more than "
                f"{_MAX_SECTION // 2**20} MB; leave generated files out of the report"
            )
        yield start, end
        start = end + len(_END)


class _Reader:
    """Reads records into files. The general way is `_scan`; runs are an abbreviation of it."""

    __slots__ = (
        "_bulk",
        "_claimed",
        "_files",
        "_finished",
        "_handlers",
        "_left",
        "_measured",
        "_open",
        "_put_off",
        "_records",
        "_runs",
        "_section",
        "_test",
    )

    def __init__(self, sections: Counter[str], *, bulk: bool) -> None:
        self._bulk = bulk
        self._left = sections
        self._files = ReportBuilder("lcov")
        self._open: dict[str, Section] = {}
        self._finished: list[str] = []
        self._runs: list[_Pending] = []
        self._put_off = 0
        self._section: Section | None = None
        self._test = ""
        self._claimed = 0
        self._records = 0
        self._measured = False
        self._handlers: dict[bytes, Callable[[Section, bytes], None]] = {
            b"DA": self._line,
            b"BRDA": self._branch,
            b"FN": self._function,
            b"FNDA": self._function_hits,
            b"FNL": self._function_leader,
            b"FNA": self._function_alias,
            b"LF": self._claim,
        }

    def read(self, chunk: bytes) -> None:
        """Read a section. Raises `_RecordError`, and in bulk `NotPlainError`."""
        self._section = None
        runs = take_runs(chunk) if self._bulk else None
        section = self._scan(chunk if runs is None else runs.rest)
        if runs is not None and section is not None:
            self._runs.append((section, self._test, runs))
            self._put_off += runs.size
        if not self._runs or self._put_off > _BATCH:
            self._fold()

    def report(self) -> Report:
        """Return the report. Raises `ReportError` where the file holds sums and no lines."""
        self._finished = [*self._open]
        self._fold()
        if self._claimed and not self._measured:
            raise ReportError(
                f"gives the sums of {self._claimed} lines (LF) but no line (DA); "
                "upload the tracefile as the coverage tool wrote it"
            )
        return self._files.build()

    def _fold(self) -> None:
        """Read the runs put off, and finish the files of which nothing more is to come."""
        self._read_lines([pending for pending in self._runs if pending[2].lines])
        self._read_branches([pending for pending in self._runs if pending[2].branches])
        self._runs.clear()
        self._put_off = 0
        for path in self._finished:
            section = self._open.pop(path, None)
            if section is not None:
                section.fold()
                self._files.finish(path)
        self._finished.clear()

    def _read_lines(self, pending: list[_Pending]) -> None:
        bitmaps = read_lines([runs.lines for _, _, runs in pending])
        for (section, test, _), (measured, hit) in zip(pending, bitmaps, strict=True):
            section.file.add_bitmaps(measured, hit)
            if test:
                section.file.add_context_bitmap(test, hit)
            self._measured = True

    def _read_branches(self, pending: list[_Pending]) -> None:
        apart = [section.repeated for section, _, _ in pending]
        branches = read_branches([runs.branches for _, _, runs in pending], apart)
        for (section, _, _), found in zip(pending, branches, strict=True):
            section.file.add_pairs(*found.pairs)
            for line, arms, total in found.others:
                section.file.add_arm_bitmap(line, arms, total)
            self._count(len(found.single))
            for arm, taken in found.single:
                section.add_arm(arm, taken)

    def _scan(self, chunk: bytes) -> Section | None:
        """Read record by record; return the file that the last ones are about."""
        self._count(chunk.count(b"\n"))
        for line in BytesIO(chunk):
            record = line.strip()
            keyword, _, value = record.partition(b":")
            try:
                if keyword in self._handlers:
                    _check_length(record)
                    self._handlers[keyword](self._current(), value)
                elif keyword == b"SF":
                    self._start(decode(value))
                elif keyword == b"TN":
                    self._test = decode(value[:_MAX_RECORD])
            except ReportError as error:
                raise _RecordError(record, error.reason) from None
            except ValueError:
                raise _RecordError(
                    record, "is cut off, or has no number where one belongs"
                ) from None
        return self._section

    def _count(self, records: int) -> None:
        """Count records that are read one by one."""
        self._records += records
        if self._records > _MAX_RECORDS:
            raise ReportError(f"has too many records, more than {_MAX_RECORDS}; split the report")

    def _start(self, path: str) -> None:
        if path not in self._open:
            file = self._files.file(path)
            self._open[path] = Section(file, self._files.room, repeated=self._left[path] > 1)
        self._section = self._open[path]
        self._left[path] -= 1
        if self._left[path] <= 0:
            if (
                self._left[path] < 0 and self._bulk
            ):  # several files in one section were not foreseen
                raise NotPlainError
            self._finished.append(path)

    def _current(self) -> Section:
        if self._section is None:
            raise ReportError("stands before any SF record, so its file is unknown")
        return self._section

    def _line(self, section: Section, value: bytes) -> None:
        number, hits, *checksum = value.split(b",")
        line = int(number)
        self._measured = True
        if not line and checksum:  # an empty module, in coverage.py 6.3 to 7.4 on Python 3.11
            return
        hit = (line,) if int(hits) > 0 else ()
        section.file.add_lines((line,), hit)
        if hit and self._test:
            section.add_to_test(self._test, line)

    def _branch(self, section: Section, value: bytes) -> None:
        number, rest = value.split(b",", 1)
        name, taken = rest.rsplit(b",", 1)
        block, _, branch = name.partition(b",")
        count = 0 if taken == b"-" else int(taken)
        try:
            arm: Arm = (int(number), int(block), int(branch))
        except ValueError:
            # lcov 2: "e0" marks an exception's branch, and a branch may be an expression;
            # coverage.py's branches are "jump to line 7".
            arm = (int(number), _NAMED, name)
        section.add_arm(arm, count)

    def _function(self, section: Section, value: bytes) -> None:
        section.functions(len(value)).add(value)

    def _function_hits(self, section: Section, value: bytes) -> None:
        section.functions(len(value)).add_hits(value)

    def _function_leader(self, section: Section, value: bytes) -> None:
        section.functions(len(value)).add_leader(value)

    def _function_alias(self, section: Section, value: bytes) -> None:
        section.functions(len(value)).add_alias(value)

    def _claim(self, section: Section, value: bytes) -> None:  # noqa: ARG002 - as its fellows
        self._claimed += int(value)


def _check_length(record: bytes) -> None:
    if len(record) > _MAX_RECORD:
        raise ReportError(f"a record has more than {_MAX_RECORD} bytes")


FORMAT = Format("lcov", _sniff, _parse)
