"""What the flows need of the world, as protocols.

Each has one stateful fake in `tests/fakes/` and one real adapter; one contract suite in
`tests/contract/` runs against both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, Protocol

from worker.contracts import Notice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.contracts import Subject
    from worker.core.habits import Outcome
    from worker.core.numbers import Ratio
    from worker.core.refs import (
        Artifact,
        ChangedFile,
        CheckRun,
        Comment,
        Commit,
        Comparison,
        HookDelivery,
        Installation,
        PullRequest,
        Repository,
        Role,
        Sha,
        WorkflowRun,
    )

MOST_CACHED = 256 * 2**10
"""The longest value that a cache keeps, in bytes."""

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
    "Effects",
    "FlagRecord",
    "FlappingRecord",
    "GitHub",
    "Inbox",
    "ObservationRecord",
    "OverrideRecord",
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
class CheckAction:
    """A button of a check run, of which there may be three.

    `label` and `identifier` have at most 20 characters, `description` 40.
    https://docs.github.com/en/rest/checks/runs#create-a-check-run
    """

    label: str
    description: str
    identifier: str


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
    actions: tuple[CheckAction, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """A commit's status of one context, of which the latest counts.

    `state` is `success`, `failure`, `error` or `pending`; `description` has at most 140
    characters.
    """

    context: str
    state: str
    description: str
    target_url: str = ""


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

    def open_pulls(self) -> tuple[PullRequest, ...]:
        """Return all open pull requests, by number."""
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
        """Return a file's bytes at a commit; None where there is nothing of that name.

        Raises `RefusedError` where it is longer than `limit` bytes, or no plain file.
        """
        ...

    def paths(self, sha: Sha) -> frozenset[str]:
        """Return the paths of all files at a commit."""
        ...

    def tree(self, sha: Sha) -> Mapping[str, Sha]:
        """Return the blob of each file at a commit, by path; no links and no submodules."""
        ...

    def commit(self, sha: Sha) -> Commit:
        """Return one commit."""
        ...

    def archive(self, sha: Sha, target: BinaryIO, *, limit: int) -> int:
        """Write a gzipped tar of a commit's files into `target` and return its bytes.

        Everything is below one folder. What the repository's attributes say of archives
        holds (`export-ignore`): compare what is found with `tree`. Raises `RefusedError`
        where it is longer than `limit` bytes.
        """
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

    def set_status(self, head_sha: Sha, status: CommitStatus) -> None:
        """Set a commit's status of a context, instead of an earlier one.

        Raises `RefusedError` where the App was not given `statuses: write`, which is not
        among what it needs.
        """
        ...

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return all comments of a pull request's conversation, oldest first."""
        ...

    def comment(self, comment_id: int) -> Comment:
        """Return a comment as it is now; `NotFoundError` where somebody deleted it."""
        ...

    def react(self, comment_id: int, content: str) -> None:
        """Put a reaction (`eyes`, `rocket`, `confused`) on a comment; twice is once.

        Nothing happens where the comment is gone.
        """
        ...

    def role(self, login: str) -> Role:
        """Return what a person may do in the repository now."""
        ...

    def is_in_team(self, team: str, login: str) -> bool:
        """Return whether a person is an active member of a team ("org/slug").

        Raises `RefusedError` where the App was not given `members: read`.
        """
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


class Cache(Protocol):
    """What GitHub said of things that never change: it saves requests, and decides nothing.

    It may forget anything at any time, and keeps no value of more than 256 KiB. Keys begin
    with the ids of the installation and the repository ("12:345:"), with whom they go.
    """

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key."""
        ...

    def put(self, key: str, value: bytes) -> None:
        """Keep a value for at most a day."""
        ...


class App(Protocol):
    """The GitHub App itself, over all its installations. Raises what `GitHub` raises."""

    def deliveries(self, since: datetime) -> tuple[HookDelivery, ...]:
        """Return the attempts at deliveries that were made since then, newest first."""
        ...

    def redeliver(self, delivery_id: int) -> None:
        """Ask GitHub to deliver once more what an attempt failed to."""
        ...

    def installations(self) -> tuple[Installation, ...]:
        """Return all installations, by id."""
        ...

    def repositories(self, installation_id: int) -> tuple[Repository, ...]:
        """Return an installation's repositories that may have open pull requests, by id."""
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

    def forget(self, installation_id: int, repository_id: int | None = None) -> None:
        """Delete all of an installation, or of one of its repositories."""
        ...

    def ping(self) -> None:
        """Raise `CovgateError` where the database does not answer."""
        ...
