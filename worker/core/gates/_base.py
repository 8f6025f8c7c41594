"""What a gate is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.core.verdict import Evidence, GateResult

__all__ = ["Gate"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One rule: its name in tables and commands, and the function that judges evidence.

    It gives one result; one for each flag, package or critical path; or none where the
    configuration does not ask for it.
    """

    name: str
    judge: Callable[[Evidence], tuple[GateResult, ...]]
