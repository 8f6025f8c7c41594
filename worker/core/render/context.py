"""What a text tells of besides the verdict: where things are, and what was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.core.diff import LineMap
    from worker.core.junit import TestRun
    from worker.core.overrides import Debt, Override
    from worker.core.refs import Sha
    from worker.core.render.paths import Unfound
    from worker.core.tested import Tested
    from worker.core.verdict import GateResult, Verdict

__all__ = ["Conclusion", "Context", "Source", "conclude", "standing"]

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
    unclear: tuple[str, ...] = ()
    """Reports' paths that may be several files, a changed one among them, a sentence each.

    They ask for a person, too: new code may be covered or not, and nobody knows.
    """
    unfound: tuple[Unfound, ...] = ()
    """Reports whose paths are not the repository's, said above everything else."""
    notes: tuple[str, ...] = ()
    """What a reader should know though nothing is wrong, one sentence each."""
    tested: Tested | None = None
    """The commit whose lines the report counts; None: the head itself."""
    head_lines: Mapping[str, LineMap | None] = field(default_factory=lambda: MappingProxyType({}))
    """Where the tested commit's lines are at the head, for the files that differ there.

    None where that is not known: links lead to the tested commit, then.
    """
    tests: tuple[tuple[str | None, TestRun], ...] = ()
    """The JUnit reports that lay beside the coverage reports, each with its flag."""
    overrides: tuple[Override, ...] = ()
    """The overrides that hold for the head."""
    page_url: str = ""
    """Where the dashboard shows all of it; without it, nothing links there."""
    debts: tuple[Debt, ...] = ()
    """What former overrides let in uncovered, and the change touches."""


def conclude(verdict: Verdict, context: Context) -> Conclusion:
    """Return the check's conclusion.

    An unreadable report keeps the check from `success` and from `failure`: nobody knows what
    it would have said, and either may come of its absence. The same goes for one whose path
    may be a changed file or another one. An override of the whole lets it in all the same;
    one of a gate, where no other one fails.
    """
    if any(override.is_whole for override in context.overrides):
        return "success"
    if context.problems or context.unclear:
        return "action_required"
    return "failure" if any(one.blocks for one in standing(verdict, context)) else "success"


def standing(verdict: Verdict, context: Context) -> tuple[GateResult, ...]:
    """Return the results that no override covers."""
    return tuple(
        result
        for result in verdict.results
        if not any(override.covers(result) for override in context.overrides)
    )
