"""What the store keeps: one frozen value for each kind of row."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from worker.core.refs import (
        Sha,
    )

__all__ = [
    "BaselineRecord",
    "FlagRecord",
    "FlappingRecord",
    "ObservationRecord",
    "OverrideRecord",
    "VerdictRecord",
]


@dataclass(frozen=True, slots=True)
class BaselineRecord:
    """A report of a commit on a branch that pull requests are compared with.

    `report` is `worker.core.codec`'s encoding; `run_id` and `attempt` say which run it
    came from (a later run or attempt replaces an earlier one, never the other way round).
    """

    repository_id: int
    commit: Sha
    branch: str
    covered: int
    total: int
    report: bytes
    run_id: int
    attempt: int
    recorded_at: datetime
    flags: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    """The same encoding by flag."""
    details: bytes | None = None
    """`worker.core.codec_details`' encoding; None where it was recorded without."""


@dataclass(frozen=True, slots=True)
class FlagRecord:
    """A flag's report of a commit that is a baseline."""

    commit: Sha
    flag: str
    report: bytes
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ObservationRecord:
    """The newest whole report of a tree, kept for a while to be compared with the next.

    `suites` stands for what ran: reports of other suites differ for good reasons.
    """

    repository_id: int
    tree: Sha
    suites: str
    report: bytes
    run_id: int
    attempt: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class FlappingRecord:
    """Lines of a file that are known to flap: see `worker.core.flapping`."""

    repository_id: int
    path: str
    shape: str
    lines: int
    """A bitmap."""
    recorded_at: datetime
    """When they were last seen to flap."""


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A concluded verdict on a head commit, for the history.

    `details` is JSON: "{}" where no report was read, and only a message concluded.
    """

    repository_id: int
    number: int
    head_sha: Sha
    conclusion: str
    title: str
    details: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class OverrideRecord:
    """One override in the ledger, told apart by the comment that asked for it.

    `uncovered` are bitmaps of the new code's uncovered lines by path, of the `tested`
    commit; both are empty until there is a verdict on the head.
    """

    repository_id: int
    comment_id: int
    place: int
    """Which of the comment's commands it was, from 0."""
    number: int
    head_sha: Sha
    who: str
    reason: str
    made_at: datetime
    gate: str = ""
    """The one gate that it is about; empty for the whole check."""
    until: datetime | None = None
    tested: str = ""
    uncovered: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    ended_at: datetime | None = None
    ended_by: str = ""
    """Who revoked it; `push` or `date`, which no login can be mistaken for: "@mira"."""
    ended_comment: int | None = None
    """The comment that revoked it."""
    shown_in: int | None = None
    """The first pull request that touched the lines which stayed uncovered."""
