"""GitHub, seen through the App: one repository, and all installations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

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
    from worker.core.render import Annotation

__all__ = ["App", "CheckAction", "CheckOutput", "CheckState", "CommitStatus", "GitHub"]


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """What a check run shows: Markdown, within GitHub's limits.

    `title` is one line of at most 255 characters; `summary` and `text` have at most 65,535
    bytes each.
    """

    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    """At most 50. GitHub adds them to those that the check has, and takes none back."""


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

    def compare(self, base: str, head: str, *, commits: int = 1) -> Comparison:
        """Return the merge base of two commits and the diff from there to `head`.

        Messages are told of the first so many `commits`, up to 100.
        """
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

    def annotations(self, check_id: int) -> tuple[Annotation, ...]:
        """Return the remarks that a check run has, in the order in which they came."""
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
