"""The whole gap analysis as one document: what `covgate report` prints.

The order of its sections is that of the documents that teams write by hand: a summary, the
code, the tests, what is good, and last what to do first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from worker.core.insight import Risk
from worker.core.insights._gaps import list_gaps
from worker.core.insights._risk import rank_files
from worker.core.numbers import (
    Ratio,
    format_count,
    format_limit,
    format_loss,
    format_percent,
    format_seconds,
    round_percent,
)
from worker.core.render.gaps import gap_data, gap_table
from worker.core.render.headline import outcome_sign
from worker.core.render.insights import insight_data, insight_document
from worker.core.render.markdown import code, plain, table
from worker.core.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from worker.core.insight import Insight
    from worker.core.insights._gaps import Gap
    from worker.core.render.context import Context
    from worker.core.results import GateResult
    from worker.core.verdict import Verdict

__all__ = ["SECTIONS", "About", "render_report", "render_report_json"]

SECTIONS = (
    (
        "Coverage by module",
        ("goals", "risk", "under_tested", "error_paths", "untested_files", "denominator"),
    ),
    ("Gaps by test type", ("test_types", "tiers")),
    (
        "Test quality",
        (
            "statistics", "hollow", "side_effects", "fallbacks", "determinism", "fixtures",
            "doctests", "thresholds",
        ),
    ),
    ("Test pyramid", ("pyramid",)),
    ("Flaky, slow and skipped tests", ("flaky", "slow", "skipped", "budgets")),
    ("Features and identifiers", ("features", "identifiers")),
    ("Integration points", ("points", "flows")),
    ("Trends", ("trends", "fixes")),
    ("Strengths", ("strengths",)),
)  # fmt: skip
"""Which analyses stand where; one that is not named comes before the strengths."""
_FURTHER = "Further analyses"
_PRIORITIES = {
    1: ("Priority 1: critical, first", Risk.CRITICAL),
    2: ("Priority 2: high, next", Risk.HIGH),
    3: ("Priority 3: medium, after that", Risk.MEDIUM),
}
_MOST_GAPS = 100
"""Of one priority."""
_GAP_BYTES = 60_000


@dataclass(frozen=True, slots=True)
class About:
    """What a document is of, and when it was made."""

    name: str
    """The project's."""
    made: datetime
    context: Context
    package: str = ""
    """The one package that it is of; empty for all."""
    changed: bool = False
    """Whether the working tree differs from the commit."""


def render_report(verdict: Verdict, about: About) -> str:
    """Return the document as Markdown, a newline at its end."""
    insights = verdict.insights
    gaps = list_gaps(verdict.evidence)
    parts = [_head(verdict, about), "## 1. Summary", *_summary(verdict, about, gaps)]
    number = 2
    criteria = _criteria(verdict)
    if criteria:
        parts += [f"## {number}. Success criteria", criteria]
        number += 1
    for title, names in _arranged(insights):
        found = [one for name in names for one in insights if one.name == name]
        if found:
            parts.append(f"## {number}. {title}")
            number += 1
            for one in found:
                alone = len(found) == 1 and title.casefold().endswith(one.title.casefold())
                parts += ["" if alone else f"### {plain(one.title)}"]
                parts.append(insight_document(one, about.context))
    parts += [f"## {number}. What to test first", *_priorities(gaps, about.context)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _arranged(insights: Sequence[Insight]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the sections in their order, those that no section names before the last."""
    known = {name for _, names in SECTIONS for name in names}
    yield from SECTIONS[:-1]
    yield _FURTHER, tuple(one.name for one in insights if one.name not in known)
    yield SECTIONS[-1]


def _head(verdict: Verdict, about: About) -> str:
    subject = plain(about.name) + (f", package {code(about.package)}" if about.package else "")
    commit = f"`{about.context.head[:7]}`" + (" with local changes" if about.changed else "")
    day = f"{about.made:%Y-%m-%d %H:%M} UTC"
    config = "" if verdict.evidence.config.present else " · no configuration, so the defaults hold"
    text = f"# Coverage gap analysis: {subject}\n\n**Date**: {day} · **Commit**: {commit}{config}"
    rows = [
        [code(one.name), one.format, f"{one.files:,}", code(one.flag) if one.flag else "–"]
        for one in about.context.sources
    ]
    return f"{text}\n\n{table(('coverage report', 'format', 'files', 'flag'), 'llrl', rows)}"


def _summary(verdict: Verdict, about: About, gaps: Sequence[Gap]) -> Iterator[str]:
    report = verdict.evidence.report
    lines = [f"**Overall coverage**: {_of(report.lines, 'line')}"]
    functions = [function for file in report for function in file.functions]
    called = Ratio(sum(1 for one in functions if one.hits), len(functions))
    if report.branch_ratio.total:
        lines.append(f"**Branches**: {_of(report.branch_ratio, 'branch', 'branches')}")
    if called.total:
        lines.append(f"**Functions called**: {_of(called, 'function')}")
    lines += _tests(verdict)
    lines.append(f"**Verdict**: {_judgement(verdict)}")
    yield "\n".join(f"- {line}" for line in lines)
    found = [f"- **{plain(one.title)}**: {plain(one.summary)}" for one in verdict.insights]
    if found:
        yield "What the analyses found:\n\n" + "\n".join(found)
    first = [gap for gap in gaps if gap.priority == 1]
    if first:
        lines_left = format_count(sum(gap.lines.bit_count() for gap in first), "line")
        yield f"Priority 1, at the end: {format_count(len(first), 'test')} for {lines_left}."
    notes = about.context.notes
    if notes:
        yield "\n".join(f"- {plain(note)}" for note in notes)


def _criteria(verdict: Verdict) -> str:
    """Return the configured thresholds that a checkout alone can be held against."""
    judged = _judged(verdict)
    if not judged:
        return ""
    rows = []
    for one in judged:
        name = plain(one.gate) + (f": {code(one.subject)}" if one.subject else "")
        required = one.required if one.blocking else f"{one.required}, advice only"
        sign = outcome_sign(one.outcome, blocking=one.blocking)
        rows.append([name, one.actual, required, sign])
    parts = [table(("what", "is", "must be", ""), "lrrc", rows)]
    left = [one for one in verdict.results if one.outcome is Outcome.NEUTRAL]
    if left:
        names = ", ".join(plain(one.title) for one in left)
        parts.append(f"Not judged, for want of a base, a change or a minimum: {names}.")
    return "\n\n".join(parts)


def _judged(verdict: Verdict) -> list[GateResult]:
    return [one for one in verdict.results if one.outcome is not Outcome.NEUTRAL]


def _of(ratio: Ratio, singular: str, plural: str | None = None) -> str:
    total = format_count(ratio.total, singular, plural)
    return f"{format_percent(ratio.percent)} ({ratio.covered:,} of {total})"


def _tests(verdict: Verdict) -> Iterator[str]:
    """Yield what the runners' reports say."""
    run = verdict.evidence.inputs.tests
    if not run.cases:
        return
    outcomes = run.outcomes
    said = [format_count(len(run), "test")]
    words = {"failed": "failed", "error": "with an error", "skipped": "skipped"}
    said += [f"{outcomes[kind]:,} {word}" for kind, word in words.items() if outcomes[kind]]  # type: ignore[index]  # its own keys
    seconds = [one.duration for one in run.cases if one.duration is not None]
    if seconds:
        said.append(f"{format_seconds(sum(seconds, start=seconds[0] * 0))} in sum")
    yield f"**Tests**: {', '.join(said)}"


def _judgement(verdict: Verdict) -> str:
    """Return one sentence: how far the target is, and how many files are in danger."""
    config, percent = verdict.evidence.config, verdict.evidence.report.lines.percent
    target = config.goals.target if config.project.target is None else config.project.target
    if percent is None:
        return "no line is measured"
    said = f"coverage of {format_percent(percent)}"
    limit = f"the target of {format_limit(target)} %"
    if percent >= target:
        said += f" reaches {limit}"
    else:
        lines = verdict.evidence.report.lines
        more = ceil(target * lines.total / 100) - lines.covered
        said += f" is {format_loss(target - percent)} below {limit}, which "
        said += f"{format_count(more, 'more covered line')} would reach"
    ranked = [one.risk for one in rank_files(verdict.evidence)]
    worst = [
        f"{ranked.count(risk):,} at {risk} risk"
        for risk in (Risk.CRITICAL, Risk.HIGH)
        if ranked.count(risk)
    ]
    if not worst:
        return f"{said}, and no file is at high or critical risk"
    files = format_count(len(ranked), "file")
    join = ", but" if percent >= target else ";"
    return f"{said}{join} of {files} with gaps {' and '.join(worst)}"


def _priorities(gaps: Sequence[Gap], context: Context) -> Iterator[str]:
    if not gaps:
        yield "No file is at medium risk or worse: nothing is urgent."
        return
    yield (
        "Files by risk, and in each the tests that bring the most lines first. The effort is the "
        "number of lines that a test would cover or complete. Where such lines meet a database, a "
        "queue or another service, an integration test is meant: a stand-in would hide what goes "
        "wrong there."
    )
    for number, (title, _) in _PRIORITIES.items():
        some = [gap for gap in gaps if gap.priority == number]
        if some:
            lines = format_count(sum(gap.lines.bit_count() for gap in some), "line")
            files = format_count(len({gap.path for gap in some}), "file")
            tests = format_count(len(some), "test")
            yield f"### {title}"
            yield gap_table(some, context, most=_MOST_GAPS, budget=_GAP_BYTES)
            yield f"In all: {tests} for {lines} of {files}."


def render_report_json(verdict: Verdict, about: About) -> str:
    """Return the same for programs, with sorted keys, a newline at its end."""
    evidence = verdict.evidence
    document: dict[str, Any] = {
        "name": about.name,
        "package": about.package or None,
        "made": about.made.isoformat(timespec="seconds"),
        "head": about.context.head,
        "changed": about.changed,
        "project": _counts(evidence.report.lines),
        "branches": _counts(evidence.report.branch_ratio),
        "tests": len(evidence.inputs.tests),
        "verdict": _judgement(verdict),
        "criteria": [
            {
                "name": one.name,
                "verdict": one.outcome.value,
                "actual": one.actual,
                "required": one.required,
                "blocking": one.blocking,
            }
            for one in _judged(verdict)
        ],
        "insights": insight_data(verdict),
        "gaps": gap_data(list_gaps(evidence)),
        "reports": [
            {"name": one.name, "format": one.format, "files": one.files, "flag": one.flag}
            for one in about.context.sources
        ],
        "notes": list(about.context.notes),
    }
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    # Half a surrogate pair is no Unicode, and so "\ud800" in JSON.
    return text.encode(errors="backslashreplace").decode()


def _counts(ratio: Ratio) -> dict[str, Any]:
    percent = None if ratio.percent is None else round_percent(ratio.percent)
    return {"covered": ratio.covered, "total": ratio.total, "percent": percent}
