"""What the flows need of the world, as protocols.

Each has one stateful fake in `tests/fakes/` and one real adapter; one contract suite in
`tests/contract/` runs against both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from worker.ports.github import (
    App,
    CheckAction,
    CheckOutput,
    CheckState,
    CommitStatus,
    GitHub,
)
from worker.ports.history import History
from worker.ports.inbox import MOST_CACHED, Cache, Claim, Effects, Inbox, verification
from worker.ports.records import (
    BaselineRecord,
    ConclusionRecord,
    FlagRecord,
    FlakyRecord,
    FlappingRecord,
    ObservationRecord,
    OverrideRecord,
    PointRecord,
    PullRecord,
    PushRecord,
    SnapshotRecord,
    SuiteRecord,
    VerdictRecord,
)
from worker.ports.store import Store

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "MOST_CACHED",
    "App",
    "BaselineRecord",
    "Cache",
    "CheckAction",
    "CheckOutput",
    "CheckState",
    "Claim",
    "Clock",
    "CommitStatus",
    "ConclusionRecord",
    "Effects",
    "FlagRecord",
    "FlakyRecord",
    "FlappingRecord",
    "GitHub",
    "History",
    "Inbox",
    "ObservationRecord",
    "OverrideRecord",
    "PointRecord",
    "PullRecord",
    "PushRecord",
    "SnapshotRecord",
    "Store",
    "SuiteRecord",
    "VerdictRecord",
    "verification",
]


class Clock(Protocol):
    """The time of day; the one clock that flows look at."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...
