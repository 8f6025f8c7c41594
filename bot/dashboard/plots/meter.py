"""A bar as long as a percentage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.dashboard.plots._svg import element, number
from bot.dashboard.plots.scale import coverage_class

if TYPE_CHECKING:
    from fractions import Fraction

    from markupsafe import Markup

__all__ = ["draw_meter"]


def draw_meter(percent: Fraction | None, target: Fraction | None = None) -> Markup:
    """Return a bar, with a mark at the target; the number itself stands beside it."""
    parts = []
    if percent:
        parts.append(
            element(
                "rect",
                class_=coverage_class(percent),
                width=f"{number(percent)}%",
                height="100%",
            )
        )
    if target is not None:
        x = f"{number(target)}%"
        parts.append(element("line", class_="mark", x1=x, x2=x, y1="0", y2="100%"))
    return element("svg", *parts, class_="meter", aria_hidden="true")
