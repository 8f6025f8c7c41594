"""Types of tests on top of one another: the many quick ones should be at the bottom."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from bot.dashboard.plots._svg import element, share
from worker.core.numbers import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

__all__ = ["Level", "draw_pyramid"]

_ROW, _BAR = 44, 20
_LEAST = Fraction(1, 200)
"""Of the width: one test of a thousand is seen, too."""


@dataclass(frozen=True, slots=True)
class Level:
    """A type of tests, and how many there are."""

    name: str
    tests: int


def draw_pyramid(levels: Sequence[Level], title: str, description: str) -> Markup:
    """Return the plot, the levels from top to bottom, each as wide as it has tests."""
    most = max((level.tests for level in levels), default=0) or 1
    total = sum(level.tests for level in levels) or 1
    parts = [
        element("title", title, id="pyramid-title"),
        element("desc", description, id="pyramid-description"),
    ]
    for at, level in enumerate(levels):
        wide = max(Fraction(level.tests, most), _LEAST) if level.tests else Fraction(0)
        top = at * _ROW
        part = f"{100 * level.tests // total} %"
        words = f"{format_count(level.tests, 'test')}, {part}"
        parts += [
            element("text", level.name, x=0, y=top + 14, class_="name"),
            element("text", words, x="100%", y=top + 14, class_="count", text_anchor="end"),
            element(
                "rect",
                x=share((1 - wide) / 2),
                y=top + _ROW - _BAR - 4,
                width=share(wide),
                height=_BAR,
                class_=f"step step-{at % 5}",
                rx=3,
            ),
        ]
    return element(
        "svg",
        *parts,
        class_="pyramid",
        width="100%",
        height=max(len(levels), 1) * _ROW,
        role="img",
        aria_labelledby="pyramid-title pyramid-description",
    )
