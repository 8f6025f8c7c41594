"""How a gate decided, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["GateResult", "Outcome"]


class Outcome(StrEnum):
    """How a gate decided."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NEUTRAL = "neutral"
    """It could not or need not be judged; the summary says why."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate's verdict. `actual` and `required` are texts for one cell of a table each."""

    gate: str
    outcome: Outcome
    summary: str
    actual: str
    required: str
    blocking: bool = True
    subject: str = ""
    """The flag, package or critical path that was judged; empty for the whole project."""
    headline: str = ""
    """What the check's title says of a failure, without a capital or a stop; else the summary."""
    places: tuple[tuple[str, int], ...] = ()
    """What to look at: bitmaps of lines at the head by path, where the gate can tell."""

    @property
    def title(self) -> str:
        """What people call it: "new code", "package: core"."""
        return f"{self.gate}: {self.subject}" if self.subject else self.gate

    @property
    def name(self) -> str:
        """What programs call it, stable and unique in a verdict: "new_code", "package/core"."""
        gate = self.gate.replace(" ", "_")
        return f"{gate}/{self.subject}" if self.subject else gate

    @property
    def blocks(self) -> bool:
        """Whether this result fails the check."""
        return self.blocking and self.outcome is Outcome.FAIL
