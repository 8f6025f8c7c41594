"""A line as small as a word: how coverage went."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from bot.dashboard.plots._svg import element, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

__all__ = ["draw_spark"]

_LEAST_SPAN = 2
"""Percentage points from top to bottom at least: noise must not look like a fall."""


def draw_spark(percents: Sequence[Fraction], words: str) -> Markup:
    """Return the line; `words` say what it shows. Empty for fewer than two points."""
    label = element("title", words)
    if len(percents) < 2:
        line = element("path", class_="line", d="M0 12h100") if percents else ""
        return _frame(label, line)
    low, high = min(percents), max(percents)
    span = max(high - low, Fraction(_LEAST_SPAN))
    middle = (low + high) / 2
    step = Fraction(100, len(percents) - 1)
    spots = [
        f"{number(step * at)} {number(12 - (percent - middle) / span * 20)}"
        for at, percent in enumerate(percents)
    ]
    last = element("path", class_="dot", d=f"M{spots[-1]}h0")
    return _frame(label, element("path", class_="line", d="M" + "L".join(spots)), last)


def _frame(*parts: str) -> Markup:
    return element(
        "svg",
        *parts,
        class_="spark",
        viewBox="0 0 100 24",
        preserveAspectRatio="none",
        role="img",
    )
