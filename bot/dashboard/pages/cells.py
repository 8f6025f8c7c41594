"""Tables of analyses, as they are kept in JSON, for a page.

The writer is `worker.core.render.insights`: whatever it makes is shown, also what this
version has never heard of.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from bot.dashboard.facts import Count
from bot.dashboard.pages.words import cut, tame
from bot.dashboard.plots import coverage_class, draw_meter
from worker.core.insight import Risk
from worker.core.numbers import (
    format_count,
    format_percent,
    format_points,
    format_seconds,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from bot.dashboard.facts import TableFacts
    from bot.dashboard.pages.links import Links

__all__ = ["CellView", "RatioView", "TableView", "view_ratio", "view_table"]

_NONE = "–"
_LONGEST = 300
_MOST_PARTS = 8
_MOST_RANGES = 12
_RISKS = frozenset(Risk)


@dataclass(frozen=True, slots=True)
class RatioView:
    """A percentage, its counts, and its bar."""

    percent: str
    counts: str
    class_: str
    meter: Markup


@dataclass(frozen=True, slots=True)
class CellView:
    """What stands in a cell: `kind` says how to show it."""

    kind: str
    """`text`, `number`, `risk`, `ratio`, `place`, `list`."""
    text: str = ""
    url: str = ""
    note: str = ""
    ratio: RatioView | None = None
    parts: tuple[CellView, ...] = ()


@dataclass(frozen=True, slots=True)
class TableView:
    """A table; `numeric` says of each column whether it is of numbers."""

    title: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[CellView, ...], ...]
    more: str
    """How many rows are left out, in words; empty for none."""


def view_ratio(ratio: Count, target: Fraction | None = None) -> RatioView:
    """Return a ratio with its bar."""
    lines = ratio.ratio
    counts = f"{lines.covered:,} of {lines.total:,}" if lines.total else "nothing measured"
    percent = lines.percent
    bar = draw_meter(percent, target)
    return RatioView(format_percent(percent), counts, coverage_class(percent), bar)


def view_table(table: TableFacts, links: Links, commit: str, *, most: int) -> TableView:
    """Return a table's first rows. Rows that are too short or too long are evened out."""
    width = len(table.columns)
    rows = []
    for row in table.rows[:most]:
        cells = _row(row[:width], links, commit)
        rows.append((*cells, *[CellView("text", _NONE)] * (width - len(cells))))
    left = len(table.rows) - len(rows) + max(0, table.more_rows)
    numeric = tuple(
        any(row[at].kind == "number" for row in rows)
        and all(row[at].kind in {"number", "ratio"} or row[at].text == _NONE for row in rows)
        for at in range(width)
    )
    columns = tuple(tame(cut(column, _LONGEST)) for column in table.columns)
    more = format_count(left, "more row") if left else ""
    return TableView(tame(table.title), columns, numeric, tuple(rows), more)


def _row(row: Sequence[Any], links: Links, commit: str) -> list[CellView]:
    """Return a row's cells. A file that was named already is not named again."""
    cells: list[CellView] = []
    named: set[str] = set()
    for value in row:
        cells.append(_cell(value, links, commit, named))
        if isinstance(value, dict) and isinstance(value.get("path"), str):
            named.add(value["path"])
    return cells


def _cell(value: Any, links: Links, commit: str, named: set[str]) -> CellView:  # noqa: ANN401 - JSON
    if value is None or value in ([], {}):
        return CellView("text", _NONE)
    if isinstance(value, list):
        parts = tuple(_cell(part, links, commit, named) for part in value[:_MOST_PARTS])
        left = len(value) - len(parts)
        return CellView("list", f"and {left:,} more" if left else "", parts=parts)
    if isinstance(value, dict):
        return _known(value, links, commit, named) or CellView("text", _plain(value))
    if isinstance(value, bool):
        return CellView("text", "yes" if value else "no")
    if isinstance(value, int):
        return CellView("number", f"{value:,}")
    if isinstance(value, str) and value in _RISKS:
        return CellView("risk", value)
    return CellView("text", _plain(value))


def _known(value: dict[str, Any], links: Links, commit: str, named: set[str]) -> CellView | None:
    """Return a cell of a kind that has its own look; None for any other."""
    try:
        if "path" in value:
            return _place(str(value["path"]), value.get("lines") or [], links, commit, named)
        if "covered" in value:
            count = Count(int(value["covered"]), int(value["total"]))
            return CellView("ratio", ratio=view_ratio(count))
        if "seconds" in value:
            seconds = value["seconds"]
            shown = _NONE if seconds is None else format_seconds(Fraction(seconds))
            return CellView("number", shown)
        if "points" in value:
            return CellView("number", format_points(Fraction(value["points"])))
    except (TypeError, ValueError, KeyError, ZeroDivisionError):
        pass  # of a newer Covgate: shown as it is
    return None


def _place(
    path: str, lines: list[list[int]], links: Links, commit: str, named: set[str]
) -> CellView:
    spans = [(int(first), int(last)) for first, last in lines]
    shown = [f"{a}" if a == b else f"{a}–{b}" for a, b in spans[:_MOST_RANGES]]
    if len(spans) > _MOST_RANGES:
        shown.append(f"and {len(spans) - _MOST_RANGES:,} more")
    note = " · ".join(shown)
    url = links.file(commit, path, spans[0][0] if spans else 0) if commit else ""
    if path in named:
        return CellView("place", "", url, note) if note else CellView("text", _NONE)
    return CellView("place", tame(cut(path, _LONGEST)), url, note)


def _plain(value: object) -> str:
    return tame(cut(str(value), _LONGEST))
