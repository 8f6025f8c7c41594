"""What there is of a repository, asked of the store at a cost that does not grow with time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from bot.dashboard.facts import (
    EMPTY_SNAPSHOT,
    Count,
    SnapshotFacts,
    VerdictFacts,
    read_snapshot,
    read_verdict,
)
from worker.core.refs import Sha

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.model import FileCoverage
    from worker.core.refs import Repository
    from worker.ports import (
        ConclusionRecord,
        History,
        OverrideRecord,
        PointRecord,
        PullRecord,
        VerdictRecord,
    )

__all__ = [
    "Branch",
    "Listed",
    "MeasuredFile",
    "OnePull",
    "find_file",
    "list_repositories",
    "read_branch",
    "read_pull",
    "target_of",
]

MOST_POINTS = 60
"""Commits that a trend shows."""
_SPARK_POINTS = 20
_MOST_PULLS = 50
_MOST_OVERRIDES = 30
_MOST_HEADS = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository among others."""

    repository: Repository
    points: tuple[PointRecord, ...]
    last: ConclusionRecord | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A repository's branch: its newest figures, and what goes on around it."""

    repository: Repository
    name: str
    points: tuple[PointRecord, ...]
    """The oldest first."""
    snapshot: SnapshotFacts = EMPTY_SNAPSHOT
    commit: str = ""
    """The commit that the snapshot is of."""
    pulls: tuple[tuple[PullRecord, ConclusionRecord | None], ...] = ()
    overrides: tuple[OverrideRecord, ...] = ()

    @property
    def lines(self) -> Count | None:
        """Covered of all lines of the newest commit; None where there is no report yet."""
        if not self.points:
            return None
        return Count(self.points[-1].covered, self.points[-1].total)

    @property
    def target(self) -> Fraction | None:
        """The percentage that the project aims at."""
        return target_of(self.snapshot)


@dataclass(frozen=True, slots=True)
class OnePull:
    """A pull request, what its newest head ended with, and the heads before."""

    repository: Repository
    number: int
    pull: PullRecord | None
    """None where it was judged before pull requests were kept."""
    record: VerdictRecord | None
    """None while its head is waited for."""
    facts: VerdictFacts | None
    heads: tuple[ConclusionRecord, ...]
    overrides: tuple[OverrideRecord, ...]


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """What a report says of a file; the lines are those of `commit`."""

    commit: str
    coverage: FileCoverage | None
    """None where the report does not mention it."""


def list_repositories(history: History, repositories: Sequence[Repository]) -> tuple[Listed, ...]:
    """Return some repositories with how they went of late, in the same order."""
    places = [(one.id, one.default_branch) for one in repositories]
    points = history.points_of(places, most=_SPARK_POINTS)
    last = history.conclusions_of([one.id for one in repositories])
    return tuple(Listed(one, points.get(one.id, ()), last.get(one.id)) for one in repositories)


def read_branch(history: History, repository: Repository, name: str, *, around: bool) -> Branch:
    """Return a branch; with what is `around` it: pull requests and overrides."""
    points = history.points(repository.id, name, most=MOST_POINTS)
    record = history.snapshot(repository.id, name)
    found = Branch(
        repository,
        name,
        points,
        EMPTY_SNAPSHOT if record is None else read_snapshot(record.data),
        "" if record is None else record.commit,
    )
    if not around:
        return found
    return Branch(
        *(repository, name, points, found.snapshot, found.commit),
        pulls=history.open_pulls(repository.id, most=_MOST_PULLS),
        overrides=history.latest_overrides(repository.id, most=_MOST_OVERRIDES),
    )


def read_pull(history: History, repository: Repository, number: int) -> OnePull | None:
    """Return a pull request; None where nothing was ever known of it."""
    pull = history.pull(repository.id, number)
    heads = history.conclusions(repository.id, number, most=_MOST_HEADS)
    if pull is None and not heads:
        return None
    head = pull.head_sha if pull is not None else heads[0].head_sha
    record = history.verdict(repository.id, number, head)
    return OnePull(
        repository,
        number,
        pull,
        record,
        None if record is None else read_verdict(record.details),
        heads,
        history.latest_overrides(repository.id, number, most=_MOST_OVERRIDES),
    )


def find_file(
    history: History, repository: Repository, commit: str, path: str
) -> MeasuredFile | None:
    """Return what is known of a file at a commit: of a baseline, or of a pull request's head.

    None where no report of the commit is kept. That of a head may be of another commit: CI
    tests what the head is merged as, and the lines are that one's.
    """
    # Only here: reports are decoded by the engine, which the receiver does without.
    from worker.core.codec import decode_report  # noqa: PLC0415 -- as above

    record = history.baseline(repository.id, [Sha(commit)])
    if record is not None:
        return MeasuredFile(commit, decode_report(record.report).files.get(path))
    for number in reversed(history.numbers_of(repository.id, Sha(commit))):
        kept = history.inputs(repository.full_name, number)
        if kept is not None and kept[0] == commit:
            return _of_inputs(kept[1], commit, path)
    return None


def _of_inputs(data: bytes, commit: str, path: str) -> MeasuredFile | None:
    from worker.core.errors import CovgateError  # noqa: PLC0415 -- as above
    from worker.core.replay import decode_replay  # noqa: PLC0415 -- as above

    try:
        inputs, context = decode_replay(data)
    except CovgateError:
        return None
    tested = commit if context.tested is None else context.tested.commit
    return MeasuredFile(tested, inputs.report.files.get(path))


def target_of(snapshot: SnapshotFacts) -> Fraction | None:
    """Return the percentage that the whole project aims at, as the goals have it."""
    goals = next((one for one in snapshot.insights if one.name == "goals"), None)
    table = goals.tables[0] if goals is not None and goals.tables else None
    if table is None or not table.rows or "target" not in table.columns:
        return None
    at = table.columns.index("target")
    text = str(table.rows[0][at]) if at < len(table.rows[0]) else ""
    try:
        target = Fraction(text.removesuffix("%").strip())
    except (ValueError, ZeroDivisionError):
        return None
    return target if 0 <= target <= 100 else None
