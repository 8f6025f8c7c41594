"""Which commit a report is of.

On `pull_request`, GitHub checks out a merge of the head into the base as it is at that time,
unless the workflow asks for the head itself, and it tells nobody which. The lines of the two
differ as soon as the base has moved on. So the report is held against the files of both:
measured lines that are blank, a mere comment or beyond the file's end speak against one.
https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from worker.core.model import bitmap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.model import FileCoverage
    from worker.core.refs import Sha

__all__ = ["MERGING_EVENTS", "Doubt", "Kind", "Tested", "choose", "count_misfits"]

MERGING_EVENTS = frozenset({"pull_request", "pull_request_target"})
"""What starts runs that may test a merge of the pull request."""

_NO_CODE = re.compile(rb"\s*(?:$|//|#)")
_NO_STATEMENT = re.compile(rb"(?:\s*end\b)?[\s)\]};,]*$")
"""Lines that some tools measure and some do not."""


class Kind(StrEnum):
    """What a tested commit is of a pull request."""

    HEAD = "head"
    MERGE = "merge"


class Doubt(StrEnum):
    """Why it is not certain which commit was tested."""

    ALIKE = "alike"
    """The report fits the head and its merge as well as each other."""
    GONE = "gone"
    """The merge that CI may have tested is not to be had."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The commit whose lines a report counts."""

    commit: Sha
    kind: Kind
    base: Sha
    """What its diff starts from: a merge's first parent, the merge base of a head."""
    doubt: Doubt | None = None


def count_misfits(file: FileCoverage, source: bytes) -> int:
    """Return how much speaks against a report's file being of this source; less is better.

    Each measured line that holds no code, and a last statement that is not measured, though
    lines before it are: what was inserted above moves both.
    """
    lines = source.split(b"\n")
    code = bitmap(n for n, line in enumerate(lines, start=1) if not _NO_CODE.match(line))
    misfits = (file.measured & ~code).bit_count()
    if not file.measured:
        return 0
    statements = [n for n, line in enumerate(lines, start=1) if _is_statement(line)]
    unmeasured = bool(statements) and not file.measured >> statements[-1] & 1
    return misfits + unmeasured


def _is_statement(line: bytes) -> bool:
    return not (_NO_CODE.match(line) or _NO_STATEMENT.match(line))


def choose(misfits: Sequence[int]) -> list[int]:
    """Return the indexes of the candidates that fit best, in their order."""
    least = min(misfits)
    return [index for index, count in enumerate(misfits) if count == least]
