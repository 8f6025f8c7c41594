"""Critical: named sets of paths whose coverage may not fall at all.

It falls where the percentage is lower than the baseline's, or where a line that is still
there was covered and is not any more: a new, well covered file would hide that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.diff import carry_report
from worker.core.gates._base import Gate
from worker.core.gates._floor import Floor
from worker.core.gates._scope import NO_FLAG, baseline_of, report_of, within
from worker.core.model import EMPTY_REPORT, format_lines
from worker.core.numbers import format_count, format_percent, format_points
from worker.core.verdict import Evidence, GateResult, Outcome

if TYPE_CHECKING:
    from worker.core.config import CriticalPath
    from worker.core.model import Report

__all__ = ["GATE"]

NAME = "critical"
MAY_NOT_FALL = "may not fall"


def judge(evidence: Evidence) -> tuple[GateResult, ...]:
    """Compare each of `critical` with its baseline, and with its minimum where it has one."""
    return tuple(_Critical(evidence, path).judge() for path in evidence.config.critical)


@dataclass(frozen=True, slots=True)
class _Critical:
    evidence: Evidence
    path: CriticalPath

    def judge(self) -> GateResult:
        inputs = self.evidence.inputs
        whole = report_of(inputs, self.path.flag)
        before = baseline_of(inputs, self.path.flag)
        head = EMPTY_REPORT if whole is None else within(whole, self.path.paths)
        base = EMPTY_REPORT if before is None else within(before, self.path.paths)
        shown = format_percent(head.lines.percent)
        nothing = NO_FLAG if whole is None else "the reports measure no line of its paths"
        if self.evidence.doubt(self.path.flag) or whole is None:
            return self._result(
                Outcome.NEUTRAL, self.evidence.doubt(self.path.flag) or nothing, shown
            )
        lost = self._lost(base, whole)
        below = self._below(head)
        was, now = base.lines.percent, head.lines.percent
        if lost:
            return self._result(Outcome.FAIL, _told(lost), self._change(base, head), lost)
        if below is not None and below.outcome is Outcome.FAIL:
            return self._result(Outcome.FAIL, below.summary, below.actual)
        if now is None:
            return self._result(Outcome.NEUTRAL, nothing, shown)
        if was is None:
            if below is not None:
                return self._result(below.outcome, below.summary, below.actual)
            reason = inputs.no_baseline or "the baseline measures no line of its paths"
            return self._result(Outcome.NEUTRAL, reason, shown)
        if now < was:
            summary = f"fell from {format_percent(was)} to {shown}"
            return self._result(Outcome.FAIL, summary, self._change(base, head))
        return self._result(
            Outcome.PASS, f"did not fall: {shown}", f"{format_percent(was)} → {shown}"
        )

    def _below(self, head: Report) -> GateResult | None:
        if self.path.minimum is None:
            return None
        return Floor(NAME, self.path.minimum, "", subject=self.path.name).judge(head.lines)

    def _change(self, base: Report, head: Report) -> str:
        was, now = base.lines.percent, head.lines.percent
        if was is None or now is None:
            return f"{format_percent(was)} → {format_percent(now)}"
        change = format_points(now - was)
        return f"{format_percent(was)} → {format_percent(now)}, {change}"

    def _lost(self, base: Report, whole: Report) -> tuple[tuple[str, int], ...]:
        """Return the lines at the head that were covered and are not any more, by path.

        Only where it is known what changed since the baseline's commit. Lines that are known
        to flap do not count; nor does a line that is not measured any more, for somebody
        excluded it, unless no report mentions its file at all.
        """
        baseline = self.evidence.baseline
        if baseline is None or baseline.since is None:
            return ()
        flapping = {file.path: file.flapping for file in self.evidence.elsewhere.files}
        lost = []
        for old in carry_report(carry_report(base, baseline.since), self.evidence.diff):
            new = whole.files.get(old.path)
            lines = old.hit & (new.missed if new is not None else old.measured)
            lines &= ~flapping.get(old.path, 0)
            if lines:
                lost.append((old.path, lines))
        return tuple(lost)

    def _result(
        self,
        outcome: Outcome,
        summary: str,
        actual: str,
        lost: tuple[tuple[str, int], ...] = (),
    ) -> GateResult:
        required = MAY_NOT_FALL
        if self.path.minimum is not None:
            floor = Floor(NAME, self.path.minimum, "")
            required = f"≥ {floor.needed}, {MAY_NOT_FALL}"
        return GateResult(
            NAME,
            outcome,
            summary,
            actual,
            required,
            self.path.blocking,
            self.path.name,
            f"critical {self.path.name}: {summary}",
            lost,
        )


def _told(lost: tuple[tuple[str, int], ...]) -> str:
    count = sum(lines.bit_count() for _, lines in lost)
    path, lines = lost[0]
    verb = "was covered and is not any more" if count == 1 else "were covered and are not any more"
    more = f" and {format_count(len(lost) - 1, 'more file')}" if len(lost) > 1 else ""
    return f"{format_count(count, 'line')} {verb}: {path} {format_lines(lines)}{more}"


GATE = Gate(NAME, judge)
