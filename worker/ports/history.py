"""What pages and programs read of the store: every query is indexed, and limited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from worker.core.refs import Repository, Sha
    from worker.ports.records import (
        BaselineRecord,
        ConclusionRecord,
        OverrideRecord,
        PointRecord,
        PullRecord,
        SnapshotRecord,
        VerdictRecord,
    )

__all__ = ["History"]


class History(Protocol):
    """The past, for those who look at it: nothing here writes.

    Every method may raise `PostponedError` where the database does not answer.
    """

    def list_repositories(
        self, *, after: str = "", most: int, private: Collection[int] | None = None
    ) -> tuple[Repository, ...]:
        """Return the repositories whose names come after that one, by name in lower case.

        Of the private ones, those that `private` has the ids of (None: all).
        """
        ...

    def find_repository(self, full_name: str) -> Repository | None:
        """Return the repository that has a name now, whatever its letters' case."""
        ...

    def points(self, repository_id: int, branch: str, *, most: int) -> tuple[PointRecord, ...]:
        """Return the newest points of a branch, the oldest first."""
        ...

    def points_of(
        self, places: Sequence[tuple[int, str]], *, most: int
    ) -> Mapping[int, tuple[PointRecord, ...]]:
        """Return the same for several repositories and their branches, by repository.

        Their `data` is left out.
        """
        ...

    def snapshot(self, repository_id: int, branch: str) -> SnapshotRecord | None:
        """Return the newest snapshot of a branch."""
        ...

    def pull(self, repository_id: int, number: int) -> PullRecord | None:
        """Return a pull request as it was seen last."""
        ...

    def open_pulls(
        self, repository_id: int, *, most: int
    ) -> tuple[tuple[PullRecord, ConclusionRecord | None], ...]:
        """Return the open pull requests, newest first, each with what its head ended with."""
        ...

    def conclusions(
        self, repository_id: int, number: int | None = None, *, most: int
    ) -> tuple[ConclusionRecord, ...]:
        """Return what heads ended with, the newest first: of a repository, or a pull request."""
        ...

    def conclusions_of(self, repository_ids: Sequence[int]) -> Mapping[int, ConclusionRecord]:
        """Return the newest conclusion of each repository that has one."""
        ...

    def numbers_of(self, repository_id: int, head_sha: Sha) -> tuple[int, ...]:
        """Return the pull requests that had a commit as their head, at most 20, by number."""
        ...

    def verdict(self, repository_id: int, number: int, head_sha: Sha) -> VerdictRecord | None:
        """Return the verdict on a head."""
        ...

    def inputs(self, full_name: str, number: int) -> tuple[Sha, bytes] | None:
        """Return the head and the inputs of a pull request's latest verdict."""
        ...

    def baseline(self, repository_id: int, commits: Sequence[Sha]) -> BaselineRecord | None:
        """Return the baseline of the first of `commits` that has one."""
        ...

    def latest_overrides(
        self, repository_id: int, number: int | None = None, *, most: int
    ) -> tuple[OverrideRecord, ...]:
        """Return the newest overrides of a repository, or of a pull request, newest first."""
        ...
