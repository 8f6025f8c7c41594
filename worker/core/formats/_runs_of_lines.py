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
from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from worker.core.errors import ReportError
from worker.core.formats._cobertura_runs import Lines, read_runs
from worker.core.formats._columns import NotPlainError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.core.formats._base import Parsed

__all__ = ["PLACEHOLDER", "CloverRuns", "CoberturaRuns", "Statements", "read_shortly"]

Run = TypeVar("Run")

PLACEHOLDER = "covgate-run"
"""The element that stands for a run in the rest."""

_ELEMENT = b"<%b/>" % PLACEHOLDER.encode()
_NEAR = 2**16
_MAX_RUN = 2**23
"""Bytes of one file's lines, some hundred thousand: each takes ten times as much while read."""
_BATCH = 2**17
"""Bytes of runs read together: what stays in a processor's cache."""

_START = b"<lines>"
_END = b"</lines>"
_NESTED = b"</line>"
"""A run with `<conditions>` in its lines is not plain, and mostly among the first."""
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


@dataclass(frozen=True, slots=True)
class Statements:
    """Clover's numbers and counts, and (number, truecount, falsecount) of conditions."""

    numbers: list[int]
    counts: list[int]
    conditions: list[tuple[int, str, str]]


class _Cut(ABC, Generic[Run]):
    """A document's rest, and the runs that were cut out of it, in order."""

    __slots__ = ("_data", "_left", "_runs", "rest")

    def __init__(self, data: bytes, places: list[tuple[int, int]]) -> None:
        if any(end - start > _MAX_RUN for start, end in places):
            raise NotPlainError
        self._data = data
        self._left = len(places)
        self._runs = self._read(places)
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

    @abstractmethod
    def _read(self, places: list[tuple[int, int]]) -> Iterator[Run]:
        """Yield what the runs at these places say."""

    def next(self) -> Run:
        """Return the next run, when its element has been met in the rest."""
        self._left -= 1
        return next(self._runs)

    def finish(self) -> None:
        """Check that each run was met: one inside a comment is none."""
        if self._left:
            raise NotPlainError


class CoberturaRuns(_Cut[Lines]):
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
            if end < 0:
                raise NotPlainError
            places.append((start, end))
            first = data.find(_START, end)
        super().__init__(data, places)

    def _read(self, places: list[tuple[int, int]]) -> Iterator[Lines]:
        """Yield the lines of all runs, of which the next ones are read together."""
        batch: list[bytes] = []
        size = 0
        for start, end in places:
            batch.append(self._data[start:end])
            size += end - start
            if size > _BATCH:
                yield from read_runs(batch)
                batch, size = [], 0
        yield from read_runs(batch)


class CloverRuns(_Cut[Statements]):
    """Statements and istanbul's conditions in a row. Raises `NotPlainError`."""

    __slots__ = ()

    def __init__(self, data: bytes) -> None:
        super().__init__(data, [found.span() for found in _STATEMENTS.finditer(data)])

    def _read(self, places: list[tuple[int, int]]) -> Iterator[Statements]:
        for start, end in places:
            found = _FIELDS.findall(self._data[start:end].decode("ascii"))
            texts, counts, first, second = zip(*found, strict=True)
            numbers = _integers(texts)
            branching = compress(zip(numbers, first, second, strict=True), first)
            yield Statements(numbers, _integers(counts), list(branching))


Runs = TypeVar("Runs", CoberturaRuns, CloverRuns)


def read_shortly(
    data: bytes, cut: type[Runs], read: Callable[[bytes, Runs | None], Parsed]
) -> Parsed | None:
    """Return a report by the short way; None where that is not possible.

    `read` gets the rest, and the runs to ask for the next one where its element stands.
    """
    try:
        runs = cut(data)
        parsed = read(runs.rest, runs)
        runs.finish()
    except (NotPlainError, ReportError):  # read anew, the error's line is the document's
        return None
    return parsed


def _integers(texts: tuple[str, ...]) -> list[int]:
    try:
        return _decode(f"[{','.join(texts)}]")
    except msgspec.MsgspecError:  # "007"
        raise NotPlainError from None
