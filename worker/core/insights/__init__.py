"""The analyses of the tests themselves, in the order in which they are shown.

To add one: a file beside this one, a line in `LOOKS`, a golden case, a row in
docs/analyses.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.insights import (
    goals,
    risk,
    strengths,
    test_types,
    under_tested,
    untested_files,
)
from worker.core.insights._base import Look
from worker.core.insights._parts import remember

if TYPE_CHECKING:
    from worker.core.insight import Insight
    from worker.core.results import GateResult
    from worker.core.verdict import Evidence

__all__ = ["LOOKS", "Look", "judge_insights", "look_into"]

LOOKS: tuple[Look, ...] = (
    risk.LOOK,
    test_types.LOOK,
    goals.LOOK,
    under_tested.LOOK,
    untested_files.LOOK,
    strengths.LOOK,
)


def look_into(evidence: Evidence) -> tuple[Insight, ...]:
    """Return what every analysis found, in their order."""
    found = (_look(one, evidence) for one in LOOKS)
    return tuple(insight for insight in found if insight is not None)


def judge_insights(evidence: Evidence) -> tuple[GateResult, ...]:
    """Return the results of the analyses that the configuration gives a say in the verdict.

    The others are not even made for it: they take longer than all gates.
    """
    asked = (_look(one, evidence) for one in LOOKS if one.judges(evidence.config))
    return tuple(result for insight in asked if insight for result in insight.results)


def _look(one: Look, evidence: Evidence) -> Insight | None:
    return remember(evidence, f"insight {one.name}", one.look)
