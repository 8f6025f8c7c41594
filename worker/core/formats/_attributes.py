"""Reads numbers, line spans and paths from the attributes of XML reports."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from worker.core.errors import ReportError, SumsOnlyError
from worker.core.formats._base import quote
from worker.core.model import MAX_LINE, bitmap

if TYPE_CHECKING:
    from collections.abc import Collection

    from worker.core.formats._xml import Attributes

__all__ = ["HIDDEN_LINES", "Spans", "columns", "count", "refuse_sums", "span"]

HIDDEN_LINES = frozenset({0xFEEFEE, 0xF00F00})
"""Line numbers by which .NET's debug symbols mark code that stands in no source file.

https://learn.microsoft.com/en-us/dotnet/api/system.reflection.metadata.sequencepoint.hiddenline
"""

_MAX_DIGITS = 18
_PENDING = 64
"""Spans kept as pairs, of 200 bytes each, before they become bits."""


def count(attributes: Attributes, name: str, default: str | None = None) -> int:
    """Return an attribute that is a whole number from 0 on.

    Raises `ReportError` for anything else ("-1", "1e99", "NaN", ""), and `KeyError` where
    it is missing and `default` is None.
    """
    text = attributes[name] if default is None else attributes.get(name, default)
    if not (text.isdigit() and text.isascii() and len(text) <= _MAX_DIGITS):
        raise ReportError(f"the attribute {name} is {quote(text)}, not a whole number from 0 on")
    return int(text)


def columns(elements: Collection[Attributes], *names: str) -> list[tuple[str, ...]]:
    """Return some attributes of many elements, each as a column of texts of digits.

    Raises as `count` does; here one look serves all that are alike.
    """
    found = list(zip(*map(itemgetter(*names), elements), strict=True))
    for name, texts in zip(names, found, strict=True):
        distinct = set(texts)
        joined = "".join(distinct)
        digits = joined.isdigit() and joined.isascii() and "" not in distinct
        if not digits or max(map(len, distinct)) > _MAX_DIGITS:
            for element in elements:
                count(element, name)
    return found


def span(first: int, last: int) -> tuple[int, int]:
    """Return the span of lines from `first` to `last`. Raises `ReportError` if it is none."""
    if not 1 <= first <= last <= MAX_LINE:
        raise ReportError(
            f"the lines {first} to {last} are no span between line 1 and line {MAX_LINE}"
        )
    return first, last


class Spans:
    """Gathers spans of lines into one bitmap.

    Time and room are those of the spans, not of their lines: a hostile report may repeat
    the longest span for each of its elements.
    """

    __slots__ = ("_lines", "_pending")

    def __init__(self) -> None:
        self._lines = 0
        self._pending: list[tuple[int, int]] = []

    def add(self, lines: tuple[int, int]) -> None:
        """Add a span, which `span` has returned."""
        self._pending.append(lines)
        if len(self._pending) > _PENDING:
            self._lines |= _join(self._pending)
            self._pending.clear()

    def bitmap(self) -> int:
        """Return the bitmap of all lines."""
        return self._lines | _join(self._pending)


def _join(spans: list[tuple[int, int]]) -> int:
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted(spans):
        if lasts and first <= lasts[-1]:
            lasts[-1] = max(lasts[-1], last)
        else:
            firsts.append(first)
            lasts.append(last)
    # The bits from a to b are 2^(b+1) - 2^a, and no two of these spans overlap.
    return (bitmap(lasts) << 1) - bitmap(firsts)


def refuse_sums(claimed: int, measured: bool, advice: str) -> None:
    """Raise `SumsOnlyError` where a report tells how many points it saw and no line of them.

    No change can be judged by sums alone: a verdict on it would be made up.
    """
    if claimed and not measured:
        raise SumsOnlyError(f"gives sums only, of {claimed} in all, and not one line; {advice}")
