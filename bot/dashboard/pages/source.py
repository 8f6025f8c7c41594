"""A file with its lines coloured, or the numbers of its lines where there is no source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.dashboard.facts import Count
from bot.dashboard.pages.cells import RatioView, view_ratio
from bot.dashboard.pages.words import cut, tame
from worker.core.model import line_ranges
from worker.core.numbers import format_count

if TYPE_CHECKING:
    from bot.dashboard.reading import MeasuredFile

__all__ = ["SourcePage", "view_source"]

_MOST_LINES = 1_200
"""Lines that a page shows at once; a longer file has its gaps shown with what is around."""
_AROUND = 4
_LONGEST = 200
_MOST_LENGTH = 60_000
"""Letters of source that a page has room for."""
_MOST_SPANS = 300


@dataclass(frozen=True, slots=True)
class LineView:
    """A line; `kind` is `hit`, `miss`, `partial`, or empty where nothing was measured."""

    number: int
    kind: str
    text: str
    gap: bool = False
    """Whether lines are left out before it."""


@dataclass(frozen=True, slots=True)
class SpanList:
    """Lines of one kind, as numbers."""

    kind: str
    label: str
    lines: tuple[tuple[str, int], ...]
    more: str


@dataclass(frozen=True, slots=True)
class SourcePage:
    """All of the page. Without `lines`, the `spans` tell where what is."""

    path: str
    folder: str
    name: str
    commit: str
    tested: str
    """The commit whose lines these are, where it is another one."""
    ratio: RatioView | None
    partial: str
    lines: tuple[LineView, ...]
    left_out: bool
    """Whether only the gaps are shown, as the file is long."""
    spans: tuple[SpanList, ...]


def view_source(path: str, commit: str, found: MeasuredFile, text: str | None) -> SourcePage:
    """Return the page of a file; `text` is None where nobody may, or can, have it."""
    coverage = found.coverage
    measured = coverage.measured if coverage is not None else 0
    hit = coverage.hit if coverage is not None else 0
    partial = coverage.partial if coverage is not None else 0
    kinds = {"miss": measured & ~hit, "partial": partial, "hit": hit & ~partial}
    lines, left_out = ((), False) if text is None else _lines(text, kinds)
    shown = tame(cut(path, 400))
    folder, slash, name = shown.rpartition("/")
    count = Count(hit.bit_count(), measured.bit_count())
    return SourcePage(
        path=shown,
        folder=folder + slash,
        name=name,
        commit=commit,
        tested=found.commit if found.commit != commit else "",
        ratio=None if coverage is None else view_ratio(count),
        partial=format_count(partial.bit_count(), "partial line") if partial else "",
        lines=lines,
        left_out=left_out,
        spans=_spans(kinds),
    )


def _lines(text: str, kinds: dict[str, int]) -> tuple[tuple[LineView, ...], bool]:
    """Return the lines to show, and whether some are left out."""
    every = text.split("\n")
    if every and not every[-1]:
        every.pop()
    wanted: list[int] = list(range(1, len(every) + 1))
    if len(every) > _MOST_LINES or len(text) > _MOST_LENGTH:
        wanted = _around(kinds["miss"] | kinds["partial"], len(every))
    lines: list[LineView] = []
    before = length = 0
    for number in wanted:
        kind = next((name for name, bits in kinds.items() if bits >> number & 1), "")
        shown = tame(cut(every[number - 1].rstrip(" \t\r"), _LONGEST))
        length += len(shown)
        if len(lines) == _MOST_LINES or length > _MOST_LENGTH:
            break
        lines.append(LineView(number, kind, shown, gap=number != before + 1))
        before = number
    return tuple(lines), len(lines) < len(every)


def _around(lines: int, last: int) -> list[int]:
    """Return the numbers of those lines and of some before and after them."""
    near = lines
    for step in range(1, _AROUND + 1):
        near |= lines << step | lines >> step
    near &= (1 << last + 1) - 2
    if not near:
        return list(range(1, min(last, _MOST_LINES) + 1))
    return [number for first, end in line_ranges(near) for number in range(first, end + 1)]


def _spans(kinds: dict[str, int]) -> tuple[SpanList, ...]:
    labels = {"miss": "Not covered", "partial": "Partly covered", "hit": "Covered"}
    found = []
    for kind, label in labels.items():
        spans = line_ranges(kinds[kind])
        shown = tuple(
            (f"{first}" if first == last else f"{first}–{last}", first)
            for first, last in spans[:_MOST_SPANS]
        )
        left = len(spans) - len(shown)
        if shown:
            count = format_count(kinds[kind].bit_count(), "line")
            more = f"and {left:,} more" if left else ""
            found.append(SpanList(kind, f"{label}: {count}", shown, more))
    return tuple(found)
