"""Names of things on GitHub, and what GitHub says of them, as frozen values.

Parsed once at the door (`bot.events` for payloads, `worker.github_api` for answers); no
dictionary of GitHub's travels beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "Artifact",
    "ChangedFile",
    "CheckRun",
    "Comment",
    "Commit",
    "Comparison",
    "Hook",
    "HookDelivery",
    "Installation",
    "PullRequest",
    "Registration",
    "Repository",
    "RequiredCheck",
    "Role",
    "RunPull",
    "Sha",
    "WorkflowRun",
]

Sha = NewType("Sha", str)
"""A commit's (or blob's) full hexadecimal id."""


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    """A repository, and the installation through which Covgate reaches it.

    `id` stays when the repository is renamed or moved; `full_name` ("owner/name") is what
    the address of a request is made of.
    """

    installation_id: int
    id: int
    full_name: str
    default_branch: str = ""
    private: bool = False
    url: str = ""
    """Where people look at it: "https://github.com/owner/name"."""

    @property
    def owner(self) -> str:
        """The part before the slash."""
        return self.full_name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Registration:
    """The App as it is registered at GitHub."""

    slug: str
    permissions: tuple[tuple[str, str], ...]
    """(permission, level), sorted."""
    events: tuple[str, ...]
    """Those that it is subscribed to, sorted."""
    url: str = ""
    """Its page at GitHub; the one to install it from is below that."""
    owner_id: int = 0
    """The account that it belongs to."""
    organisation: str = ""
    """The login of that account, where it is an organisation."""


@dataclass(frozen=True, slots=True)
class Hook:
    """Where GitHub delivers an App's webhooks to."""

    url: str
    """"" where none is set."""
    verified: bool = True
    """Whether GitHub checks the receiver's certificate."""


@dataclass(frozen=True, slots=True, order=True)
class RequiredCheck:
    """A check that a branch's protection or ruleset asks for."""

    name: str
    app_id: int | None = None
    """The App that has to have set it; None where anybody may."""


@dataclass(frozen=True, slots=True, order=True)
class Installation:
    """An account's installation of the App."""

    id: int
    account: str
    suspended: bool = False
    permissions: tuple[tuple[str, str], ...] = ()
    """What the account has granted, (permission, level), sorted."""


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One attempt at delivering a webhook, as GitHub's log of the App has it.

    https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
    """

    id: int
    guid: str
    """The same for all attempts at one delivery."""
    event: str
    status_code: int
    delivered_at: datetime

    @property
    def arrived(self) -> bool:
        """Whether a receiver took it."""
        return 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as GitHub describes it now."""

    number: int
    title: str
    author: str
    state: str
    """`open` or `closed` (merged ones are closed)."""
    draft: bool
    base_ref: str
    base_sha: Sha
    """The base branch's tip when GitHub last looked; not the merge base."""
    head_ref: str
    head_sha: Sha
    head_repository: str | None
    """"owner/name" of the head's repository; None where the fork was deleted."""
    merge_commit_sha: Sha | None
    """GitHub's test merge of head into base; it moves whenever either does."""
    url: str
    repository: Repository | None = None
    """Where it was opened, where GitHub told it."""


@dataclass(frozen=True, slots=True)
class RunPull:
    """An open pull request that GitHub names with a run: its head and base of the moment.

    None is named for forks.
    """

    number: int
    head_sha: Sha
    base_ref: str


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """One run of a GitHub Actions workflow, in its latest attempt.

    https://docs.github.com/en/rest/actions/workflow-runs
    """

    id: int
    attempt: int
    name: str
    workflow_id: int
    event: str
    """What started it: `pull_request`, `push`, `dynamic`, …"""
    status: str
    """`queued`, `in_progress`, `completed`, `waiting`, `requested`, `pending`, …"""
    conclusion: str | None
    """None until it is completed; then `success`, `failure`, `cancelled`, `skipped`, …"""
    head_sha: Sha
    head_branch: str
    head_repository: str | None
    started_at: datetime | None
    updated_at: datetime | None
    url: str
    tree: Sha | None = None
    """The tree of `head_sha`, where GitHub told it."""
    pulls: tuple[RunPull, ...] = ()
    """Those of the same repository whose head it ran on."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A zip archive that a workflow run uploaded."""

    id: int
    name: str
    size: int
    """Bytes, compressed, as GitHub states them; a hint, never a limit."""
    expired: bool
    run_id: int
    created_at: datetime | None = None
    digest: str | None = None
    """"sha256:…" of the archive, where GitHub knows it."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a diff, as the compare and pull-request APIs list it.

    `patch` holds the hunks without the `---`/`+++` lines. It is None for binary files and
    pure renames, and also for files that GitHub found too long, which nothing marks.
    """

    path: str
    status: str
    """`added`, `removed`, `modified`, `renamed`, `copied`, `changed`, `unchanged`."""
    additions: int
    deletions: int
    patch: str | None
    previous_path: str | None = None
    blob_sha: Sha | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `compare/base...head` says: the merge base and the files changed since.

    `complete` is False when the list of files stops at the API's limit of 300.
    """

    merge_base: Sha
    files: tuple[ChangedFile, ...]
    complete: bool = True
    ahead_by: int = 0
    behind_by: int = 0
    merge_base_tree: Sha | None = None
    """The merge base's tree, where GitHub told it."""
    base_tip: Sha | None = None
    """The commit that the base's name stands for, where GitHub told it."""
    messages: tuple[str, ...] = ()
    """Of the commits ahead, the oldest first, as many as were asked for."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit and its parents, first parent first."""

    sha: Sha
    parents: tuple[Sha, ...]
    tree: Sha | None = None


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check run that this App made."""

    id: int
    name: str
    head_sha: Sha
    status: str
    conclusion: str | None
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment in a pull request's conversation."""

    id: int
    author: str
    own: bool
    """Whether this App wrote it; a marker alone proves nothing."""
    body: str
    bot: bool = False
    """Whether an App or another machine wrote it."""
    edited: bool = False
    """Whether it was changed after it was written."""
    number: int = 0
    """Of the issue or pull request that it belongs to."""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """What a person may do in a repository.

    `level` is GitHub's old four: `none`, `read`, `write`, `admin`; `name` the role itself:
    `read`, `triage`, `write`, `maintain`, `admin`, or one that the organisation made.
    https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    """

    level: str
    name: str
