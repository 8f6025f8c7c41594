"""What the analyses found: all of them alike, in the order in which they were kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.dashboard.pages.cells import TableView, view_table
from bot.dashboard.pages.words import cut, tame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.dashboard.facts import InsightFacts
    from bot.dashboard.pages.links import Links

__all__ = ["InsightPage", "InsightView", "find_insight", "view_insight", "view_insights"]

_ALL_SHOWN = 100
"""Rows of all tables together on a page that shows all analyses."""
_LEAST_ROWS, _MOST_ROWS = 3, 8
"""Of a table among the others."""
_ALL_ROWS = 200
_LONGEST = 400
_MOST_ADVICE = 5


@dataclass(frozen=True, slots=True)
class InsightView:
    """One analysis."""

    anchor: str
    title: str
    summary: str
    tables: tuple[TableView, ...]
    advice: tuple[str, ...]
    url: str
    """Where all rows are; empty where nothing is left out."""


@dataclass(frozen=True, slots=True)
class InsightPage:
    """One analysis on a page of its own."""

    insight: InsightView
    branch: str


def view_insights(
    insights: Sequence[InsightFacts], links: Links, commit: str, *, whole: bool = True
) -> tuple[InsightView, ...]:
    """Return the analyses with the first rows of their tables.

    `whole` says whether there is a page with the others.
    """
    tables = sum(1 for one in insights for table in one.tables if table.rows)
    most = min(max(_ALL_SHOWN // max(tables, 1), _LEAST_ROWS), _MOST_ROWS)
    return tuple(_view(one, links, commit, most, whole=whole) for one in insights)


def view_insight(found: InsightFacts, links: Links, commit: str, branch: str) -> InsightPage:
    """Return one analysis with all rows that were kept."""
    return InsightPage(_view(found, links, commit, _ALL_ROWS, whole=False), branch)


def find_insight(insights: Sequence[InsightFacts], name: str) -> InsightFacts | None:
    """Return the analysis of a name."""
    return next((one for one in insights if one.name == name), None)


def _view(found: InsightFacts, links: Links, commit: str, most: int, *, whole: bool) -> InsightView:
    tables = tuple(view_table(one, links, commit, most=most) for one in found.tables if one.rows)
    left_out = whole and any(len(one.rows) > most for one in found.tables)
    return InsightView(
        anchor=f"insight-{re.sub(r'[^A-Za-z0-9_-]', '-', found.name)}",
        title=tame(cut(found.title or found.name, _LONGEST)),
        summary=tame(cut(found.summary, _LONGEST)),
        tables=tables,
        advice=tuple(tame(cut(one, _LONGEST)) for one in found.advice[:_MOST_ADVICE]),
        url=links.insight(found.name) if left_out else "",
    )
