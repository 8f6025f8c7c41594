"""What flipped outside the diff and why, and what stands in for tests that did not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.core.elsewhere import CauseKind
from worker.core.gates.regression import describe_help, measure_loss
from worker.core.model import format_lines, line_ranges
from worker.core.numbers import format_count, round_loss
from worker.core.render.markdown import code, cut_rows, fold, plain, table
from worker.core.render.sections import file_cell, line_cell
from worker.core.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.core.elsewhere import Cause, FlippedFile
    from worker.core.render.context import Context
    from worker.core.verdict import CarriedFlag, Verdict

__all__ = [
    "carried_data",
    "comparison_notes",
    "elsewhere_data",
    "elsewhere_lines",
    "elsewhere_section",
    "regression_data",
]

_MOST_NAMES = 3
_MOST_FILES = 200
_UNSEEN = "no cause seen"
_WHY = {
    CauseKind.FLAPPING: "known to flap",
    CauseKind.FLAG_MISSING: "no report of the flag {names}",
    CauseKind.FLAG_ADDED: "the flag {names} is new",
    CauseKind.REPORT_MISSING: "no report from {names}",
    CauseKind.TEST_REMOVED: "{names} removed",
    CauseKind.TEST_RENAMED: "{names} renamed",
    CauseKind.TEST_SKIPPED: "{names} skipped",
    CauseKind.TEST_FAILED: "{names} failed",
    CauseKind.TEST_ADDED: "{names} added",
    CauseKind.TEST_RESTORED: "{names} passes again",
    CauseKind.DELETED_LINE: "only reached through lines that were deleted or changed",
}


def elsewhere_section(verdict: Verdict, context: Context, *, budget: int, most: int = 50) -> str:
    """Return the folded section on lines outside the diff; empty where none flipped.

    Files with the most lost lines first; at most `most` of them, and `budget` bytes.
    """
    elsewhere = verdict.evidence.elsewhere
    if not elsewhere.comparable:
        return "Elsewhere: not compared, for what changed since the baseline is not known."
    if not elsewhere.files and not elsewhere.vanished:
        return ""
    parts = []
    files = _worst_first(elsewhere.files)
    if files:
        rows = [_row(file, context) for file in files[:most]]
        shown = cut_rows(rows, budget)
        parts.append(table(("elsewhere in", "lost", "gained", "why"), "llll", rows[:shown]))
        if shown < len(files):
            parts.append(f"… and {format_count(len(files) - shown, 'more file')}.")
    if elsewhere.vanished:
        names = ", ".join(code(path) for path in elsewhere.vanished[:_MOST_NAMES])
        more = ", …" if len(elsewhere.vanished) > _MOST_NAMES else ""
        parts.append(f"No longer in any report: {names}{more}")
    baseline = verdict.evidence.baseline
    if baseline is not None and baseline.distance:
        back = format_count(baseline.distance, "commit")
        parts.append(f"The baseline lies {back} back: what these changed is in here, too.")
    return fold(_summary(verdict), "\n\n".join(parts))


def comparison_notes(verdict: Verdict) -> str:
    """Return what a reader has to know of the comparison itself; empty where nothing."""
    evidence = verdict.evidence
    texts = [_carried(flag, "its tests did not run") for flag in evidence.inputs.carried]
    if evidence.baseline is not None:
        told = {flag.flag for flag in evidence.inputs.carried}
        texts += [
            _carried(flag, "the baseline has none")
            for flag in evidence.baseline.carried
            if flag.flag not in told
        ]
    if evidence.missing_reports:
        names = ", ".join(code(name) for name in evidence.missing_reports[:_MOST_NAMES])
        more = ", …" if len(evidence.missing_reports) > _MOST_NAMES else ""
        texts.append(f"The baseline has reports that are not there: {names}{more}.")
    result = verdict.result("regression")
    if result is not None and result.outcome is not Outcome.NEUTRAL and _is_helped(verdict):
        texts.append(f"Regression: {plain(result.summary)}.")
    return "\n>\n".join(f"> {text}" for text in texts)


def elsewhere_lines(verdict: Verdict) -> list[str]:
    """Return the same as lines of plain text, not yet safe for a terminal."""
    elsewhere = verdict.evidence.elsewhere
    if not elsewhere.files and not elsewhere.vanished:
        return []
    lines = [f"{_summary(verdict)}:"]
    for file in _worst_first(elsewhere.files):
        flips = [f"lost {format_lines(file.lost)}"] if file.lost else []
        flips += [f"gained {format_lines(file.gained)}"] if file.gained else []
        why = _why(file, str, lambda lines: f"lines {format_lines(lines)}")
        lines.append(f"  {file.path}: {', '.join(flips)} ({why})")
    lines += [f"  {path}: no longer in any report" for path in elsewhere.vanished]
    return lines


def elsewhere_data(verdict: Verdict) -> dict[str, Any]:
    """Return the same for programs: lines as [first, last] ranges, 200 files at most."""
    elsewhere = verdict.evidence.elsewhere
    return {
        "comparable": elsewhere.comparable,
        "lost": elsewhere.lost,
        "gained": elsewhere.gained,
        "noise": elsewhere.noise,
        "files": [_file_data(file) for file in elsewhere.files[:_MOST_FILES]],
        "more_files": max(0, len(elsewhere.files) - _MOST_FILES),
        "vanished": list(elsewhere.vanished[:_MOST_FILES]),
    }


def carried_data(carried: tuple[CarriedFlag, ...]) -> list[dict[str, Any]]:
    """Return carried flags for programs."""
    return [
        {"flag": one.flag, "commit": one.commit, "distance": one.distance, "days": one.days}
        for one in carried
    ]


def regression_data(verdict: Verdict) -> dict[str, Any] | None:
    """Return the loss in points for programs; None where there is nothing to compare with."""
    loss = measure_loss(verdict.evidence)
    if loss is None:
        return None
    return {
        "raw": round_loss(loss.raw),
        "adjusted": None if loss.adjusted is None else round_loss(loss.adjusted),
        "noise": round_loss(loss.noise),
        "judged": round_loss(loss.judged),
        "missing_flags": list(verdict.evidence.missing_flags),
        "missing_reports": list(verdict.evidence.missing_reports),
    }


def _file_data(file: FlippedFile) -> dict[str, Any]:
    return {
        "path": file.path,
        "lost": [list(span) for span in line_ranges(file.lost)],
        "gained": [list(span) for span in line_ranges(file.gained)],
        "flapping": [list(span) for span in line_ranges(file.flapping)],
        "causes": [
            {
                "kind": str(cause.kind),
                "names": list(cause.names),
                "lines": [list(span) for span in line_ranges(cause.lines)],
                "certain": cause.certain,
            }
            for cause in file.causes
        ],
    }


def _worst_first(files: tuple[FlippedFile, ...]) -> list[FlippedFile]:
    return sorted(files, key=lambda f: (-f.lost.bit_count(), -f.gained.bit_count(), f.path))


def _summary(verdict: Verdict) -> str:
    elsewhere = verdict.evidence.elsewhere
    parts = []
    if elsewhere.lost:
        lost = format_count(elsewhere.lost, "line")
        parts.append(f"{lost} lost {'its' if elsewhere.lost == 1 else 'their'} coverage")
        causes = len(elsewhere.causes)
        parts.append(format_count(causes, "cause") if causes else _UNSEEN)
    if elsewhere.gained:
        parts.append(f"{format_count(elsewhere.gained, 'line')} gained coverage")
    if elsewhere.vanished:
        files = format_count(len(elsewhere.vanished), "file")
        parts.append(f"{files} no longer in any report")
    return f"Elsewhere: {', '.join(parts)}"


def _row(file: FlippedFile, context: Context) -> tuple[str, str, str, str]:
    def lines(some: int) -> str:
        return line_cell(context, file.path, some) if some else ""

    why = _why(file, code, lines)
    return (file_cell(context, file.path), lines(file.lost), lines(file.gained), why)


def _why(file: FlippedFile, quote: Callable[[str], str], place: Callable[[int], str]) -> str:
    """Return a file's causes, each with its lines where it does not explain all of them."""
    texts = []
    for cause in file.causes:
        of = file.lost | file.gained
        text = _cause(cause, quote)
        texts.append(text if cause.lines == of else f"{place(cause.lines)}: {text}")
    if file.unexplained:
        everything = file.unexplained == file.lost | file.gained
        texts.append(_UNSEEN if everything else f"{place(file.unexplained)}: {_UNSEEN}")
    return "; ".join(texts) or _UNSEEN


def _cause(cause: Cause, quote: Callable[[str], str]) -> str:
    names = ", ".join(quote(name) for name in cause.names[:_MOST_NAMES])
    left = len(cause.names) - _MOST_NAMES
    names += f" and {left:,} more" if left > 0 else ""
    text = _WHY[cause.kind].format(names=names) if cause.names else _WHY[cause.kind]
    return text if cause.certain else f"perhaps {text}"


def _is_helped(verdict: Verdict) -> bool:
    """Return whether the loss that is judged is not the raw one, or need not be."""
    elsewhere = verdict.evidence.elsewhere
    if not elsewhere.noise and not elsewhere.removed.total:
        return False
    loss = measure_loss(verdict.evidence)
    return loss is not None and bool(describe_help(verdict.evidence, loss))


def _carried(flag: CarriedFlag, why: str) -> str:
    age = "today" if not flag.days else f"{format_count(flag.days, 'day')} ago"
    back = "the merge base" if not flag.distance else _back(flag.distance)
    return f"Carried forward: {code(flag.flag)} of {flag.commit[:7]}, {back}, {age}: {why}."


def _back(distance: int) -> str:
    return f"{format_count(distance, 'commit')} before the merge base"
