"""The analyses of the tests themselves, in the order in which they are shown.

To add one: a file beside this one, a line in `LOOKS`, a golden case, a row in
docs/analyses.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.insight import Insight
from worker.core.insights import (
    budgets,
    denominator,
    determinism,
    doctests,
    error_paths,
    fallbacks,
    features,
    fixes,
    fixtures,
    flaky,
    flows,
    goals,
    hollow,
    identifiers,
    points,
    pyramid,
    risk,
    side_effects,
    skipped,
    slow,
    statistics,
    strengths,
    test_changes,
    test_types,
    thresholds,
    tiers,
    trends,
    under_tested,
    untested_files,
)
from worker.core.insights._base import Look
from worker.core.insights._parts import list_parts, remember
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from worker.core.verdict import Evidence

__all__ = ["LOOKS", "Look", "judge_insights", "list_parts", "look_into"]

LOOKS: tuple[Look, ...] = (
    risk.LOOK,
    test_types.LOOK,
    features.LOOK,
    hollow.LOOK,
    error_paths.LOOK,
    points.LOOK,
    flows.LOOK,
    side_effects.LOOK,
    fallbacks.LOOK,
    goals.LOOK,
    under_tested.LOOK,
    untested_files.LOOK,
    thresholds.LOOK,
    identifiers.LOOK,
    tiers.LOOK,
    determinism.LOOK,
    denominator.LOOK,
    test_changes.LOOK,
    statistics.LOOK,
    pyramid.LOOK,
    skipped.LOOK,
    slow.LOOK,
    budgets.LOOK,
    fixtures.LOOK,
    doctests.LOOK,
    strengths.LOOK,
    flaky.LOOK,
    fixes.LOOK,
    trends.LOOK,
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
    try:
        return remember(evidence, f"insight {one.name}", one.look)
    except Exception as error:  # noqa: BLE001 - a defect of one analysis must not cost the verdict
        return _tell_defect(one, evidence, error)


def _tell_defect(one: Look, evidence: Evidence, error: Exception) -> Insight:
    """Return what is said in place of an analysis that broke."""
    title = one.name.replace("_", " ").capitalize()
    kind = type(error).__name__
    summary = f"could not be made ({kind}); this is a defect of Covgate, and changes no gate"
    results: tuple[GateResult, ...] = ()
    if one.judges(evidence.config):
        name = one.name.replace("_", " ")
        results = (GateResult(name, Outcome.NEUTRAL, f"it {summary}", "–", "–", blocking=False),)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename.rpartition("/")[2] if trace else ""
    place = f"{file}:{trace.tb_lineno}" if trace else "?"
    return Insight(
        one.name, title, summary, results=results, relevant=False, defect=f"{kind} at {place}"
    )
