"""History and baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    from worker.core.habits import Outcome
    from worker.core.numbers import Ratio
    from worker.core.refs import (
        Repository,
        Sha,
    )
    from worker.ports.records import (
        BaselineRecord,
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

__all__ = ["Store"]


class Store(Protocol):
    """History and baselines: what outlives the queue."""

    def remember_repository(self, repository: Repository) -> None:
        """Record a repository (or its new name)."""
        ...

    def record_baseline(self, record: BaselineRecord) -> None:
        """Keep a baseline; an older run or attempt never replaces a newer one's."""
        ...

    def baseline(self, repository_id: int, commits: Sequence[Sha]) -> BaselineRecord | None:
        """Return the baseline of the first of `commits` that has one."""
        ...

    def flag(self, repository_id: int, flag: str, commits: Sequence[Sha]) -> FlagRecord | None:
        """Return the flag's report of the first of `commits` that has one."""
        ...

    def record_tree(self, repository_id: int, commit: Sha, tree: Sha) -> None:
        """Remember the tree of a commit that the repository's own push run tested."""
        ...

    def commits_of(self, repository_id: int, trees: Sequence[Sha]) -> Mapping[Sha, Sequence[Sha]]:
        """Return the remembered commits of those trees that have some, sorted."""
        ...

    def record_observation(self, record: ObservationRecord) -> None:
        """Keep an observation instead of an earlier one; those of a month ago are dropped."""
        ...

    def observation(self, repository_id: int, tree: Sha) -> ObservationRecord | None:
        """Return what was observed of a tree."""
        ...

    def record_flapping(self, records: Sequence[FlappingRecord]) -> None:
        """Add to what is known to flap in one repository; what was long not seen is dropped."""
        ...

    def flapping(self, repository_id: int) -> tuple[FlappingRecord, ...]:
        """Return what is known to flap in a repository, the newest 10,000 files, by path."""
        ...

    def record_outcomes(
        self, repository_id: int, branch: str, kind: str, outcomes: Sequence[Outcome]
    ) -> None:
        """Keep what workflows left, instead of what they left before for the same number.

        `kind` is a `SubjectKind`'s value. What is older than 90 days is dropped.
        """
        ...

    def outcomes(self, repository_id: int, branch: str, kind: str) -> tuple[Outcome, ...]:
        """Return the newest 200 outcomes of a branch, the newest first."""
        ...

    def record_point(self, record: PointRecord) -> None:
        """Keep a commit's figures instead of earlier ones; those of three years ago are dropped."""
        ...

    def points(self, repository_id: int, branch: str, *, most: int) -> tuple[PointRecord, ...]:
        """Return the newest points of a branch, at most so many, the oldest first."""
        ...

    def record_snapshot(self, record: SnapshotRecord) -> None:
        """Keep the analysis of a branch instead of an earlier one."""
        ...

    def snapshot(self, repository_id: int, branch: str) -> SnapshotRecord | None:
        """Return the newest analysis of a branch."""
        ...

    def record_push(self, record: PushRecord) -> None:
        """Keep which files a push changed; pushes of more than 90 days ago are dropped."""
        ...

    def churn(self, repository_id: int, since: datetime) -> Mapping[str, int] | None:
        """Return in how many pushes since then each file changed; None where none is known."""
        ...

    def note_tests(self, records: Sequence[SuiteRecord]) -> None:
        """Add how tests of one repository went, and remember those that flaked.

        Noting the same twice changes nothing. What was kept of a tree to compare with is
        dropped after 30 days, flakes and what they are counted by after 90.
        """
        ...

    def flaky(self, repository_id: int) -> tuple[FlakyRecord, ...]:
        """Return the tests that are known to flake, by name; of the newest 10,000 flakes."""
        ...

    def clear_flaky(self, repository_id: int, test: str) -> int:
        """Forget the flakes of a test, as it is mended; return how many there were."""
        ...

    def best(self, repository_id: int, branch: str) -> Ratio | None:
        """Return the highest coverage of the branch's baselines, as it was counted for each."""
        ...

    def has_baseline(self, repository_id: int) -> bool:
        """Return whether the repository has any baseline."""
        ...

    def has_report(self, repository_id: int) -> bool:
        """Return whether any report of the repository was ever read."""
        ...

    def record_verdict(self, record: VerdictRecord) -> None:
        """Keep a verdict; the same head's later one replaces it."""
        ...

    def record_inputs(self, repository_id: int, number: int, head_sha: Sha, inputs: bytes) -> None:
        """Keep what a verdict was made from; that of a pull request's later one replaces it.

        `inputs` is `worker.core.replay`'s encoding.
        """
        ...

    def inputs(self, full_name: str, number: int) -> tuple[Sha, bytes] | None:
        """Return the head and the inputs of a pull request's latest verdict."""
        ...

    def record_pull(self, record: PullRecord) -> None:
        """Keep how a pull request is now, instead of how it was."""
        ...

    def record_override(self, record: OverrideRecord) -> None:
        """Enter an override into the ledger, or how it went on, by its comment and place."""
        ...

    def overrides(
        self, repository_id: int, number: int | None = None
    ) -> tuple[OverrideRecord, ...]:
        """Return the overrides of a repository, or of one pull request, the oldest first."""
        ...

    def ledger(self, full_name: str = "") -> tuple[tuple[str, OverrideRecord], ...]:
        """Return all overrides with their repositories' names, or of one, the oldest first."""
        ...

    def verdict(self, repository_id: int, number: int, head_sha: Sha) -> VerdictRecord | None:
        """Return the verdict on a head."""
        ...

    def is_judged(self, repository_id: int, number: int) -> bool:
        """Return whether a pull request has a verdict, on whatever head."""
        ...

    def verdicts(self, repository_id: int, head_sha: Sha) -> tuple[VerdictRecord, ...]:
        """Return the verdicts on a head, of all pull requests that share it, by number."""
        ...

    def facts(self, repository_id: int, keys: Sequence[str], day: date) -> Mapping[str, bytes]:
        """Return what is kept under those of the keys that are known, by key, sorted.

        Keys stand for a blob and how it was read; `day` is today, the day of this use.
        """
        ...

    def keep_facts(self, repository_id: int, facts: Mapping[str, bytes], day: date) -> None:
        """Keep facts by key; those that nobody asked for in 90 days are dropped."""
        ...

    def known_sources(self, repository_id: int, blobs: Sequence[str], day: date) -> Collection[str]:
        """Return those of the blobs that were given to `keep_sources`, sorted.

        `day` is today: whoever has a file still uses its content.
        """
        ...

    def sources(self, repository_id: int, blobs: Sequence[str], day: date) -> Mapping[str, bytes]:
        """Return the contents that are kept of those blobs, as they were given, sorted.

        `day` is today, the day of this use.
        """
        ...

    def keep_sources(
        self, repository_id: int, sources: Mapping[str, bytes], day: date, *, room: int
    ) -> None:
        """Keep contents by blob; b"" notes a file whose content is not worth it.

        What was used last is kept, up to `room` bytes of a repository; of the rest it is only
        noted that it was known. What nobody asked for in 30 days is dropped, of any repository.
        """
        ...

    def drop_sources(self) -> None:
        """Delete all contents, of all repositories."""
        ...

    def forget(self, installation_id: int, repository_id: int | None = None) -> None:
        """Delete all of an installation, or of one of its repositories."""
        ...

    def ping(self) -> None:
        """Raise `CovgateError` where the database does not answer."""
        ...
