"""How a number was made, and what is known of a file or a line: answers to commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.numbers import Ratio, format_count, format_percent
from worker.core.render.check import how_it_was_counted
from worker.core.render.elsewhere import comparison_notes
from worker.core.render.headline import outcome_sign
from worker.core.render.markdown import code, cut_rows, link, table
from worker.core.render.novelty import classes, unmeasured
from worker.core.render.sections import (
    file_cell,
    file_row,
    line_cell,
    notes,
    problems,
    provenance,
)
from worker.core.tested import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.render.context import Context
    from worker.core.verdict import GateResult, NewCodeFile, Verdict

__all__ = ["baseline_text", "explain_gates", "show_files"]

_MOST_FILES = 50
_BUDGET = 20_000


def explain_gates(verdict: Verdict, context: Context, results: Sequence[GateResult]) -> str:
    """Return how the numbers of some gates were made.

    The commits that were compared, the artifacts that were read, the lines that were
    counted, and what was left out and why.
    """
    parts = [_gate(result) for result in results]
    parts += [
        provenance(verdict, context),
        _tested(context),
        problems(context),
        how_it_was_counted(verdict, context),
        _left_out(verdict),
        classes(verdict, context, budget=_BUDGET // 2),
        unmeasured(verdict, context),
        comparison_notes(verdict),
        notes(context),
    ]
    return "\n\n".join(part for part in parts if part)


def _gate(result: GateResult) -> str:
    name = f"{result.gate}: {code(result.subject)}" if result.subject else result.gate
    sign = outcome_sign(result.outcome, blocking=result.blocking)
    blocking = "" if result.blocking else ", advice only"
    return (
        f"{sign} **{name}** is {result.actual}, must be {result.required}{blocking}: "
        f"{result.summary}. (`{result.name.replace('`', '')}`)"
    )


def _tested(context: Context) -> str:
    tested = context.tested
    if tested is None or tested.kind is Kind.HEAD:
        return "CI tested the head commit itself; its lines are those of the reports."
    return (
        f"CI tested `{tested.commit[:7]}`, GitHub's merge of the head into `{tested.base[:7]}`; "
        "the reports' lines are that commit's, and the diff is its own."
    )


def _left_out(verdict: Verdict) -> str:
    """Return what was not counted by the configuration."""
    config = verdict.evidence.config
    said = []
    if config.ignore:
        said.append(f"files like {', '.join(code(glob) for glob in config.ignore[:10])} (`ignore`)")
    new = verdict.evidence.new_code
    added = sum(file.added.bit_count() for file in verdict.evidence.diff)
    if added > new.added.total:
        more = format_count(added - new.added.total, "added line")
        said.append(f"{more} that no report measures: blank lines, comments, other files")
    return f"Left out: {'; '.join(said)}." if said else ""


def show_files(context: Context, files: Sequence[NewCodeFile]) -> str:
    """Return the uncovered new lines and functions of files, with links."""
    missed = [file for file in files if file.missed]
    lines = sum((file.lines for file in files), Ratio())
    whole = (
        f"{lines.covered:,} of {format_count(lines.total, 'new line')} covered, "
        f"{format_percent(lines.percent)}"
    )
    if not missed:
        return f"{', '.join(file_cell(context, file.path) for file in files[:10])}: {whole}."
    rows = [file_row(file, context) for file in missed[:_MOST_FILES]]
    shown = cut_rows(rows, _BUDGET)
    text = table(("new code in", "covered", "uncovered lines"), "lrl", rows[:shown])
    if shown < len(missed):
        text += f"\n\n… and {format_count(len(missed) - shown, 'more file')}."
    partial = [
        f"{file_cell(context, file.path)} {line_cell(context, file.path, file.partial)}"
        for file in files[:10]
        if file.partial
    ]
    if partial:
        text += f"\n\nCovered, but for a branch: {'; '.join(partial)}."
    return f"{whole}.\n\n{text}" if len(missed) > 1 else text


def baseline_text(verdict: Verdict, context: Context) -> str:
    """Return which commit's report is compared with, how far it is, and why that one."""
    evidence = verdict.evidence
    baseline = evidence.baseline
    merge_base = _commit(context, context.merge_base)
    if baseline is None:
        reason = evidence.inputs.no_baseline or "no commit before it has a report"
        return f"There is no baseline for {merge_base}: {reason}."
    lines = baseline.report.lines
    text = (
        f"The baseline is {_commit(context, baseline.commit)}: {lines.covered:,} of "
        f"{format_count(lines.total, 'line')}, {format_percent(lines.percent)}."
    )
    if baseline.distance == 0:
        text += f" It is the merge base, where the change leaves {code(context.base_ref)}."
    else:
        back = format_count(baseline.distance, "commit")
        text += (
            f" It lies {back} before the merge base {merge_base}: the nearest of its first-parent "
            f"ancestors on {code(context.base_ref)} that has a report."
        )
    if baseline.same_tree_as is not None:
        alike = _commit(context, baseline.same_tree_as)
        text += f" It has the very same files as {alike}, which has no report of its own."
    if baseline.days:
        text += f" It was recorded {format_count(baseline.days, 'day')} ago."
    head = evidence.report.lines
    text += f" The head has {head.covered:,} of {head.total:,}, {format_percent(head.percent)}."
    carried = [
        f"- {code(one.flag)} from {_commit(context, one.commit)}, "
        f"{format_count(one.distance, 'commit')} before the merge base"
        for one in baseline.carried
    ]
    return "\n".join((text, "", "Carried forward in it:", "", *carried)) if carried else text


def _commit(context: Context, sha: str) -> str:
    if not context.repository_url:
        return f"`{sha[:7]}`"
    return link(f"`{sha[:7]}`", f"{context.repository_url}/commit/{sha}")
