"""Badges: a word and a percentage, as SVG and as shields.io's endpoint wants it.

https://shields.io/badges/endpoint-badge
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot.dashboard.pages.words import cut, tame
from bot.dashboard.plots.scale import coverage_level
from worker.core.numbers import Ratio, format_percent

if TYPE_CHECKING:
    from bot.dashboard.facts import SnapshotFacts

__all__ = ["Badge", "coverage_badge", "draw_badge", "find_flag", "find_package", "write_badge"]

_COLOURS = ("#c4302b", "#b35309", "#876800", "#4d7c0f", "#2f7d32")
"""From bad to good; white on each of them has a contrast of 4.5 at least."""
_UNKNOWN = "#5f6670"
_LONGEST = 40
_WIDE, _NARROW = frozenset("mwMWQOGDH@%&—"), frozenset("ijltfrI.,:;|!'()[] ")


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says, and its colour as "#rrggbb"."""

    label: str
    message: str
    colour: str


def coverage_badge(lines: Ratio | None, what: str = "") -> Badge:
    """Return the badge of a ratio; of none, or of nothing measured, it says "unknown"."""
    label = f"coverage: {tame(cut(what, _LONGEST))}" if what else "coverage"
    percent = None if lines is None else lines.percent
    level = coverage_level(percent)
    if level is None:
        return Badge(label, "unknown", _UNKNOWN)
    return Badge(label, format_percent(percent).replace(" ", "\u202f"), _COLOURS[level])


def find_package(snapshot: SnapshotFacts, name: str) -> Ratio | None:
    """Return the lines of a package, or of all files below a folder of that name."""
    for package in snapshot.packages:
        if package.name == name:
            return package.ratio
    folder = name.rstrip("/") + "/"
    inside = [lines for path, lines in snapshot.counted if path.startswith(folder)]
    return sum(inside, Ratio()) if inside else None


def find_flag(snapshot: SnapshotFacts, flag: str) -> Ratio | None:
    """Return the lines that a type of tests covers, as the analysis of the types has it."""
    types = next((one for one in snapshot.insights if one.name == "test_types"), None)
    for table in types.tables[:1] if types is not None else ():
        for row in table.rows:
            if len(row) > 1 and row[0] == flag and isinstance(row[1], dict):
                return _ratio(row[1])
    return None


def _ratio(cell: dict[str, object]) -> Ratio | None:
    covered, total = cell.get("covered"), cell.get("total")
    if isinstance(covered, int) and isinstance(total, int) and 0 <= covered <= total:
        return Ratio(covered, total)
    return None


def draw_badge(badge: Badge) -> str:
    """Return the badge as SVG of its own, without fonts, script or style to load."""
    left, right = _width(badge.label) + 12, _width(badge.message) + 12
    whole = left + right
    words = f"{badge.label}: {badge.message}"
    text = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="20" role="img" '
        'aria-label="{words}"><title>{words}</title>'
        '<clipPath id="r"><rect width="{w}" height="20" rx="4"/></clipPath>'
        '<g clip-path="url(#r)"><rect width="{l}" height="20" fill="#3b4048"/>'
        '<rect x="{l}" width="{r}" height="20" fill="{colour}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-size="11" '
        'font-family="Verdana,DejaVu Sans,Geneva,sans-serif">'
        '<text x="{lx}" y="14" textLength="{ll}">{label}</text>'
        '<text x="{rx}" y="14" textLength="{rl}">{message}</text></g></svg>\n'
    )
    return text.format(
        w=whole,
        l=left,
        r=right,
        colour=badge.colour,
        words=words,
        label=badge.label,
        message=badge.message,
        lx=left // 2,
        rx=left + right // 2,
        ll=left - 12,
        rl=right - 12,
    )


def _width(text: str) -> int:
    """Return about how many pixels a text takes in Verdana of 11 pixels."""
    tenths = sum(100 if one in _WIDE else 42 if one in _NARROW else 68 for one in text)
    return max(tenths // 10, 10)


def write_badge(badge: Badge) -> str:
    """Return the badge as shields.io's endpoint wants it."""
    document = {
        "schemaVersion": 1,
        "label": badge.label,
        "message": badge.message.replace("\u202f", " "),
        "color": badge.colour,
    }
    if badge.message == "unknown":
        document["isError"] = True
    return json.dumps(document)
