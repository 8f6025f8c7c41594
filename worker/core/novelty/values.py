"""What is told of changed source files that no report mentions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["UnmeasuredFile", "Why"]


class Why(StrEnum):
    """Why no report mentions a file, as far as can be seen; the value is for programs."""

    DROPPED = "dropped"
    """The baseline's report has it."""
    FOLDER = "folder"
    """No file of its folder is in a report."""
    NEIGHBOURS = "neighbours"
    """Other files of its folder are."""


@dataclass(frozen=True, slots=True, order=True)
class UnmeasuredFile:
    """A changed source file that no report mentions.

    `lines` is the bitmap of the lines with code that the change adds, by their looks; 0 where
    the text is not known.
    """

    path: str
    lines: int
    why: Why
