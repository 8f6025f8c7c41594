"""Groups the arms of branches by line, many files together.

Formats that tell arms apart one by one (LCOV, coverage.py's JSON) give them as columns of
numbers; here they become bitmaps, as `FileBuilder` takes them.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from worker.core.formats._columns import begins, read_bitmaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from worker.core.formats._columns import Flags, Numbers

__all__ = ["Arms", "group_arms"]

_MAX_ARMS = 62
_MAX_PLACE = 2**20


class Arms(msgspec.Struct, frozen=True, gc=False):
    """A file's branches: of lines with two arms as bitmaps, of others line by line."""

    pairs: tuple[int, ...]
    """Lines with two arms, and those of them whose first, and whose second one was taken."""
    others: list[tuple[int, int, int]]
    """Line, the bitmap of arms taken, and the number of all."""
    single: list[tuple[tuple[int, int, int], bool]]
    """Instead, where some are named twice: line, block and branch; whether taken."""


def group_arms(
    counts: Sequence[int],
    lines: Numbers,
    places: Numbers,
    taken: Flags,
    apart: Sequence[bool] | None = None,
) -> Iterator[Arms]:
    """Yield for each run of arms what is to be added of it, singly where it is to be `apart`.

    `counts` says how many arms each run has, at least one. `places` sort a run's arms, by line
    first; of those that are to be apart they are line, block and branch.
    """
    runs = np.repeat(np.arange(len(counts)), counts)
    within = runs[1:] == runs[:-1]
    if (within & (places[1:] < places[:-1])).any():
        order = np.lexsort((places, runs))
        lines, places, taken = lines[order], places[order], taken[order]
    firsts = np.flatnonzero(_changes(runs) | _changes(lines))  # the first arm of each line
    totals = np.diff(firsts, append=len(lines))
    arms = _arms(taken, firsts, totals)
    pair = totals == 2
    groups = np.searchsorted(firsts, [*begins(counts), len(lines)])
    columns = pair, pair & (arms & 1 != 0), pair & (arms & 2 != 0)
    pairs = read_bitmaps(np.diff(groups).tolist(), lines[firsts], *columns)
    rest = np.flatnonzero(~pair)
    others = list(zip(*(c[rest].tolist() for c in (lines[firsts], arms, totals)), strict=True))
    parts = pairwise(np.searchsorted(rest, groups).tolist())
    places_of = pairwise([0, *accumulate(counts)])
    strange = np.zeros(len(counts), np.bool_) if apart is None else np.array(apart, np.bool_)
    strange[runs[1:][within & (places[1:] == places[:-1])]] = True
    strange[runs[firsts[totals > _MAX_ARMS]]] = True
    for bitmaps, (start, end), (first, last), is_strange in zip(
        pairs, parts, places_of, strange.tolist(), strict=True
    ):
        if is_strange:
            yield Arms((0, 0, 0), [], list(_single(places[first:last], taken[first:last])))
        else:
            yield Arms(bitmaps, others[start:end], [])


def _arms(taken: Flags, firsts: Numbers, totals: Numbers) -> Numbers:
    """Return for each line the bitmap of its arms, in the order in which they stand."""
    index = np.arange(len(taken)) - np.repeat(firsts, totals)
    return np.bitwise_or.reduceat(taken.astype(np.int64) << np.minimum(index, _MAX_ARMS), firsts)


def _single(places: Numbers, taken: Flags) -> Iterable[tuple[tuple[int, int, int], bool]]:
    columns = places // _MAX_PLACE**2, places // _MAX_PLACE % _MAX_PLACE, places % _MAX_PLACE
    arms = zip(*(column.tolist() for column in columns), strict=True)
    return zip(arms, taken.tolist(), strict=True)


def _changes(values: Numbers) -> Flags:
    """Return where a value differs from the one before it."""
    changes = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return changes
