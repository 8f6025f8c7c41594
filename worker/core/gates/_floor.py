"""What floors have in common: a share of something must reach a percentage."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from worker.core.numbers import Ratio, format_count, format_limit, format_percent
from worker.core.verdict import GateResult, Outcome

if TYPE_CHECKING:
    from worker.core.numbers import Ratio

__all__ = ["Floor"]


@dataclass(frozen=True, slots=True)
class Floor:
    """A gate that asks for `minimum` per cent, or shows the way to `target`, of a ratio.

    `nothing` is why there may be nothing to judge, and `unit` the singular of what is
    counted; `origin` says where a minimum comes from that nobody wrote down.
    """

    gate: str
    minimum: Fraction | None
    nothing: str
    unit: str = "line"
    verb: str = "cover"
    target: Fraction | None = None
    subject: str = ""
    origin: str = ""
    blocking: bool = True

    def judge(self, ratio: Ratio, doubt: str = "") -> GateResult:
        """Compare exactly; neutral where there is nothing, a doubt, or only a target."""
        percent = ratio.percent
        if percent is None:
            return self._result(Outcome.NEUTRAL, self.nothing, "–")
        actual = f"{ratio.covered:,} of {format_count(ratio.total, self.unit, self._units)}, "
        actual += format_percent(percent)
        if doubt:
            return self._result(Outcome.NEUTRAL, doubt, actual)
        short = self._short(percent)
        if self.minimum is None:
            reason = f"it has a target and no minimum{short and ': ' + short}"
            return self._result(Outcome.NEUTRAL, reason, actual)
        if percent >= self.minimum:
            summary = f"{format_percent(percent)}{short and ', ' + short}"
            return self._result(Outcome.PASS, summary, actual)
        more = ceil(self.minimum * ratio.total / 100) - ratio.covered
        missing = f"{more:,} more {self.unit if more == 1 else self._units}"
        todo = f"{self.verb} {missing}"
        needed = f"{self.needed} is needed{self.origin and f' ({self.origin})'}"
        return self._result(
            Outcome.FAIL,
            f"{format_percent(percent)}, {needed}: {todo}",
            actual,
            f"{self._what} has {format_percent(percent)}, {needed}: {todo}",
        )

    @property
    def _units(self) -> str:
        return f"{self.unit}es" if self.unit.endswith("ch") else f"{self.unit}s"

    @property
    def _what(self) -> str:
        return f"{self.gate} {self.subject}" if self.subject else self.gate

    @property
    def needed(self) -> str:
        """The percentage that is needed, as text."""
        limit = self.minimum or Fraction(0)
        if self.origin:  # counted, not written: rounded up, so that nothing looks like it
            return format_percent(Fraction(ceil(limit * 100), 100))
        return f"{format_limit(limit)} %"

    @property
    def _required(self) -> str:
        if self.minimum is None:
            return f"target {format_limit(self.target or Fraction(0))} %"
        origin = f", {self.origin}" if self.origin else ""
        target = "" if self.target is None else f", target {format_limit(self.target)} %"
        return f"≥ {self.needed}{origin}{target}"

    def _short(self, percent: Fraction) -> str:
        """Return how far it is to the target; empty where there is none, or it is reached."""
        if self.target is None or percent >= self.target:
            return ""
        points = f"{format_percent(self.target - percent).removesuffix(' %')} points"
        return f"{points} short of its target of {format_limit(self.target)} %"

    def _result(
        self, outcome: Outcome, summary: str, actual: str, headline: str = ""
    ) -> GateResult:
        return GateResult(
            self.gate,
            outcome,
            summary,
            actual,
            self._required,
            self.blocking,
            self.subject,
            headline,
        )
