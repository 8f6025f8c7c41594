"""What the flows need of the world, as protocols.

Each has one stateful fake in `tests/fakes/` and one real adapter; one contract suite in
`tests/contract/` runs against both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from worker.contracts import Notice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.contracts import Subject
    from worker.core.refs import (
        Artifact,
        ChangedFile,
        CheckRun,
        Comment,
        Commit,
        Comparison,
        PullRequest,
        Repository,
        Sha,
        WorkflowRun,
    )

__all__ = [
    "BaselineRecord",
    "CheckOutput",
    "CheckState",
    "Claim",
    "Clock",
    "Effects",
    "GitHub",
    "Inbox",
    "Store",
    "VerdictRecord",
    "verification",
]


class Clock(Protocol):
    """The time of day; the one clock that flows look at."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """What a check run shows: Markdown, within GitHub's limits.

    `title` is one line of at most 255 characters; `summary` and `text` have at most 65,535
    bytes each.
    """

    title: str
    summary: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class CheckState:
    """What a check run should be.

    `status` is `in_progress` or `completed`; `conclusion` is None until it is completed,
    then `success`, `failure`, `neutral` or `action_required`.
    """

    status: str
    conclusion: str | None
    output: CheckOutput
    details_url: str | None = None


class GitHub(Protocol):
    """One repository, seen through one installation of the App.

    Every method may raise `PostponedError` (time-out, 5xx, rate limit: try later),
    `RefusedError` (401, 403, 422), `NotFoundError` (404) and `GoneError` (410).
    """

    def repository(self) -> Repository:
        """Return the repository as it is now."""
        ...

    def pull(self, number: int) -> PullRequest:
        """Return a pull request."""
        ...

    def pulls_from(self, head_repository: str, head_branch: str) -> tuple[PullRequest, ...]:
        """Return the open pull requests from a branch ("owner/name", "branch"), forks too."""
        ...

    def has_pulls_onto(self, branch: str) -> bool:
        """Return whether some open pull request has that branch as its base."""
        ...

    def runs(self, head_sha: Sha) -> tuple[WorkflowRun, ...]:
        """Return all workflow runs of a commit, by id."""
        ...

    def artifacts(self, run_id: int) -> tuple[Artifact, ...]:
        """Return a run's artifacts, by id, the expired ones too."""
        ...

    def download(self, artifact: Artifact, target: BinaryIO, *, limit: int) -> int:
        """Write an artifact's zip into `target` and return its bytes.

        Raises `GoneError` where it has expired, `ReportError` where it is longer than
        `limit` bytes or does not match its digest.
        """
        ...

    def compare(self, base: str, head: str) -> Comparison:
        """Return the merge base of two commits and the diff from there to `head`."""
        ...

    def pull_files(self, number: int) -> tuple[ChangedFile, ...]:
        """Return a pull request's changed files, up to the API's 3,000."""
        ...

    def file(self, path: str, ref: str, *, limit: int) -> bytes | None:
        """Return a file's bytes at a commit; None where there is none (or no plain file).

        Raises `RefusedError` where it is longer than `limit` bytes.
        """
        ...

    def paths(self, sha: Sha) -> frozenset[str]:
        """Return the paths of all files at a commit."""
        ...

    def ancestors(self, sha: Sha, *, limit: int) -> tuple[Commit, ...]:
        """Return `sha` and the commits before it, newest first, at most `limit`."""
        ...

    def checks(self, head_sha: Sha, name: str) -> tuple[CheckRun, ...]:
        """Return this App's own check runs of that name on a commit, oldest first."""
        ...

    def create_check(
        self, head_sha: Sha, name: str, state: CheckState, *, external_id: str
    ) -> CheckRun:
        """Make a check run. Not idempotent: see `worker.flows.effects`."""
        ...

    def update_check(self, check_id: int, state: CheckState) -> CheckRun:
        """Change a check run."""
        ...

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return all comments of a pull request's conversation, oldest first."""
        ...

    def create_comment(self, number: int, body: str) -> Comment:
        """Write a comment. Not idempotent: see `worker.flows.effects`."""
        ...

    def update_comment(self, comment_id: int, body: str) -> Comment:
        """Change a comment; `NotFoundError` where somebody deleted it."""
        ...

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment; nothing happens where it is gone already."""
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """A subject that is this worker's alone until the lease ends.

    `notices` are what was accepted for it, by delivery id; `tries` counts the claims since
    the last orderly end, this one included: above a few, the subject kills its workers.
    """

    subject: Subject
    token: str
    notices: Mapping[str, Notice]
    tries: int


def verification(claim: Claim) -> tuple[str, tuple[Notice, ...]]:
    """Return the delivery to accept after `LeaseLostError`: `inbox.accept(*verification(claim))`.

    The one who lost its lease may have written after the one who took over: somebody has to
    look once more, after both. The id is the claim's own, so that asking twice asks once.
    """
    names = [notice.repository for notice in claim.notices.values()]
    notice = Notice(claim.subject, names[0] if names else "", "verify")
    return f"verify-{claim.token}", (notice,)


class Effects(Protocol):
    """What is known about the things that a subject made on GitHub.

    Small texts by name, kept until the subject is forgotten. An intent is written before
    a creation and replaced by the id after it, so that a killed job leaves a doubt behind
    and never a double.
    """

    def get(self, name: str) -> str | None:
        """Return what is recorded under a name."""
        ...

    def put(self, name: str, value: str) -> None:
        """Record."""
        ...

    def put_new(self, name: str, value: str) -> bool:
        """Record where nothing is recorded yet; False, and nothing changes, where it is."""
        ...

    def remove(self, name: str) -> None:
        """Forget."""
        ...


class Inbox(Protocol):
    """Accepted work: durable, de-duplicated, one worker a subject at a time."""

    def accept(self, delivery_id: str, notices: Sequence[Notice], *, delay: float = 0) -> bool:
        """Take a delivery in, durably, and wake a worker; False where it was known.

        A known delivery asks for another look all the same, except for `once` notices.
        """
        ...

    def claim(self, subject: Subject) -> Claim | None:
        """Take a subject; None where another has it or nothing is to be done."""
        ...

    def renew(self, claim: Claim) -> None:
        """Prolong the lease; `LeaseLostError` where it is no longer this claim's."""
        ...

    def finish(self, claim: Claim) -> None:
        """End a claim: forget its notices; what came in meanwhile is due at once.

        Raises `LeaseLostError` where the lease was lost meanwhile.
        """
        ...

    def put_off(self, claim: Claim, seconds: float) -> None:
        """Hand a claim back, its notices kept, to be taken again after `seconds`.

        Raises `LeaseLostError` where the lease was lost meanwhile.
        """
        ...

    def hold_installation(self, installation_id: int, seconds: float) -> None:
        """Let nobody write or read for an installation before that (a rate limit)."""
        ...

    def held_for(self, installation_id: int) -> float:
        """Return for how many seconds an installation has to wait; 0 when it need not."""
        ...

    def effects(self, subject: Subject) -> Effects:
        """Return what is recorded of a subject's effects."""
        ...

    def forget(self, installation_id: int, repository_id: int | None = None) -> None:
        """Drop all of an installation, or of one of its repositories."""
        ...


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

    def has_baseline(self, repository_id: int) -> bool:
        """Return whether the repository has any baseline."""
        ...

    def has_report(self, repository_id: int) -> bool:
        """Return whether any report of the repository was ever read."""
        ...

    def record_verdict(self, record: VerdictRecord) -> None:
        """Keep a verdict; the same head's later one replaces it."""
        ...

    def verdict(self, repository_id: int, number: int, head_sha: Sha) -> VerdictRecord | None:
        """Return the verdict on a head."""
        ...

    def verdicts(self, repository_id: int, head_sha: Sha) -> tuple[VerdictRecord, ...]:
        """Return the verdicts on a head, of all pull requests that share it, by number."""
        ...

    def forget(self, installation_id: int, repository_id: int | None = None) -> None:
        """Delete all of an installation, or of one of its repositories."""
        ...

    def ping(self) -> None:
        """Raise `CovgateError` where the database does not answer."""
        ...
