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
    "ConclusionRecord",
    "FlagRecord",
    "FlakyRecord",
    "FlappingRecord",
    "ObservationRecord",
    "OverrideRecord",
    "PointRecord",
    "PullRecord",
    "PushRecord",
    "SnapshotRecord",
    "SuiteRecord",
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


@dataclass(frozen=True, slots=True)
class PullRecord:
    """A pull request as it was when it was looked at last."""

    repository_id: int
    number: int
    title: str
    author: str
    state: str
    """`open` or `closed`."""
    draft: bool
    base_ref: str
    head_sha: Sha
    url: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class ConclusionRecord:
    """What a pull request's head ended with: a `VerdictRecord` without its details."""

    repository_id: int
    number: int
    head_sha: Sha
    conclusion: str
    title: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class PointRecord:
    """The figures of one commit of a branch, for trends.

    `covered` and `total` are of its lines, counted as configured then; `data` is
    `worker.core.points`' JSON.
    """

    repository_id: int
    branch: str
    commit: Sha
    recorded_at: datetime
    covered: int
    total: int
    data: str


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """The whole analysis of the newest commit of a branch.

    `data` is `worker.core.snapshots`' encoding.
    """

    repository_id: int
    branch: str
    commit: Sha
    recorded_at: datetime
    data: bytes


@dataclass(frozen=True, slots=True)
class PushRecord:
    """The files that one push, or merge, to the default branch changed, sorted."""

    repository_id: int
    commit: Sha
    recorded_at: datetime
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SuiteRecord:
    """How the tests of one report went on a tree: `worker.core.flaky`'s states, by test.

    `suite` stands for the report: the same tests on another system are another suite.
    """

    repository_id: int
    tree: Sha
    suite: str
    states: Mapping[str, int]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class FlakyRecord:
    """A test that passed and failed on the same tree, in the last 90 days."""

    test: str
    runs: int
    """Trees on which its suite ran."""
    flakes: int
    """Those of them on which it did both."""
    last: datetime
