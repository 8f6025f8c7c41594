"""LCOV tracefiles, of lcov 1 and 2 and of the many tools that write the same.

Records: https://github.com/linux-test-project/lcov/blob/master/man/geninfo.1 ("TRACEFILE
FORMAT"). Measured lines are those with a `DA` record: the sums `LF` and `LH`, and lines
that only `FN` or `BRDA` name, do not count. A test that `TN` names is a context.

Long runs of `DA` and `BRDA` take a short way (`_tracefile_runs`).
"""

from __future__ import annotations

from collections import Counter
from itertools import compress
from typing import TYPE_CHECKING

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, plain_text, quote
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.formats._tracefile_runs import take_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from worker.core.formats._tracefile_runs import Runs
    from worker.core.model import Report

__all__ = ["FORMAT", "read_tracefile"]

_END = b"\nend_of_record"
_MAX_RECORD = 2**20
"""Bytes of one record; demangled C++ names have some thousand."""
_STARTS = frozenset((b"TN", b"SF", b"VER", b"FN", b"FNDA", b"FNL", b"FNA", b"DA", b"BRDA"))

_Arm = tuple[int, int, int] | tuple[int, int, bytes]
"""A line, and what tells this branch from the others on it: block and branch.

Sorted, they are a line's arms in an order that is the same in every tracefile.
"""
_NAMED = 2**64
"""In the place of the block where block and branch are one name; greater than any block."""


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
    if b"\r" in data:  # one byte is looked for fifty times faster than two
        data = data.replace(b"\r\n", b"\n")
    reader = _Reader()
    # lcov writes a section for each test name: those of one file are folded together at last.
    sections = Counter(_path(data, start, end) for start, end in _chunks(data))
    for start, end in _chunks(data):
        chunk = data[start:end]
        try:
            reader.read(chunk, take_runs(chunk) if bulk else None)
        except _RecordError as error:
            line = data.count(b"\n", 0, data.find(error.record, start)) + 1
            raise ReportError(f"line {line}, {quote(error.record)}: {error}") from None
        if sections[_path(data, start, end)] == 1:
            reader.fold()
    return reader.report()


class _RecordError(Exception):
    def __init__(self, record: bytes, reason: str) -> None:
        super().__init__(reason)
        self.record = record


def _chunks(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the sections lie, without their ends; the last may lack its end."""
    start = 0
    while start < len(data):
        end = data.find(_END, start)
        if end < 0:
            end = len(data)
        yield start, end
        start = end + len(_END)


def _path(data: bytes, start: int, end: int) -> bytes:
    found = data.find(b"SF:", start, end)
    return b"" if found < 0 else data[found : data.find(b"\n", found) % len(data)]


class _Section:
    """What was read of one file and not yet folded: branches arm by arm, functions by name."""

    __slots__ = ("aliases", "arms", "contexts", "file", "functions", "hits", "leaders")

    def __init__(self, file: FileBuilder) -> None:
        self.file = file
        self.arms: dict[_Arm, int] = {}
        self.contexts: dict[str, list[int]] = {}
        self.functions: list[tuple[int, int | None, bytes]] = []
        self.hits: dict[bytes, int] = {}
        self.leaders: dict[bytes, tuple[int, int | None]] = {}
        self.aliases: list[tuple[bytes, int, bytes]] = []

    def add_arms(self, arms: list[tuple[int, int, int]], taken: list[int]) -> None:
        """Add what a run of `BRDA` records says."""
        if not self.arms:
            self.arms = dict(zip(arms, taken, strict=True))
            if len(self.arms) == len(arms):
                return
            self.arms = {}
        for arm, count in zip(arms, taken, strict=True):
            self.add_arm(arm, count)

    def add_arm(self, arm: _Arm, taken: int) -> None:
        """Add one branch; fewer times than never is never."""
        self.arms[arm] = max(self.arms.get(arm, 0), taken)

    def fold(self) -> None:
        """Give branches and functions to the file."""
        current = None
        taken = total = 0
        for arm, count in sorted(self.arms.items()):
            if arm[0] != current:
                if current is not None:
                    self.file.add_arm_bitmap(current, taken, total)
                current = arm[0]
                taken = total = 0
            if count:
                taken |= 1 << total
            total += 1
        if current is not None:
            self.file.add_arm_bitmap(current, taken, total)
        for name, lines in self.contexts.items():
            self.file.add_context(name, lines)
        for line, end, function in self.functions:
            self.file.add_function(line, _text(function), self.hits.get(function, 0), end)
        for leader, hits, function in self.aliases:
            if leader in self.leaders:
                line, end = self.leaders[leader]
                self.file.add_function(line, _text(function), hits, end)


class _Reader:
    """Reads records into files. The general way is `_scan`; runs are an abbreviation of it."""

    __slots__ = ("_claimed", "_files", "_handlers", "_measured", "_open", "_section", "_test")

    def __init__(self) -> None:
        self._files = ReportBuilder("lcov")
        self._open: dict[str, _Section] = {}
        self._section: _Section | None = None
        self._test = ""
        self._claimed = 0
        self._measured = False
        self._handlers: dict[bytes, Callable[[_Section, bytes], None]] = {
            b"DA": self._line,
            b"BRDA": self._branch,
            b"FN": self._function,
            b"FNDA": self._function_hits,
            b"FNL": self._function_leader,
            b"FNA": self._function_alias,
            b"LF": self._claim,
        }

    def read(self, chunk: bytes, runs: Runs | None) -> None:
        """Read a section. Raises `_RecordError`."""
        self._section = None
        if runs is None:
            self._scan(chunk)
            return
        section = self._scan(runs.rest)
        if section is None:
            return
        hit = list(compress(runs.lines, runs.hits))
        try:
            section.file.add_lines(runs.lines, hit)
        except ReportError:
            self._scan(chunk)  # the same, record by record: it names the one at fault
            raise
        self._measured |= bool(runs.lines)
        self._add_to_test(section, hit)
        section.add_arms(runs.arms, runs.taken)

    def fold(self) -> None:
        """Finish the files read so far; nothing more is to come of them."""
        for section in self._open.values():
            section.fold()
        self._open.clear()

    def report(self) -> Report:
        """Return the report. Raises `ReportError` where the file holds sums and no lines."""
        self.fold()
        if self._claimed and not self._measured:
            raise ReportError(
                f"gives the sums of {self._claimed} lines (LF) but no line (DA); "
                "upload the tracefile as the coverage tool wrote it"
            )
        return self._files.build()

    def _scan(self, chunk: bytes) -> _Section | None:
        """Read record by record; return the file that the last ones are about."""
        for line in chunk.split(b"\n"):
            record = line.strip()
            if len(record) > _MAX_RECORD:
                raise _RecordError(record, f"a record has more than {_MAX_RECORD} bytes")
            keyword, _, value = record.partition(b":")
            try:
                if keyword == b"SF":
                    self._start(_text(value))
                elif keyword == b"TN":
                    self._test = _text(value)
                elif keyword in self._handlers:
                    self._handlers[keyword](self._current(), value)
            except ReportError as error:
                raise _RecordError(record, error.reason) from None
            except ValueError:
                raise _RecordError(
                    record, "is cut off, or has no number where one belongs"
                ) from None
        return self._section

    def _start(self, path: str) -> None:
        if path not in self._open:
            self._open[path] = _Section(self._files.file(path))
        self._section = self._open[path]

    def _current(self) -> _Section:
        if self._section is None:
            raise ReportError("stands before any SF record, so its file is unknown")
        return self._section

    def _line(self, section: _Section, value: bytes) -> None:
        number, hits, *_ = value.split(b",")
        line = int(number)
        hit = (line,) if int(hits) > 0 else ()
        section.file.add_lines((line,), hit)
        self._measured = True
        self._add_to_test(section, hit)

    def _add_to_test(self, section: _Section, hit: Iterable[int]) -> None:
        """Add lines to the test that `TN` names, which is a context to us."""
        if self._test:
            section.contexts.setdefault(self._test, []).extend(hit)

    def _branch(self, section: _Section, value: bytes) -> None:
        number, rest = value.split(b",", 1)
        name, taken = rest.rsplit(b",", 1)
        block, _, branch = name.partition(b",")
        count = 0 if taken == b"-" else int(taken)
        try:
            arm: _Arm = (int(number), int(block), int(branch))
        except ValueError:
            # lcov 2: "e0" marks an exception's branch, and a branch may be an expression;
            # coverage.py's branches are "jump to line 7".
            arm = (int(number), _NAMED, name)
        section.add_arm(arm, count)

    def _function(self, section: _Section, value: bytes) -> None:
        """Read "FN:line,name" (lcov 1) or "FN:line,end,name" (lcov 2); names may have commas."""
        number, name = value.split(b",", 1)
        end, _, rest = name.partition(b",")
        if rest and end.isdigit():
            section.functions.append((int(number), int(end), rest))
        else:
            section.functions.append((int(number), None, name))

    def _function_hits(self, section: _Section, value: bytes) -> None:
        hits, name = value.split(b",", 1)
        section.hits[name] = max(section.hits.get(name, 0), int(hits))

    def _function_leader(self, section: _Section, value: bytes) -> None:
        index, number, *end = value.split(b",")
        section.leaders[index] = (int(number), int(end[0]) if end else None)

    def _function_alias(self, section: _Section, value: bytes) -> None:
        index, hits, name = value.split(b",", 2)
        section.aliases.append((index, int(hits), name))

    def _claim(self, section: _Section, value: bytes) -> None:  # noqa: ARG002 - as its fellows
        self._claimed += int(value)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


FORMAT = Format("lcov", _sniff, _parse)
