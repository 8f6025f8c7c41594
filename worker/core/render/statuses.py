"""Commit statuses: a verdict gate by gate, for teams that require single ones.

https://docs.github.com/en/rest/commits/statuses#create-a-commit-status
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from worker.core.diff import EMPTY_DIFF
from worker.core.gates import judge
from worker.core.model import EMPTY_REPORT
from worker.core.render.context import conclude, standing
from worker.core.render.headline import overridden_by
from worker.core.render.markdown import visible
from worker.core.verdict import Evidence, Inputs, NewCode, Outcome

if TYPE_CHECKING:
    from worker.core.config import Config
    from worker.core.render.context import Conclusion, Context
    from worker.core.verdict import GateResult, Verdict

__all__ = [
    "GateStatus",
    "configured_statuses",
    "cut_description",
    "gate_statuses",
    "message_status",
]

_LONGEST = 140
_LONGEST_CONTEXT = 255

State = Literal["success", "failure", "error"]


@dataclass(frozen=True, slots=True)
class GateStatus:
    """What one gate's status says; `error` asks for a person, as `action_required` does."""

    context: str
    state: State
    description: str


def gate_statuses(verdict: Verdict, context: Context) -> tuple[GateStatus, ...]:
    """Return a status for each result; all are errors while a report could not be read."""
    if conclude(verdict, context) == "action_required":
        text = "a report could not be read: see the check covgate"
        return tuple(_status(result, "error", text) for result in verdict.results)
    holding = standing(verdict, context)
    statuses = []
    for result in verdict.results:
        if result.blocks and result not in holding:
            by = [one for one in context.overrides if one.covers(result)]
            statuses.append(_status(result, "success", overridden_by(by)))
        else:
            state: State = "failure" if result.blocks else "success"
            statuses.append(_status(result, state, _description(result)))
    return tuple(statuses)


def configured_statuses(config: Config) -> tuple[GateStatus, ...]:
    """Return a status for each result that a verdict would have by these rules."""
    results = judge(Evidence(Inputs(EMPTY_REPORT, EMPTY_DIFF, config), NewCode()))
    return tuple(_status(result, "success", _description(result)) for result in results)


def message_status(context: str, conclusion: Conclusion, title: str) -> GateStatus:
    """Return the status of a gate where there is no verdict, but a message."""
    state: State = "success" if conclusion in {"success", "neutral"} else "error"
    return GateStatus(context, state, cut_description(title))


def cut_description(text: str) -> str:
    """Return a text as long as a status may have."""
    return _cut(text, _LONGEST)


def _description(result: GateResult) -> str:
    if result.outcome is Outcome.NEUTRAL:
        return f"not judged: {result.summary}"
    if result.outcome is Outcome.PASS:
        return f"{result.actual} ({result.required})"
    text = result.headline or result.summary
    return text if result.blocking else f"advice only: {text}"


def _status(result: GateResult, state: State, description: str) -> GateStatus:
    name = result.gate.replace(" ", "-")
    context = f"covgate/{name}/{result.subject}" if result.subject else f"covgate/{name}"
    return GateStatus(_cut(context, _LONGEST_CONTEXT), state, cut_description(description))


def _cut(text: str, longest: int) -> str:
    text = visible(text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
