"""Exact ratios, and the only place where a number becomes text.

Decisions are made on `Fraction`; a text is rounded so that it never flatters: a percentage
downward, a loss upward. coverage.py has the same rule for 0 and 100
(https://coverage.readthedocs.io/en/latest/config.html#report-precision).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

__all__ = [
    "Ratio",
    "format_count",
    "format_limit",
    "format_loss",
    "format_number",
    "format_percent",
    "format_points",
    "format_seconds",
    "format_share",
    "round_loss",
    "round_percent",
]


@dataclass(frozen=True, slots=True)
class Ratio:
    """`covered` of `total` lines (or branches, or functions); it adds like a vector."""

    covered: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.covered <= self.total:
            raise ValueError(f"{self.covered} of {self.total} is no ratio")

    def __add__(self, other: Self) -> Ratio:
        return Ratio(self.covered + other.covered, self.total + other.total)

    @property
    def missed(self) -> int:
        """How many are not covered."""
        return self.total - self.covered

    @property
    def fraction(self) -> Fraction | None:
        """The exact share between 0 and 1; None where there is nothing to measure."""
        return Fraction(self.covered, self.total) if self.total else None

    @property
    def percent(self) -> Fraction | None:
        """The exact percentage between 0 and 100; None where there is nothing to measure."""
        return Fraction(100 * self.covered, self.total) if self.total else None


def format_percent(percent: Fraction | int | None) -> str:
    """Return a percentage with two decimals, rounded down: 59.999 is "59.99 %".

    Whole thresholds are shown without decimals when given as `int`: 60 is "60 %".
    """
    if percent is None:
        return "–"
    if isinstance(percent, int):
        return f"{percent} %"
    return f"{_two_decimals(percent * 100 // 1)} %"


def format_share(percent: Fraction) -> str:
    """Return a share that had better be small, rounded up: a failing 1.001 is "1.01 %"."""
    return f"{_two_decimals(-(-percent * 100 // 1))} %"


def format_points(points: Fraction) -> str:
    """Return a change in percentage points with its sign: a gain down, a loss up.

    -2.001 is "−2.01 points", so that a failing loss is never shown as the allowed one.
    """
    hundredths = points * 100 // 1  # floor: toward minus infinity, so a loss grows
    sign = "+" if points > 0 else "−" if hundredths < 0 else "±"
    return f"{sign}{_two_decimals(abs(hundredths))} points"


def format_loss(points: Fraction) -> str:
    """Return a loss in points, without a sign, rounded up: 2.001 is "2.01 points"."""
    return f"{_two_decimals(-(-points * 100 // 1))} points"


def format_seconds(seconds: Fraction) -> str:
    """Return a duration, rounded up: 0.041 is "0.05 s", 61 is "1 min 1 s", 3,601 is "1 h 1 min"."""
    hundredths = -(-seconds * 100 // 1)
    if hundredths < 6_000:
        return f"{_two_decimals(hundredths)} s"
    whole = -(-seconds // 1)
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = -(-seconds // 60)
    return f"{minutes // 60:,} h {minutes % 60} min"


def round_percent(percent: Fraction) -> float:
    """Return a percentage for programs, with two decimals, rounded down."""
    return float(percent * 100 // 1) / 100


def round_loss(points: Fraction) -> float:
    """Return a loss in points for programs, with two decimals, rounded up; a gain is negative."""
    return -float(-points * 100 // 1) / 100 + 0.0


def format_limit(limit: Fraction) -> str:
    """Return a threshold as it was written: 60, 2, 0.5, 33.333.

    One that no decimal writes exactly is cut after ten digits.
    """
    digits = 0
    while (limit * 10**digits).denominator != 1 and digits < 10:
        digits += 1
    scaled = str(int(limit * 10**digits)).zfill(digits + 1)
    return f"{scaled[:-digits]}.{scaled[-digits:]}" if digits else scaled


def format_number(number: Fraction | int, *, signed: bool = False) -> str:
    """Return a number, where it is not whole with two decimals, rounded down: 1.859 is "1.85".

    With its sign, where it is a change: "+3", "−0.13", "±0".
    """
    hundredths = number * 100 // 1
    size = abs(number)
    text = f"{size:,}" if isinstance(number, int) else _two_decimals(abs(hundredths))
    sign = "−" if hundredths < 0 else "+" if number > 0 and signed else ""
    return f"±{text}" if signed and not number else f"{sign}{text}"


def format_count(count: int, singular: str, plural: str | None = None) -> str:
    """Return "1 line", "2 lines", "1,234 lines"."""
    word = singular if count == 1 else plural or f"{singular}s"
    return f"{count:,} {word}"


def _two_decimals(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"
