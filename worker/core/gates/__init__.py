"""The gates, in the order in which they are shown: the most important ones first.

To add one: a file beside this one, a line in `GATES`, a row in docs/gates.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.gates import (
    branches,
    critical,
    flags,
    functions,
    new_code,
    packages,
    project,
    regression,
)
from worker.core.gates._base import Gate

if TYPE_CHECKING:
    from worker.core.verdict import Evidence, GateResult

__all__ = ["GATES", "Gate", "judge"]

GATES: tuple[Gate, ...] = (
    new_code.GATE,
    regression.GATE,
    critical.GATE,
    packages.GATE,
    project.GATE,
    flags.GATE,
    branches.GATE,
    functions.GATE,
)


def judge(evidence: Evidence) -> tuple[GateResult, ...]:
    """Return the results of every gate that is asked for."""
    return tuple(result for gate in GATES for result in gate.judge(evidence))
