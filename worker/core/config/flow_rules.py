"""Where a program meets the outside, and what has to work together, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Flow", "PointPattern"]


@dataclass(frozen=True, slots=True)
class PointPattern:
    """Calls that lead outside which Covgate does not know by itself."""

    kind: str
    """What people call such a point: "topic", "queue", "table", "call", or a word of their own."""
    pattern: str
    """A call such as "bus.emit(*)"; `*` is any text, and what it stands for names the point."""
    paths: tuple[str, ...] = ("**",)
    """Globs on the paths of the files that are looked at."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Something that one test has to go through as a whole."""

    name: str
    steps: tuple[str, ...]
    """Globs on paths, or "path::function"."""
    blocking: bool = False
