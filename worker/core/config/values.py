"""What a repository may decide, as frozen values with their defaults."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

__all__ = [
    "DEFAULT_CONFIG",
    "Config",
    "NewCodeRule",
    "Partial",
    "RegressionRule",
    "ReportSource",
]


class Partial(StrEnum):
    """What a partial line counts as."""

    COVERED = "covered"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class ReportSource:
    """Where coverage reports are: globs on artifacts' names and on the paths inside them."""

    artifact: str
    files: tuple[str, ...] = ("**",)
    flag: str | None = None


@dataclass(frozen=True, slots=True)
class NewCodeRule:
    """The new code's coverage must be at least `minimum` per cent."""

    minimum: Fraction = Fraction(60)
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class RegressionRule:
    """The project's coverage may fall by at most `maximum` percentage points."""

    maximum: Fraction = Fraction(2)
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class Config:
    """All that a repository may decide, with the defaults of a repository that is silent."""

    reports: tuple[ReportSource, ...] = (ReportSource("coverage*"),)
    workflows: tuple[str, ...] = ("*",)
    new_code: NewCodeRule = NewCodeRule()
    regression: RegressionRule = RegressionRule()
    ignore: tuple[str, ...] = ()
    partial: Partial = Partial.COVERED
    present: bool = True
    """False where the repository has no such file."""


DEFAULT_CONFIG = Config(present=False)
