"""What a program does, and what it must not hide: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.config.gap_rules import Priority

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["ErrorPathsRule", "FallbacksRule", "Feature"]


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that the program does, with the files that do it and the tests that prove it."""

    name: str
    source: tuple[str, ...]
    """Globs on paths."""
    tests: tuple[str, ...] = ()
    """Globs on paths of test files, or on "path::name" of tests; none: whatever reaches it."""
    severity: Priority = Priority.HIGH
    """How bad it is if nothing tests it."""


@dataclass(frozen=True, slots=True)
class ErrorPathsRule:
    """Per cent of the lines of error paths that must be covered."""

    minimum: Fraction | None = None
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class FallbacksRule:
    """What takes a real part's place in the program itself."""

    blocking: bool = False
    """Whether a change that adds one fails the check."""
