"""What an insight is: a finding about the tests or the code, with tables that prove it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from fractions import Fraction

    from worker.core.results import GateResult

__all__ = ["Cell", "Code", "Insight", "Number", "Place", "Points", "Risk", "Seconds", "Table"]


class Risk(StrEnum):
    """How bad a gap is, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return tuple(Risk).index(self)


@dataclass(frozen=True, slots=True)
class Code:
    """A name from the repository: a file, a function, a test. Shown as code, never as markup."""

    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and lines in it as a bitmap at the tested commit; 0 is the file as a whole."""

    path: str
    lines: int = 0
    named: bool = True
    """Whether the cell names the file; without, the lines alone are shown."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """A duration; None where it is not known."""

    value: Fraction | None


@dataclass(frozen=True, slots=True)
class Points:
    """A difference of two percentages, in points."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number, shown with two decimals where it is not whole; None for none."""

    value: Fraction | int | None
    signed: bool = False
    """Whether it is a change, and shown with its sign."""


Cell = (
    str | int | None | Code | Place | Seconds | Points | Number | Ratio | Risk | tuple["Cell", ...]
)
"""What stands in a table's cell: plain words of our own, a count, or a value that the renderer
knows how to show. A `Ratio` is shown as a percentage with its counts, a tuple as a list."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that prove an insight, the most important first.

    `columns` are the headings; `shown` is how many rows the comment and the check show
    (the document of `covgate report` shows all).
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    shown: int = 10
    ordered: bool = False
    """Whether the rows tell something together: they are shown in their order, or not at all.
    Of other tables the rows on files of the diff come first, and in the comment alone."""
    aside: bool = False
    """Whether another table proves what fails: the comment then shows of this one, too, no more
    than the change's own rows, and without rows on places nothing where the change did no harm."""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.title or self.columns}: a row has another number of cells")


@dataclass(frozen=True, slots=True)
class Insight:
    """What one analysis found. An analysis that has nothing to say makes none.

    `summary` is one sentence for the fold's title, with counts and without Markdown.
    `results` are the gates that follow from configured thresholds, or the advice of an
    analysis that a team has set to block.
    """

    name: str
    title: str
    summary: str
    tables: tuple[Table, ...] = ()
    results: tuple[GateResult, ...] = ()
    advice: tuple[str, ...] = ()
    """Sentences of our own on what to do, the most important first."""
    relevant: bool | None = None
    """Whether it concerns the change, and so stands in the comment, where no result of it
    fails; None: where one of its cells names a file of the diff."""
    defect: str = ""
    """What broke, where the analysis could not be made: for the log."""
