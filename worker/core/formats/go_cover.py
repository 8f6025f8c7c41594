"""Go cover profiles (`go test -coverprofile`), in the modes set, count and atomic.

Each record is a block of statements: `file:line.column,line.column statements count`, see
https://pkg.go.dev/golang.org/x/tools/cover#ProfileBlock. Go itself counts statements
(`go tool cover -func`); changes are judged by lines, so a block counts for every line from
its first to its last, those that `go tool cover -html` colours. A line was hit if one of its
blocks was; where another was not, it is partial: an `if` whose body never ran, for example.
The same block is repeated where several packages' tests ran it (`-coverpkg`): it was hit if
one of them did. Files are named by import path, and found by the end of it.

A file's records are read as one JSON array where they are plain, several times faster than
record by record; whatever is not plain goes the general way. Both give the same, and
tests/core/formats/test_go_cover.py proves it.
"""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

import msgspec

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, plain_text, quote
from worker.core.formats._build import ReportBuilder
from worker.core.model import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.core.formats._build import FileBuilder, Room
    from worker.core.model import Report

__all__ = ["FORMAT", "read_profile"]

_MODE = re.compile(rb"mode: *(?:set|count|atomic)")
_BLOCK = rb"\d++\.\d++,\d++\.\d++ \d++ \d++"
_RUN = re.compile(rb"([^\n]+):%b(?:\n\1:%b)*+(?=\n|$)" % (_BLOCK, _BLOCK))
"""Records of one file that follow each other."""
_COMMAS = bytes.maketrans(b". \n", b",,,")
_FIELDS = 6
_MAX_DIGITS = 4300
"""What Python turns into an integer without a complaint."""
_MAX_WORK = 100_000_000_000
"""Lines of a file times its blocks, of all files: real profiles stay far below."""

_MAX_FILES = 300_000
_MAX_PLAIN = 2**23
"""Bytes of one file's records that are read at once; they take twenty times as much."""
_MAX_RECORDS = 5_000_000
"""Records read one by one, which takes some ten seconds."""
_BLOCK_ROOM = 300
"""Bytes that one of a file's blocks takes until the file is done."""

_decode = msgspec.json.Decoder(list[int]).decode

_Place = tuple[int, int, int, int]
"""A block's first line and column, last line and column."""
_Spans = dict[_Place, int]
"""Zero for each block that was never hit."""


def _sniff(head: bytes) -> bool:
    first, _, _ = plain_text(head).lstrip().partition(b"\n")
    return _MODE.fullmatch(first.rstrip()) is not None


def _parse(data: bytes) -> Parsed:
    return Parsed(read_profile(plain_text(data), bulk=True))


def read_profile(data: bytes, *, bulk: bool) -> Report:
    """Return the report of a profile, with or without the short way for plain records."""
    data = data.replace(b"\r\n", b"\n") if b"\r" in data else data
    report = ReportBuilder()
    work = singly = 0
    for name, bounds in _runs(data).items():
        file = report.file(name.decode("utf-8", "replace"))
        blocks = _plain_blocks(data, name, bounds) if bulk else None
        if blocks is None:
            singly += sum(data.count(b"\n", start, end) + 1 for start, end in _pairs(bounds))
            if singly > _MAX_RECORDS:
                raise ReportError(
                    f"has more than {_MAX_RECORDS} blocks of few files, or odd ones; split the "
                    "report, for instance by package"
                )
            blocks = _blocks(data, name, bounds, report.room)
        work += blocks.top * len(blocks)
        if work > _MAX_WORK:
            raise ReportError("has too many blocks in files with too many lines; split the report")
        blocks.give(file)
    return report.build()


def _runs(data: bytes) -> dict[bytes, array[int]]:
    """Return, by file, where its records begin and end; each test binary may write some."""
    runs: dict[bytes, array[int]] = {}
    position = 0
    while position < len(data):
        found = _RUN.match(data, position)
        if found is None:
            end = data.find(b"\n", position) % (len(data) + 1)
            line = data[position:end].strip()
            if line and not _MODE.fullmatch(line):
                raise _fault(data, position, line)
        else:
            end = found.end()
            runs.setdefault(found[1], array("Q")).extend((position, end))
            if len(runs) > _MAX_FILES:
                raise ReportError(f"has too many files, more than {_MAX_FILES}; split the report")
        position = end + 1
    return runs


def _fault(data: bytes, position: int, line: bytes) -> ReportError:
    number = data.count(b"\n", 0, position) + 1
    return ReportError(
        f"line {number}, {quote(line)}: is no block of a Go cover profile; was it cut off?"
    )


class _Blocks:
    """A file's blocks, each once: first lines, last lines, and counts, zero for a miss."""

    __slots__ = ("_counts", "_firsts", "_lengths", "top")

    def __init__(self, firsts: Sequence[int], lasts: Sequence[int], counts: Sequence[int]) -> None:
        self._firsts = firsts
        self._lengths = list(map(int.__sub__, lasts, firsts))  # without the last line
        self._counts = counts
        self.top = max(lasts)
        if min(firsts) < 1 or min(self._lengths) < 0 or self.top > MAX_LINE:
            raise ValueError(f"a block does not lie between the lines 1 and {MAX_LINE}")

    def __len__(self) -> int:
        return len(self._counts)

    @classmethod
    def of(cls, spans: _Spans) -> _Blocks:
        """Return blocks by where they lie."""
        return cls([span[0] for span in spans], [span[2] for span in spans], [*spans.values()])

    def give(self, file: FileBuilder) -> None:
        """Add the lines that the blocks cover to a file."""
        misses = hits = 0
        for first, length, count in zip(self._firsts, self._lengths, self._counts, strict=True):
            if count:
                hits |= (2 << length) - 1 << first
            else:
                misses |= (2 << length) - 1 << first
        file.add_bitmaps(misses | hits, hits)
        file.add_partials(misses & hits)


def _plain_blocks(data: bytes, name: bytes, bounds: array[int]) -> _Blocks | None:
    """Return a file's blocks; None where any of its records needs a closer look."""
    if sum(end - start for start, end in _pairs(bounds)) > _MAX_PLAIN:
        return None
    parts = [data[start:end] for start, end in _pairs(bounds)]
    text = b"\n".join(parts).replace(b"\n%b:" % name, b"\n")[len(name) + 1 :]
    try:
        fields = _decode(b"[%b]" % text.translate(_COMMAS))
        firsts, columns = fields[0::_FIELDS], fields[1::_FIELDS]
        lasts, counts = fields[2::_FIELDS], fields[5::_FIELDS]
        if len(set(zip(firsts, columns, strict=True))) == len(firsts):
            return _Blocks(firsts, lasts, counts)
        spans: _Spans = {}
        places = zip(firsts, columns, lasts, fields[3::_FIELDS], strict=True)
        for place, count in zip(places, counts, strict=True):
            spans[place] = spans.get(place, 0) or count
        return _Blocks.of(spans)
    except (msgspec.MsgspecError, ValueError):
        return None


def _blocks(data: bytes, name: bytes, bounds: array[int], room: Room) -> _Blocks:
    """Return the same, record by record. Raises `ReportError` for the first at fault."""
    spans: _Spans = {}
    taken = 0
    for start, end in _pairs(bounds):
        position = start
        while position < end:
            stop = data.find(b"\n", position, end) % (end + 1)
            line = data[position:stop]
            place, hit = _record(line[len(name) + 1 :])
            if place is None:
                raise _fault(data, position, line)
            if place not in spans:
                room.take(_BLOCK_ROOM)
                taken += _BLOCK_ROOM
            spans[place] = spans.get(place, 0) or hit
            position = stop + 1
    room.give_back(taken)
    return _Blocks.of(spans)


def _record(text: bytes) -> tuple[_Place | None, int]:
    """Return where a block lies, None where that is nowhere, and whether it was hit."""
    *fields, _, count = text.translate(_COMMAS).split(b",")
    if max(map(len, fields)) > _MAX_DIGITS:
        return None, 0
    first, column, last, last_column = map(int, fields)
    if not 1 <= first <= last <= MAX_LINE:
        return None, 0
    return (first, column, last, last_column), int(bool(count.strip(b"0")))


def _pairs(bounds: array[int]) -> Iterator[tuple[int, int]]:
    return zip(bounds[0::2], bounds[1::2], strict=True)


FORMAT = Format("go-coverprofile", _sniff, _parse)
