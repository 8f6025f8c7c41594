"""What a text tells of besides the verdict: where things are, and what was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from worker.core.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from worker.core.refs import Sha

__all__ = ["Conclusion", "Context", "Source", "conclude"]

Conclusion = Literal["success", "failure", "neutral", "action_required"]
"""How a check run ends."""


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A report that was read."""

    artifact: str
    name: str
    format: str
    files: int
    flag: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What was compared and read for a verdict."""

    head: Sha
    merge_base: Sha
    base_ref: str
    repository_url: str = ""
    """Where links lead to; without it, there are none."""
    sources: tuple[Source, ...] = ()
    problems: tuple[str, ...] = ()
    """Reports that could not be had or read, one sentence each: they ask for a person."""
    notes: tuple[str, ...] = ()
    """What a reader should know though nothing is wrong, one sentence each."""


def conclude(verdict: Verdict, context: Context) -> Conclusion:
    """Return the check's conclusion.

    An unreadable report keeps the check from `success` and from `failure`: nobody knows what
    it would have said, and either may come of its absence.
    """
    if context.problems:
        return "action_required"
    return "failure" if verdict.outcome is Outcome.FAIL else "success"
