"""The one scale by which coverage has a colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["LEVELS", "coverage_class", "coverage_level"]

LEVELS = (50, 65, 80, 90)
"""Percentages at which a better level begins: five of them, from 0 to 4."""


def coverage_level(percent: Fraction | None) -> int | None:
    """Return 0 for the worst to 4 for the best; None where nothing was measured."""
    return None if percent is None else sum(percent >= least for least in LEVELS)


def coverage_class(percent: Fraction | None) -> str:
    """Return the class that gives a shape its colour: "level-3", "level-none"."""
    level = coverage_level(percent)
    return "level-none" if level is None else f"level-{level}"
