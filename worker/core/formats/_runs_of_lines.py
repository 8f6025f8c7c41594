"""A short way through the long runs of `<line>` elements of Cobertura's and Clover's XML.

In a large report nearly all bytes are lines, alike but for their numbers. They are cut out
and read with one regular expression, and expat reads the rest, in which an element of our
own stands for each run: twice as fast as an event for each line, or faster. The rest keeps
what makes XML hard (encodings, comments, DOCTYPEs), and expat still refuses what is no XML.

A run is only taken this way if it is plain: nothing but complete `<line>` elements whose
attributes have the order of coverage.py, istanbul, tarpaulin or PHPUnit. Otherwise the
document goes the general way. tests/core/formats/test_runs_of_lines.py proves that both
give the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import compress

import msgspec

__all__ = [
    "PLACEHOLDER",
    "CloverRuns",
    "CoberturaRuns",
    "Lines",
    "NotPlainError",
    "Statements",
]

PLACEHOLDER = "covgate-run"
"""The element that stands for a run in the rest."""

_ELEMENT = b"<%b/>" % PLACEHOLDER.encode()
_NEAR = 2**16
_MAX_RUN = 2**23
"""Bytes of one file's lines, some hundred thousand: each takes ten times as much while read."""
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r"))
"""No XML, wherever they stand."""

_START = b"<lines>"
_END = b"</lines>"
_NESTED = b"</line>"
"""A run with `<conditions>` in its lines is not plain, and mostly among the first."""
_LINE = re.compile(
    r'<line number="([0-9]{1,9})" hits="([0-9]{1,18})"'
    r'(?: ?/>| branch="[A-Za-z]*"(?: condition-coverage="([^"<>&]{0,200})")?'
    r'(?: missing-branches="([^"<>&]{0,200})")? ?/>)'
)

_NUMBER = rb'"[0-9]{1,9}+"'
_STATEMENT = rb"<line num=%b (?:count=%b type=%b|type=%b count=%b)/>" % (
    _NUMBER,
    _NUMBER,
    rb'"(?:stmt"|cond" truecount=%b falsecount=%b)' % (_NUMBER, _NUMBER),
    rb'"stmt"',
    _NUMBER,
)
_STATEMENTS = re.compile(rb"%b(?:[ \t\r\n]*+%b)*+" % (_STATEMENT, _STATEMENT))
_FIELDS = re.compile(
    r'num="(\d+)" (?:type="stmt" )?count="(\d+)"'
    r'(?: type="cond" truecount="(\d+)" falsecount="(\d+)")?'
)

_decode = msgspec.json.Decoder(list[int]).decode


class NotPlainError(Exception):
    """The document has to be read the general way."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Cobertura's numbers and hits, and (number, condition-coverage, missing-branches)."""

    numbers: list[int]
    hits: list[int]
    conditions: list[tuple[int, str, str]]

    def extend(self, other: Lines) -> None:
        """Add the lines of another run."""
        self.numbers.extend(other.numbers)
        self.hits.extend(other.hits)
        self.conditions.extend(other.conditions)


@dataclass(frozen=True, slots=True)
class Statements:
    """Clover's numbers and counts, and (number, truecount, falsecount) of conditions."""

    numbers: list[int]
    counts: list[int]
    conditions: list[tuple[int, str, str]]


class _Cut:
    """A document's rest, and the runs that were cut out of it, in order."""

    __slots__ = ("_data", "_next", "_places", "rest")

    def __init__(self, data: bytes, places: list[tuple[int, int]]) -> None:
        self._data = data
        self._places = places
        self._next = 0
        rest: list[bytes] = []
        position = 0
        for start, end in places:
            rest += (data[position:start], _ELEMENT)
            position = end
        rest.append(data[position:])
        self.rest = b"".join(rest)
        # Behind "<!" or "<?" a run may be the text of a comment or of a CDATA section.
        first = self.rest.find(_ELEMENT)
        strange = any(self.rest.find(mark, first) >= 0 for mark in (b"<!", b"<?"))
        if first < 0 or strange or self.rest.count(PLACEHOLDER.encode()) > len(places):
            raise NotPlainError

    def _take(self) -> bytes:
        """Return the next run, when its element has been met in the rest."""
        start, end = self._places[self._next]
        self._next += 1
        return self._data[start:end]

    def finish(self) -> None:
        """Check that each run was met: one inside a comment is none."""
        if self._next < len(self._places):
            raise NotPlainError


class CoberturaRuns(_Cut):
    """What stands between `<lines>` and `</lines>`. Raises `NotPlainError`."""

    __slots__ = ()

    def __init__(self, data: bytes) -> None:
        places = []
        first = data.find(_START)
        if data.find(_NESTED, first, first + _NEAR) >= 0:
            raise NotPlainError
        while first >= 0:
            start = first + len(_START)
            end = data.find(_END, start)
            if end < 0 or end - start > _MAX_RUN:
                raise NotPlainError
            places.append((start, end))
            first = data.find(_START, end)
        super().__init__(data, places)

    def read(self) -> Lines:
        """Return the next run's lines."""
        run = self._take()
        if not run.isascii() or len(run.translate(None, _CONTROL)) < len(run):
            raise NotPlainError
        found = _LINE.findall(run.decode("ascii"))
        # With no other bracket there is no other element, and no "&" means no entity.
        if not (run.count(b"<") == run.count(b">") == len(found)) or b"&" in run:
            raise NotPlainError
        if not found:
            return Lines([], [], [])
        texts, hits, conditions, missing = zip(*found, strict=True)
        numbers = _integers(texts)
        branching = compress(zip(numbers, conditions, missing, strict=True), conditions)
        return Lines(numbers, _integers(hits), list(branching))


class CloverRuns(_Cut):
    """Statements and istanbul's conditions in a row. Raises `NotPlainError`."""

    __slots__ = ()

    def __init__(self, data: bytes) -> None:
        places = [found.span() for found in _STATEMENTS.finditer(data)]
        if any(end - start > _MAX_RUN for start, end in places):
            raise NotPlainError
        super().__init__(data, places)

    def read(self) -> Statements:
        """Return the next run's statements."""
        found = _FIELDS.findall(self._take().decode("ascii"))
        texts, counts, first, second = zip(*found, strict=True)
        numbers = _integers(texts)
        branching = compress(zip(numbers, first, second, strict=True), first)
        return Statements(numbers, _integers(counts), list(branching))


def _integers(texts: tuple[str, ...]) -> list[int]:
    try:
        return _decode(f"[{','.join(texts)}]")
    except msgspec.MsgspecError:  # "007"
        raise NotPlainError from None
