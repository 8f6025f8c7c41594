"""A short way through coverage.py's JSON: the lists of numbers of many files by the column.

msgspec steps over the lists, and numpy reads those of a batch of files together. What is
unlike what coverage.py writes is left to the general way; both give the same, and
tests/core/formats/test_coveragepy_json.py proves it.
"""

from __future__ import annotations

from itertools import accumulate, chain, compress, pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from worker.core.formats._arms import Arms, group_arms
from worker.core.formats._columns import ALL, NotPlainError, read_bitmaps, read_numbers
from worker.core.model import MAX_LINE, Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from worker.core.formats._columns import Numbers, Octets

__all__ = ["FileColumns", "PlainFile", "Summary", "batches", "read_batch"]

_BATCH = 2**21
"""Bytes of lists and functions that are read together, about."""
_MAX_FILE = 2**23
"""Bytes of one file's: a longer one is left to the general way."""
_COMMA, _MINUS, _OPEN, _CLOSE, _NEXT = b",-[];"
_TARGET_BITS, _PLACE_BITS = 22, 43
"""Targets are from -MAX_LINE (a jump out of what begins on line 5 goes to -5) to MAX_LINE."""


class Summary(msgspec.Struct, gc=False):
    """What a file's numbers must add up to."""

    num_statements: int | None = None
    num_branches: int | None = None
    covered_branches: int | None = None


class FileColumns(msgspec.Struct, gc=False):
    """A file as it stands in the document, its lists not yet read."""

    executed_lines: msgspec.Raw
    missing_lines: msgspec.Raw
    excluded_lines: msgspec.Raw = msgspec.Raw(b"[]")
    summary: Summary = msgspec.field(default_factory=Summary)
    executed_branches: msgspec.Raw = msgspec.Raw(b"[]")
    missing_branches: msgspec.Raw = msgspec.Raw(b"[]")
    contexts: msgspec.Raw = msgspec.Raw(b"{}")
    functions: msgspec.Raw = msgspec.Raw(b"{}")
    classes: msgspec.Raw = msgspec.Raw(b"{}")

    @property
    def size(self) -> int:
        """Bytes of what is read by the column."""
        return sum(
            len(memoryview(raw))
            for raw in (
                self.executed_lines,
                self.missing_lines,
                self.executed_branches,
                self.missing_branches,
                self.functions,
            )
        )


class PlainFile(msgspec.Struct, frozen=True, gc=False):
    """What the columns say of a file."""

    executed: int
    missing: int
    listed: int
    """How many lines are listed, executed or missing."""
    arms: Arms | None
    """None where there are no branches, or others than the summary counts."""
    functions: list[Function]
    entries: int
    """How many functions are named, with those that have no line."""


class _Region(msgspec.Struct, gc=False):
    executed_lines: msgspec.Raw
    missing_lines: msgspec.Raw
    start_line: int | None = None


_functions = msgspec.json.Decoder(dict[str, _Region])


def batches(files: Iterable[FileColumns]) -> Iterator[list[FileColumns]]:
    """Yield the files in runs that are read together. Raises `NotPlainError` for a huge one."""
    batch: list[FileColumns] = []
    room = _BATCH
    for file in files:
        size = file.size
        if size > _MAX_FILE:
            raise NotPlainError
        if size > room and batch:
            yield batch
            batch, room = [], _BATCH
        batch.append(file)
        room -= size
    if batch:
        yield batch


def read_batch(files: Sequence[FileColumns]) -> Iterator[PlainFile]:
    """Yield what the files' lists say. Raises `NotPlainError`, and msgspec's errors."""
    executed, executed_counts = _read_lines([file.executed_lines for file in files])
    missing, missing_counts = _read_lines([file.missing_lines for file in files])
    listed = (executed_counts + missing_counts).tolist()
    columns = executed, missing, listed, _read_arms(files), *_read_functions(files)
    return map(PlainFile, *columns)


def _read_lines(lists: Sequence[msgspec.Raw]) -> tuple[list[int], Numbers]:
    """Return the bitmap of each list, and how many lines it has: a module's line 0 is none."""
    lines, counts, _ = _read_lists(_join(lists), len(lists))
    if not lines.all():
        kept = lines != 0
        counts = np.bincount(np.repeat(np.arange(len(lists)), counts)[kept], minlength=len(lists))
        lines = lines[kept]
    if lines.min(initial=1) < 1:
        raise NotPlainError
    filled = np.flatnonzero(counts)
    found = [0] * len(lists)
    bitmaps = read_bitmaps(counts[filled].tolist(), lines, ALL)
    for index, (bitmap,) in zip(filled.tolist(), bitmaps, strict=True):
        found[index] = bitmap
    return found, counts


def _read_lists(lists: bytes, count: int) -> tuple[Numbers, Numbers, Octets]:
    """Return the numbers of all lists, how many each list has, and what follows each number.

    `[1,2][][3]` are three lists: a number begins right after the separator of the one before
    it, or after the bracket that follows that.
    """
    text = np.frombuffer(lists, np.uint8)
    ends = np.flatnonzero((text == _COMMA) | (text == _CLOSE) | (text == _NEXT))
    marks = text.take(ends)
    closing = marks == _CLOSE
    lasts = np.flatnonzero(closing)
    if len(lasts) != count:
        raise NotPlainError
    opens = np.ones(len(ends), np.bool_)
    opens[1:] = closing[:-1]
    starts = opens.astype(np.int64)
    starts[1:] += ends[:-1] + 1
    filled = starts < ends
    if (text.take(starts[opens] - 1) != _OPEN).any() or not (filled | (opens & closing)).all():
        raise NotPlainError
    counts = np.diff(lasts, prepend=-1) - ~filled[lasts]
    if not filled.all():
        starts, ends, marks = starts[filled], ends[filled], marks[filled]
    negative = text.take(starts) == _MINUS
    numbers = read_numbers(text, starts + negative, ends)
    if negative.any():
        numbers[negative] *= -1
    return numbers, counts, marks


def _join(lists: Iterable[msgspec.Raw]) -> bytes:
    """Return lists one after another, without the white space between numbers."""
    return b"".join(lists).translate(None, b" \t\r\n")


def _read_arms(files: Sequence[FileColumns]) -> list[Arms | None]:
    """Return each file's branches: a jump is an arm of its first line, sorted by its target."""
    found: list[Arms | None] = [None] * len(files)
    lists = [file.executed_branches for file in files] + [file.missing_branches for file in files]
    lines, targets, counts = _read_pairs(_join(lists), len(lists))
    jumps = counts.reshape(2, -1).sum(axis=0)
    filled = np.flatnonzero(jumps)
    if not len(filled):
        return found
    if lines.min() < 1 or max(lines.max(), abs(targets).max()) > MAX_LINE:
        raise NotPlainError
    owners = np.repeat(np.tile(np.arange(len(files)), 2), counts)
    places = (lines << _TARGET_BITS) + targets + MAX_LINE
    order = np.argsort((owners << _PLACE_BITS) + places, kind="stable")
    taken = order < counts[: len(files)].sum()
    groups = group_arms(jumps[filled].tolist(), lines[order], places[order], taken)
    for index, arms in zip(filled.tolist(), groups, strict=True):
        expected = files[index].summary.num_branches
        if not arms.single and expected in {None, int(jumps[index])}:
            found[index] = arms
    return found


def _read_pairs(lists: bytes, count: int) -> tuple[Numbers, Numbers, Numbers]:
    """Return the first and the second number of each pair, and how many pairs each list has.

    Without the inner brackets, the pairs' ends marked: `[[1,2],[1,3]]` as `[1,2;1,3]`.
    """
    if b"[[]" in lists:
        raise NotPlainError
    flat = lists.replace(b"],[", bytes([_NEXT])).replace(b"[[", b"[").replace(b"]]", b"]")
    numbers, counts, marks = _read_lists(flat, count)
    if lists.count(b"[") != count + len(numbers) / 2:
        raise NotPlainError
    if (marks[::2] != _COMMA).any() or (marks[1::2] == _COMMA).any():
        raise NotPlainError
    return numbers[::2], numbers[1::2], counts // 2


def _read_functions(files: Sequence[FileColumns]) -> tuple[list[list[Function]], list[int]]:
    """Return each file's functions of which any line is listed, and how many it names."""
    named = [_functions.decode(file.functions) for file in files]
    regions = list(chain.from_iterable(one.values() for one in named))
    lists = [region.executed_lines for region in regions]
    lists += [region.missing_lines for region in regions]
    numbers, counts, _ = _read_lists(_join(lists), len(lists))
    counts = counts.reshape(2, -1)
    first, last = (_at(numbers, counts, at_end) for at_end in (False, True))
    starts = [region.start_line for region in regions]
    firsts = np.where(counts.all(axis=0), first.min(axis=0), first.max(axis=0)).tolist()
    lasts = last.max(axis=0).tolist()
    if starts.count(None) < len(starts):
        firsts = [
            one if start is None else start for start, one in zip(starts, firsts, strict=True)
        ]
    names = list(chain.from_iterable(named))
    hits = (counts[0] > 0).astype(np.int64).tolist()
    functions = list(map(Function, firsts, names, hits, lasts))
    kept = [name and last for name, last in zip(names, lasts, strict=True)]
    sizes = [len(one) for one in named]
    bounds = pairwise(accumulate(sizes, initial=0))
    return [list(compress(functions[at:end], kept[at:end])) for at, end in bounds], sizes


def _at(numbers: Numbers, counts: Numbers, at_end: bool) -> Numbers:
    """Return the first or last number of each list; 0 where a list has none."""
    flat = counts.ravel()
    ends = np.cumsum(flat)
    filled = flat > 0
    found = np.zeros_like(flat)
    found[filled] = numbers[(ends - 1 if at_end else ends - flat)[filled]]
    return found.reshape(counts.shape)
