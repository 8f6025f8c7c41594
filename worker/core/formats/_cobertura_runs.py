"""Reads runs of Cobertura's `<line>` elements, many runs together, by the column (`_columns`).

numpy finds the brackets and quotes. Between them, each element has to be to the byte what
coverage.py, istanbul and tarpaulin write, and between elements there may be only space.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from worker.core.formats._columns import ALL, NotPlainError, begins, read_bitmaps, read_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.core.formats._columns import Flags, Numbers

__all__ = ["NO_LINES", "Condition", "Lines", "read_condition", "read_runs"]

_OPENING = b'<line number="'
_BETWEEN = b'" hits="'
_WORD = 8
_PADDING = b"\n" * 2 * _WORD
"""So that a word can be looked at wherever there is a quote."""
_QUOTES = 4
"""Of a line that is no branch."""
_SPACES = 2
_SPACE = ord(" ")
_TAB = ord("\t")
_CARRIAGE_RETURN = ord("\r")
_TAIL = re.compile(
    r' branch="[A-Za-z]*"(?: condition-coverage="([^"<>&\t\n\r]{0,200})")?'
    r'(?: missing-branches="([^"<>&\t\n\r]{0,200})")? ?/>'
)
"""What follows the hits of a line that may be a branch."""
_CONDITION = re.compile(r"\(\s*(\d{1,9})\s*/\s*(\d{1,9})\s*\)")


Condition = tuple[int, int, int, str]
"""Of a line its number, how many ways on were taken, how many there are, and missing-branches."""


class Lines(msgspec.Struct, frozen=True, gc=False):
    """The lines of a run as bitmaps, and what it says of those that are branches."""

    measured: int
    hit: int
    most: int
    """The greatest count of hits."""
    conditions: list[Condition]

    def add(self, other: Lines) -> Lines:
        """Return the lines of both."""
        if self is NO_LINES:
            return other
        return Lines(
            self.measured | other.measured,
            self.hit | other.hit,
            max(self.most, other.most),
            self.conditions + other.conditions,
        )


NO_LINES = Lines(0, 0, 0, [])


def read_runs(runs: list[bytes]) -> Iterator[Lines]:
    """Yield the lines of each run. Raises `NotPlainError`."""
    text = b"\n".join(runs) + _PADDING
    octets = np.frombuffer(text, np.uint8)
    elements = _Elements(text)
    numbers = read_numbers(octets, elements.opens + len(_OPENING), elements.numbers_end)
    hits = read_numbers(octets, elements.numbers_end + len(_BETWEEN), elements.hits_end)
    if not numbers.all():  # no line is line 0
        raise NotPlainError
    branching, tails = elements.tails()
    conditions = [
        (number, *tail) for number, tail in zip(numbers[branching].tolist(), tails, strict=True)
    ]
    ends = np.cumsum([0, *(len(run) + 1 for run in runs)])
    bounds = np.searchsorted(elements.opens, ends)
    counts = [count for count in np.diff(bounds).tolist() if count]
    most = iter(np.maximum.reduceat(hits, begins(counts)).tolist() if counts else ())
    bitmaps = read_bitmaps(counts, numbers, ALL, hits > 0)
    branches = np.searchsorted(branching, bounds).tolist()
    for (start, end), (first, last) in zip(pairwise(bounds), pairwise(branches), strict=True):
        if start == end:
            yield NO_LINES
        else:
            found = [condition for condition in conditions[first:last] if condition[2] >= 0]
            measured, hit = next(bitmaps)
            yield Lines(measured, hit, next(most), found)


class _Elements:
    """Where each element of a text begins, and its number and its hits end."""

    __slots__ = ("_closes", "_octets", "_text", "_words", "hits_end", "numbers_end", "opens")

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._octets = octets = np.frombuffer(text, np.uint8)
        self._words = np.ndarray(len(text) - _WORD + 1, "<u8", text, strides=1)
        self.opens = opens = np.flatnonzero(octets == ord("<"))
        self._closes = closes = np.flatnonzero(octets == ord(">"))
        if len(opens) != len(closes) or (opens >= closes).any() or (closes[:-1] > opens[1:]).any():
            raise NotPlainError
        quotes = np.flatnonzero(octets == ord('"'))
        first = np.searchsorted(quotes, opens)
        if len(first) and first[-1] + _QUOTES > len(quotes):
            raise NotPlainError
        self.numbers_end, self.hits_end = quotes.take(first + 1), quotes.take(first + 3)
        if not (self._have(opens, _OPENING) and self._have(self.numbers_end, _BETWEEN)):
            raise NotPlainError

    def _have(self, places: Numbers, expected: bytes) -> bool:
        """Return whether the same text stands at all places: its first and its last word."""
        for at in (0, len(expected) - _WORD):
            word = int.from_bytes(expected[at : at + _WORD], "little")
            if (self._words[places + at] != word).any():
                return False
        return True

    def tails(self) -> tuple[Numbers, list[tuple[int, int, str]]]:
        """Return which elements go on after their hits, and with what (`Condition`).

        All else has to be "/>" or " />", and white space between the elements.
        """
        rest = self.hits_end + 1
        width = self._closes - rest
        slash = self._octets.take(self._closes - 1) == ord("/")
        plain: Flags = slash & (width == 1)
        plain |= slash & (width == _SPACES) & (self._octets.take(rest) == _SPACE)
        branching = np.flatnonzero(~plain)
        places = zip(rest[branching].tolist(), self._closes[branching].tolist(), strict=True)
        found = [_tail(self._text[start : end + 1]) for start, end in places]
        spaces = _SPACES * len(rest) + int((width[plain] - 1).sum())
        self._check_space(spaces + sum([spaces for _, spaces in found]))
        return branching, [condition for condition, _ in found]

    def _check_space(self, spaces: int) -> None:
        """Check that all is white space that is not in an element, given how many are in one."""
        outside = len(self._text) - int((self._closes - self.opens + 1).sum())
        if np.count_nonzero(self._octets <= _SPACE) != outside + spaces:
            raise NotPlainError
        low = np.count_nonzero(self._octets < _TAB)
        high = np.count_nonzero(
            self._octets - np.uint8(_CARRIAGE_RETURN + 1) < _SPACE - _CARRIAGE_RETURN - 1
        )
        if low or high or b"\v" in self._text or b"\f" in self._text:
            raise NotPlainError  # no XML, wherever they stand


@lru_cache(maxsize=1024)
def read_condition(text: str) -> tuple[int, int]:
    """Return (1, 2) of "50% (1/2)"; (0, 0) where no counts are given ("50%", "NaN")."""
    found = _CONDITION.search(text)
    if found is None:
        return 0, 0
    taken, total = int(found[1]), int(found[2])
    return min(taken, total), total


@lru_cache(maxsize=2**14)
def _tail(text: bytes) -> tuple[tuple[int, int, str], int]:
    """Return what follows the number in a `Condition`, and how many spaces there are.

    There are few, and as many again as there are lines for coverage.py to name in them. The
    total is below 0 where there is no condition.
    """
    found = _TAIL.fullmatch(text.decode("ascii", "replace"))
    if found is None or not text.isascii():
        raise NotPlainError
    counts = read_condition(found[1]) if found[1] else (0, -1)
    return (*counts, found[2] or ""), text.count(b" ")
