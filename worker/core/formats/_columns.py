"""Reads numbers by the column, for the short ways through long runs of records.

numpy turns the digits of thousands of records into numbers, and those into bitmaps, without
an object of Python for each. The short ways are made for what tools write; where something
is unlike that, they raise `NotPlainError`, and the general way takes over.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from worker.core.model import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Numbers: TypeAlias = npt.NDArray[np.int64]
    Flags: TypeAlias = npt.NDArray[np.bool_]
    Octets: TypeAlias = npt.NDArray[np.uint8]

__all__ = ["ALL", "NotPlainError", "begins", "read_bitmaps", "read_numbers"]

ALL = slice(None)
"""The column that is set everywhere."""

_ZERO = ord("0")
_NINE = 9
_MAX_DIGITS = 9
_MAX_MARKS = 2**24
"""Bytes of the marks of a batch of files: one for each of their source lines."""


class NotPlainError(Exception):
    """The document has to be read the general way."""


def read_numbers(text: Octets, starts: Numbers, ends: Numbers) -> Numbers:
    """Return the numbers whose digits stand from `starts` to before `ends`, all at once.

    The last digit of each first, then the one before it, and so on; in small integers, and
    by `take`, which is three times as fast as indexing.
    """
    widths = ends - starts
    if len(widths) and not 1 <= widths.min() <= widths.max() <= _MAX_DIGITS:
        raise NotPlainError
    widths = widths.astype(np.uint8)
    numbers = np.zeros(len(widths), np.int32)
    for place in range(int(widths.max(initial=0))):
        digits = text.take(ends - (place + 1)) - np.uint8(_ZERO)  # below "0" is above nine now
        digits *= widths > place  # shorter numbers have none at this place
        if digits.max() > _NINE:
            raise NotPlainError
        numbers += digits * np.int32(10**place)
    return numbers.astype(np.int64)


def read_bitmaps(
    counts: Sequence[int], lines: Numbers, *columns: Flags | slice
) -> Iterator[tuple[int, ...]]:
    """Yield for each run of lines the bitmaps of those where each column is set.

    `counts` says how many lines each run has, at least one. There is a mark for each source
    line, then eight of them become a byte.
    """
    if not counts:
        return
    if lines.max() > MAX_LINE:
        raise NotPlainError
    octets = np.maximum.reduceat(lines, begins(counts)) // 8 + 1
    if octets.sum() * 8 > _MAX_MARKS:
        raise NotPlainError
    bounds = [0, *accumulate(octets.tolist())]
    places = lines + np.repeat(np.array(bounds[:-1]) * 8, counts)
    packed = [_pack(places[column], bounds[-1]) for column in columns]
    for start, end in pairwise(bounds):
        yield tuple([int.from_bytes(marks[start:end], "little") for marks in packed])


def begins(counts: Sequence[int]) -> list[int]:
    """Return where each run begins."""
    return [0, *accumulate(counts)][:-1]


def _pack(places: Numbers, octets: int) -> bytes:
    marks = np.zeros(octets * 8, np.uint8)
    marks[places] = 1
    return np.packbits(marks, bitorder="little").tobytes()
