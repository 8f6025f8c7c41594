"""The verdict as JSON, for programs and for the history.

The keys are stable: they are added to, never renamed. Percentages have two decimals,
rounded down, beside the exact counts that they were made from; a regression is in points,
rounded up, and negative where coverage rose.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from worker.core.model import format_lines, line_numbers
from worker.core.numbers import Ratio, round_loss, round_percent
from worker.core.render.context import Context, Source, conclude
from worker.core.render.elsewhere import carried_data, elsewhere_data, regression_data
from worker.core.render.headline import headline
from worker.core.render.insights import insight_data
from worker.core.render.overrides import debt_data, override_data
from worker.core.render.paths import path_data
from worker.core.tested import Kind, Tested

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
        "tested": _tested(context),
        "gates": [
            {
                "name": result.name,
                "verdict": str(result.outcome),
                "actual": result.actual,
                "required": result.required,
                "summary": result.summary,
                "blocking": result.blocking,
                "subject": result.subject,
            }
            for result in verdict.results
        ],
        "new_code": _new_code(verdict),
        "project": _ratio(evidence.report.lines),
        "baseline": _baseline(verdict),
        "carried": carried_data(evidence.inputs.carried),
        "elsewhere": elsewhere_data(verdict),
        "regression": _regression(verdict),
        "regression_points": regression_data(verdict),
        "insights": insight_data(verdict),
        "reports": sorted(map(_report, context.sources), key=str),
        "paths": path_data(context.unfound),
        "problems": [*context.problems, *context.unclear],
        "notes": list(context.notes),
        "overrides": override_data(context),
        "debts": debt_data(context),
    }
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    # Half a surrogate pair is no Unicode, and so "\ud800" in JSON.
    return text.encode(errors="backslashreplace").decode()


def _report(source: Source) -> dict[str, Any]:
    """Return a report by its base name: where it lay depends on who asks."""
    return {
        "name": re.split(r"[/\\]", source.name)[-1],
        "format": source.format,
        "files": source.files,
        "flag": source.flag,
    }


def _tested(context: Context) -> dict[str, Any]:
    tested = context.tested or Tested(context.head, Kind.HEAD, context.merge_base)
    doubt = None if tested.doubt is None else str(tested.doubt)
    return {
        "commit": tested.commit,
        "kind": str(tested.kind),
        "base": tested.base,
        "doubt": doubt,
    }


def _ratio(lines: Ratio) -> dict[str, Any]:
    percent = None if lines.percent is None else round_percent(lines.percent)
    return {"covered": lines.covered, "total": lines.total, "percent": percent}


def _new_code(verdict: Verdict) -> dict[str, Any]:
    new_code = verdict.evidence.new_code
    return {
        **_ratio(new_code.lines),
        "added": _ratio(new_code.added),
        "moved": {**_ratio(new_code.moved), "lost": new_code.lost},
        "touched": _ratio(new_code.touched),
        "unmeasured": [
            {"path": file.path, "lines": line_numbers(file.lines), "reason": str(file.why)}
            for file in new_code.unmeasured
        ],
        "files": [
            {
                "path": file.path,
                **_ratio(file.lines),
                "added": _ratio(file.added),
                "moved": line_numbers(file.moved),
                "moved_from": list(file.moved_from),
                "lost": line_numbers(file.lost),
                "touched": line_numbers(file.touched),
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
        "same_tree_as": baseline.same_tree_as,
        "carried": carried_data(baseline.carried),
        **_ratio(baseline.report.lines),
    }


def _regression(verdict: Verdict) -> float | None:
    """Return the baseline's percentage minus the head's; None where it is not judged."""
    evidence = verdict.evidence
    if evidence.inputs.run_failed or evidence.inputs.incomplete:
        return None
    if evidence.missing_flags or evidence.missing_reports:
        return None
    head = evidence.report.lines.percent
    base = evidence.baseline.report.lines.percent if evidence.baseline else None
    return None if head is None or base is None else round_loss(base - head)
