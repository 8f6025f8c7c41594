"""What changed outside the diff: lines whose coverage flipped, and why."""

from worker.core.elsewhere.finding import compare_sides
from worker.core.elsewhere.values import (
    NOTHING_ELSEWHERE,
    Cause,
    CauseKind,
    Elsewhere,
    FlippedFile,
    Side,
)

__all__ = [
    "NOTHING_ELSEWHERE",
    "Cause",
    "CauseKind",
    "Elsewhere",
    "FlippedFile",
    "Side",
    "compare_sides",
]
