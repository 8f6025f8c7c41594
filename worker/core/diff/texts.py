"""The line diff of two texts, for files whose patch GitHub leaves out.

What is the same at both ends is cut off, lines that only one side has are changed in any
case, and the longest common subsequence of the rest comes from bit vectors as wide as the
old side, one addition of long integers for each line of the new side (H. Hyyrö,
"Bit-parallel LCS-length computation revisited", 2004). So no shorter diff exists. Only
where that table were too large (`MAX_CELLS`), lines that both sides have once split it, as
in the "patience" diff (https://bramcohen.livejournal.com/73318.html).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from math import isqrt
from typing import TYPE_CHECKING

from worker.core.errors import DiffIncompleteError
from worker.core.model import MAX_LINE, bitmap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["MAX_CELLS", "align_lines", "diff_lines", "diff_texts", "split_lines"]

MAX_CELLS = 400_000_000
"""Old lines times new lines in one table: 20,000 each, 0.2 seconds and 50 MB."""
_MAX_SPLITS = 10


def diff_texts(old: str | bytes, new: str | bytes) -> tuple[int, int]:
    r"""Return the bitmaps of lines that `new` adds and of lines that `old` loses.

    As in git, only "\n" ends a line, "\r" belongs to it, and a last line without its end
    differs from the same line with one. Raises `DiffIncompleteError` where the two differ
    in too many lines that both have (see `MAX_CELLS`).
    """
    return diff_lines(split_lines(old), split_lines(new))


def diff_lines(old: list[bytes], new: list[bytes]) -> tuple[int, int]:
    """Return the same of two lists of lines (`split_lines`)."""
    kept_old, kept_new = set(), set()
    for i, j in _pairs(old, new, _MAX_SPLITS):
        kept_old.add(i)
        kept_new.add(j)
    return _others(new, kept_new), _others(old, kept_old)


def align_lines(old: list[bytes], new: list[bytes]) -> list[tuple[int, int]]:
    """Return the index pairs of a longest common subsequence, ascending.

    Raises `DiffIncompleteError` as `diff_texts` does.
    """
    return sorted(_pairs(old, new, _MAX_SPLITS))


def _pairs(old: list[bytes], new: list[bytes], splits: int) -> Iterator[tuple[int, int]]:
    """Find index pairs of lines that stay, in any order."""
    first = _common(old, new)
    last = _common(old[first:][::-1], new[first:][::-1])
    yield from ((index, index) for index in range(first))
    yield from ((len(old) - index, len(new) - index) for index in range(1, last + 1))
    middle_old = range(first, len(old) - last)
    middle_new = range(first, len(new) - last)
    known = set(old[first : middle_old.stop]) & set(new[first : middle_new.stop])
    if not known:
        return
    rest_old = [index for index in middle_old if old[index] in known]
    rest_new = [index for index in middle_new if new[index] in known]
    lines_old = [old[index] for index in rest_old]
    lines_new = [new[index] for index in rest_new]
    if len(lines_old) * len(lines_new) <= MAX_CELLS:
        found: Iterable[tuple[int, int]] = _matches(lines_old, lines_new)
    else:
        found = _split(lines_old, lines_new, splits)
    yield from ((rest_old[i], rest_new[j]) for i, j in found)


def _split(old: list[bytes], new: list[bytes], splits: int) -> Iterator[tuple[int, int]]:
    """Find pairs between lines that both sides have exactly once."""
    if splits == 0:
        raise DiffIncompleteError(
            f"the two versions share {len(old):,} and {len(new):,} lines in another order, too "
            "many to be compared; split the change, or list the file under `ignore` in "
            ".github/covgate.yml if it is generated"
        )
    from_old = from_new = 0
    for i, j in [*_anchors(old, new), (len(old), len(new))]:
        for k, m in _pairs(old[from_old:i], new[from_new:j], splits - 1):
            yield from_old + k, from_new + m
        if i < len(old):
            yield i, j
        from_old, from_new = i + 1, j + 1


def _anchors(old: list[bytes], new: list[bytes]) -> list[tuple[int, int]]:
    """Return the longest ascending run of index pairs of lines that both have once."""
    count_old, count_new = Counter(old), Counter(new)
    place = {line: index for index, line in enumerate(old) if count_old[line] == 1}
    ends: list[int] = []
    chains: list[tuple[int, int, int]] = []  # (old index, new index, chain before or -1)
    tails: list[int] = []
    for j, line in enumerate(new):
        if count_new[line] != 1 or line not in place:
            continue
        length = bisect_left(ends, place[line])
        ends[length : length + 1] = [place[line]]
        tails[length : length + 1] = [len(chains)]
        chains.append((place[line], j, tails[length - 1] if length else -1))
    anchors = []
    at = tails[-1] if tails else -1
    while at >= 0:
        i, j, at = chains[at]
        anchors.append((i, j))
    return anchors[::-1]


def split_lines(text: str | bytes) -> list[bytes]:
    """Return a text's lines without their ends; a last line that has none gets one instead."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    lines = data.split(b"\n")
    unended = lines.pop()
    if unended:
        # No other line ends so, so that this one can only equal another unended line.
        lines.append(unended + b"\n")
    return lines


def _common(ours: Sequence[bytes], theirs: Sequence[bytes]) -> int:
    """Return how many lines are the same from the start."""
    count = 0
    for mine, other in zip(ours, theirs, strict=False):
        if mine != other:
            break
        count += 1
    return count


def _others(lines: list[bytes], kept: set[int]) -> int:
    end = min(len(lines), MAX_LINE)
    return bitmap(index + 1 for index in range(end) if index not in kept)


def _matches(old: list[bytes], new: list[bytes]) -> list[tuple[int, int]]:
    """Return index pairs of a longest common subsequence, last pair first.

    Every √n-th row of the table is kept and the rows between two kept ones are made again
    on the way back, so that memory is 2·√n rows instead of n.
    """
    places = _places(old)
    full = (1 << len(old)) - 1
    step = isqrt(len(new)) + 1
    starts = [full]
    for begin in range(0, len(new), step):
        starts.append(_rows(new[begin : begin + step], places, starts[-1], full)[-1])
    pairs: list[tuple[int, int]] = []
    column = len(old)
    for block in reversed(range(len(starts) - 1)):
        if column == 0:
            break
        begin = block * step
        rows = _rows(new[begin : begin + step], places, starts[block], full)
        column = _walk_back(rows, column, begin, pairs)
    return pairs


def _places(old: list[bytes]) -> dict[bytes, int]:
    """Return for each line the bitmap of the indexes at which `old` has it."""
    indexes: dict[bytes, list[int]] = {}
    for index, line in enumerate(old, start=1):
        indexes.setdefault(line, []).append(index)
    return {line: _bits(found) for line, found in indexes.items()}


def _bits(indexes: list[int]) -> int:
    octets = bytearray(indexes[-1] // 8 + 1)
    for index in indexes:
        octets[(index - 1) >> 3] |= 1 << ((index - 1) & 7)
    return int.from_bytes(octets, "little")


def _rows(lines: list[bytes], places: dict[bytes, int], row: int, full: int) -> list[int]:
    """Return the rows of the table before and after each of `lines`.

    A bit that is 0 says that the common subsequence grows at that index of the old side.
    """
    rows = [row]
    for line in lines:
        common = row & places[line]
        row = ((row + common) | (row - common)) & full
        rows.append(row)
    return rows


def _walk_back(rows: list[int], column: int, begin: int, pairs: list[tuple[int, int]]) -> int:
    """Follow the longest common subsequence up through `rows`; return where it leaves them."""
    for index in reversed(range(len(rows) - 1)):
        above, row = rows[index], rows[index + 1]
        # Skip the old lines at which nothing grows: to the highest bit that is 0.
        column = (~row & ((1 << column) - 1)).bit_length()
        if column == 0:
            break
        if (above >> (column - 1)) & 1:
            column -= 1
            pairs.append((column, begin + index))
    return column
