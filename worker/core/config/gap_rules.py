"""By what gaps are ranked, as frozen values with their defaults."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

__all__ = ["GoalsRule", "Priority", "RiskLevel", "RiskRule"]


class Priority(StrEnum):
    """How much depends on a package; the files of a critical path are critical."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class RiskLevel:
    """A file belongs here that has less coverage, and at least so many uncovered lines."""

    below: Fraction
    """Per cent."""
    lines: int = 1


@dataclass(frozen=True, slots=True)
class RiskRule:
    """How bad a file's gap is.

    The levels are those of a team that ranked its files by hand: 0 % was critical, 14 and
    15 % high. It read whole percentages, rounded down, so that 0 % is "below 1".
    """

    critical: RiskLevel = RiskLevel(Fraction(1), 10)
    high: RiskLevel = RiskLevel(Fraction(16), 5)
    medium: RiskLevel = RiskLevel(Fraction(80))
    churn: int = 10
    """A file that changed in so many commits of the last 90 days is one level worse."""
    blocking: bool = False
    """Whether a change of a file at critical risk fails the check."""


@dataclass(frozen=True, slots=True)
class GoalsRule:
    """What packages aim at that have no goal of their own."""

    target: Fraction = Fraction(80)
    floor: Fraction | None = None
    """No package may have less."""
    blocking: bool = True
