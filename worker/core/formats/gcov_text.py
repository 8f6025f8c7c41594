"""`.gcov` files, the annotated sources that gcov writes; several in one file too.

Described at https://gcc.gnu.org/onlinedocs/gcc/Invoking-Gcov.html. Measured lines are those
with a count; `#####` and `=====` (reached by exceptions alone) are misses, `-` is no code.
A count with a star marks a line with a block that never ran: with gcov's own words a line
that was run in part, and so partial. The records of branches and functions (`gcov -b`)
belong to the line before and after them. A template's instances repeat its lines: a line
was hit if it was in one of them, and each instance's branches count.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, plain_text, quote
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.model import bitmap

if TYPE_CHECKING:
    from worker.core.model import Report

__all__ = ["FORMAT"]

_FIRST = re.compile(rb"\s*-:\s*0:Source:")
# A count may be "1.5k" (gcov -H).
_RECORD = re.compile(rb" *(-|#####|=====|[\d.]+[kMGTPEZY]?(\*)?): *(\d{1,18}):(.*)", re.DOTALL)
_BLOCK = re.compile(rb" *(?:[%$]{5}|-|[\d.]+[kMGTPEZY]?\*?): *\d+-block +\d+.*")
_BRANCH = re.compile(rb"branch +\d+ (?:taken ([\d.]+)[%kMGTPEZY]?|never executed).*")
_FUNCTION = re.compile(rb"function (.+) called ([\d.]+)[kMGTPEZY]? returned .+")
_INSTANCE = b"------------------"
# Of gcov's own messages, which it writes between the sources with --stdout.
_OTHERS = re.compile(
    rb"(?:call|unconditional|conditions?|paths?|summary) .*|"
    rb"(?:File|Function) '.*|(?:Lines|Branches|Calls) executed:.*|Taken at least once:.*|"
    rb"(?:Condition|Prime) .*|No (?:executable lines|branches|calls|conditions|paths)|"
    rb"(?:Creating|Removing) '.*"
)


def _sniff(head: bytes) -> bool:
    return _FIRST.match(plain_text(head)) is not None


def _parse(data: bytes) -> Parsed:
    reader = _Reader()
    previous = b""
    for number, text in enumerate(plain_text(data).split(b"\n"), 1):
        line = text.rstrip(b"\r")
        if line and line != _INSTANCE:
            try:
                reader.read(line, after_rule=previous == _INSTANCE)
            except ReportError as error:
                raise ReportError(f"line {number}, {quote(line)}: {error.reason}") from None
        previous = line
    return Parsed(reader.report(), tuple(dict.fromkeys(reader.folders)))


class _Source:
    """One file's records. Branches are counted per section: one that is repeated is the same."""

    __slots__ = ("branches", "file", "full", "starred")

    def __init__(self, file: FileBuilder) -> None:
        self.file = file
        self.full: set[int] = set()
        self.starred: set[int] = set()
        self.branches: dict[int, list[bool]] = defaultdict(list)


class _Reader:
    __slots__ = ("_current", "_files", "_functions", "_line", "_sources", "folders")

    def __init__(self) -> None:
        self.folders: list[str] = []
        self._files = ReportBuilder()
        self._sources: dict[str, _Source] = {}
        self._current: _Source | None = None
        self._line = 0
        self._functions: list[tuple[str, int]] = []

    def read(self, line: bytes, *, after_rule: bool) -> None:
        """Read one line. Raises `ReportError` where it is none of gcov's.

        A rule stands above each instance of a template, with its name below, and at the end.
        """
        record = _RECORD.fullmatch(line)
        if record is not None:
            count, star, number, text = record.groups()
            if int(number) == 0:
                self._header(text)
            else:
                self._count(count, bool(star), int(number))
            return
        branch = _BRANCH.fullmatch(line)
        function = None if branch else _FUNCTION.fullmatch(line)
        if branch is not None:
            taken = bool((branch[1] or b"").strip(b"0."))
            self._section().branches[self._line].append(taken)
        elif function is not None:
            hits = int(function[2]) if function[2].isdigit() else 1
            self._functions.append((_text(function[1]), hits))
        elif not (
            _BLOCK.fullmatch(line)
            or _OTHERS.fullmatch(line)
            or (after_rule and line.endswith(b":"))
        ):
            raise ReportError("is no record of gcov's")

    def report(self) -> Report:
        """Return what was read."""
        self._fold()
        for source in self._sources.values():
            source.file.add_partials(bitmap(source.starred - source.full))
        return self._files.build()

    def _header(self, text: bytes) -> None:
        name, _, value = text.partition(b":")
        if name == b"Source":
            self._fold()
            path = _text(value)
            if path not in self._sources:
                self._sources[path] = _Source(self._files.file(path))
            self._current = self._sources[path]
        elif name == b"Working directory":
            self.folders.append(_text(value))

    def _count(self, count: bytes, starred: bool, line: int) -> None:
        source = self._section()
        self._line = line
        for name, hits in self._functions:
            source.file.add_function(line, name, hits)
        self._functions.clear()
        if count == b"-":
            return
        hit = bool(count.strip(b"0.*#="))
        source.file.add_lines((line,), (line,) if hit else ())
        if hit:
            (source.starred if starred else source.full).add(line)

    def _section(self) -> _Source:
        if self._current is None:
            raise ReportError("stands before any Source, so its file is unknown")
        return self._current

    def _fold(self) -> None:
        """Give the section's branches to the file."""
        source, self._current, self._line = self._current, None, 0
        self._functions.clear()
        if source is not None:
            for line, arms in source.branches.items():
                source.file.add_branches(line, sum(arms), len(arms))
            source.branches.clear()


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


FORMAT = Format("gcov-text", _sniff, _parse)
