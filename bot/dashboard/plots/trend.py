"""Coverage from commit to commit, and the line that it should not fall below."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from bot.dashboard.plots._svg import element, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

__all__ = ["Trend", "draw_trend", "lay_trend"]

WIDTH, HEIGHT = 600, 160
_RULES = 4
"""Parts between the horizontal lines, which is a divisor of 100."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Where everything of a trend lies; the origin is the upper left corner."""

    low: int
    """The percentage at the bottom."""
    high: int
    """The percentage at the top."""
    spots: tuple[tuple[Fraction, Fraction], ...]
    target: Fraction | None
    """The height of the target's line."""
    rules: tuple[tuple[Fraction, Fraction], ...]
    """Percentages, and where their horizontal lines lie, from the top."""


def lay_trend(percents: Sequence[Fraction], target: Fraction | None = None) -> Trend:
    """Return the places of the points, each within the plot; the target is always in sight.

    Raises ValueError without a point.
    """
    if not percents:
        raise ValueError("a trend needs a point")
    known = [*percents, *([] if target is None else [target])]
    low, high = _span(min(known), max(known))

    def height(percent: Fraction) -> Fraction:
        return (high - percent) * HEIGHT / Fraction(high - low)

    step = Fraction(WIDTH, max(len(percents) - 1, 1))
    spots = tuple((step * at, height(percent)) for at, percent in enumerate(percents))
    if len(spots) == 1:
        spots = ((Fraction(WIDTH), spots[0][1]),)
    marks = [high - Fraction(high - low, _RULES) * at for at in range(_RULES + 1)]
    rules = tuple((mark, height(mark)) for mark in marks)
    return Trend(low, high, spots, None if target is None else height(target), rules)


def _span(least: Fraction, most: Fraction) -> tuple[int, int]:
    """Return the percentages at the bottom and the top, with room to both sides.

    The lines between them are at whole percentages, and none is above 100 % or below 0 %.
    """
    low, high = max(floor(least) - 1, 0), min(ceil(most) + 1, 100)
    span = -(-(high - low) // _RULES) * _RULES
    low = max(high - span, 0)
    return low, low + span


def draw_trend(trend: Trend, words: Sequence[str], title: str, description: str) -> Markup:
    """Return the plot; `words` say of each point what it is. Texts beside it are the page's.

    It is stretched to whatever room there is: lines keep their width, and a dot is a line of
    no length with a round end.
    """
    parts: list[Markup] = [
        element("title", title, id="trend-title"),
        element("desc", description, id="trend-description"),
    ]
    parts += [
        element("path", class_="rule", d=f"M0 {number(y)}h{WIDTH}") for _mark, y in trend.rules
    ]
    path = "L".join(f"{number(x)} {number(y)}" for x, y in trend.spots)
    if len(trend.spots) > 1:
        parts.append(element("path", class_="area", d=f"M0 {HEIGHT}L{path}L{WIDTH} {HEIGHT}z"))
        parts.append(element("path", class_="line", d=f"M{path}"))
    if trend.target is not None:
        parts.append(element("path", class_="target", d=f"M0 {number(trend.target)}h{WIDTH}"))
    parts += _points(trend, words)
    return element(
        "svg",
        *parts,
        class_="trend",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_labelledby="trend-title trend-description",
    )


def _points(trend: Trend, words: Sequence[str]) -> list[Markup]:
    """Return a column for each point: who points at it sees the dot and what it is."""
    wide = Fraction(WIDTH, max(len(trend.spots) - 1, 1))
    found = []
    for at, ((x, y), word) in enumerate(zip(trend.spots, words, strict=True)):
        left = max(x - wide / 2, Fraction(0))
        column = element(
            "rect",
            x=number(left),
            y=0,
            width=number(min(x + wide / 2, Fraction(WIDTH)) - left),
            height=HEIGHT,
        )
        dot = element("path", class_="dot", d=f"M{number(x)} {number(y)}h0")
        last = " last" if at == len(trend.spots) - 1 else ""
        group = element("g", element("title", word), column, dot, class_=f"point{last}")
        found.append(group)
    return found
