"""The verdict as JSON, for programs and for the history.

The keys are stable: they are added to, never renamed. Percentages have two decimals,
rounded down, beside the exact counts that they were made from; a regression is in points,
rounded up, and negative where coverage rose.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from worker.core.model import format_lines, line_numbers
from worker.core.numbers import Ratio, round_loss, round_percent
from worker.core.render.context import Context, conclude
from worker.core.render.headline import headline

if TYPE_CHECKING:
    from worker.core.verdict import Verdict

__all__ = ["render_json"]


def render_json(verdict: Verdict, context: Context) -> str:
    """Return the verdict as indented JSON with sorted keys, a newline at its end."""
    evidence = verdict.evidence
    document: dict[str, Any] = {
        "verdict": str(verdict.outcome),
        "conclusion": conclude(verdict, context),
        "title": headline(verdict, context),
        "head": context.head,
        "merge_base": context.merge_base,
        "base": context.base_ref,
        "gates": [
            {
                "name": result.gate.replace(" ", "_"),
                "verdict": str(result.outcome),
                "actual": result.actual,
                "required": result.required,
                "summary": result.summary,
                "blocking": result.blocking,
            }
            for result in verdict.results
        ],
        "new_code": _new_code(verdict),
        "project": _ratio(evidence.report.lines),
        "baseline": _baseline(verdict),
        "regression": _regression(verdict),
        "reports": [
            {
                "artifact": source.artifact,
                "name": source.name,
                "format": source.format,
                "files": source.files,
                "flag": source.flag,
            }
            for source in sorted(context.sources, key=lambda s: (s.artifact, s.name, s.format))
        ],
        "problems": list(context.problems),
        "notes": list(context.notes),
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _ratio(lines: Ratio) -> dict[str, Any]:
    percent = None if lines.percent is None else round_percent(lines.percent)
    return {"covered": lines.covered, "total": lines.total, "percent": percent}


def _new_code(verdict: Verdict) -> dict[str, Any]:
    new_code = verdict.evidence.new_code
    return {
        **_ratio(new_code.lines),
        "added": _ratio(new_code.lines),
        "files": [
            {
                "path": file.path,
                **_ratio(file.lines),
                "uncovered": line_numbers(file.missed),
                "uncovered_lines": format_lines(file.missed),
                "partial": line_numbers(file.partial),
            }
            for file in new_code.files
        ],
    }


def _baseline(verdict: Verdict) -> dict[str, Any] | None:
    baseline = verdict.evidence.baseline
    if baseline is None:
        return None
    return {
        "commit": baseline.commit,
        "distance": baseline.distance,
        **_ratio(baseline.report.lines),
    }


def _regression(verdict: Verdict) -> float | None:
    """Return the baseline's percentage minus the head's; None where it is not judged."""
    evidence = verdict.evidence
    if evidence.inputs.run_failed or evidence.inputs.incomplete:
        return None
    head = evidence.report.lines.percent
    base = evidence.baseline.report.lines.percent if evidence.baseline else None
    return None if head is None or base is None else round_loss(base - head)
