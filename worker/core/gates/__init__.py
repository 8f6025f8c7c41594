"""The gates, in the order in which they are shown.

To add one: a file beside this one, a line in `GATES`, a row in docs/gates.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.gates import new_code, regression
from worker.core.gates._base import Gate

if TYPE_CHECKING:
    from worker.core.verdict import Evidence, GateResult

__all__ = ["GATES", "Gate", "judge"]

GATES: tuple[Gate, ...] = (new_code.GATE, regression.GATE)


def judge(evidence: Evidence) -> tuple[GateResult, ...]:
    """Return the result of every gate."""
    return tuple(gate.judge(evidence) for gate in GATES)
