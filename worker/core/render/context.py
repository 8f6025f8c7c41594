"""What a text tells of besides the verdict: where things are, and what was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from worker.core.refs import Sha

__all__ = ["Conclusion", "Context", "Source", "conclude"]

Conclusion = str
"""`success`, `failure`, `neutral` or `action_required`: a check run's conclusion."""


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

    A failed gate is `failure` even beside an unreadable report; an unreadable report keeps
    the check from `success`, because nobody knows what it would have said.
    """
    if verdict.outcome is Outcome.FAIL:
        return "failure"
    return "action_required" if context.problems else "success"
