"""What the stand-in remembers: plain records without behaviour."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "ACTIONS_APP_ID",
    "App",
    "Artifact",
    "Caps",
    "CheckRun",
    "CheckSuite",
    "Comment",
    "Consent",
    "Delivery",
    "Installation",
    "Json",
    "Reaction",
    "RequestRecord",
    "Run",
    "Token",
    "User",
    "UserToken",
    "Workflow",
    "node_id",
    "stamp",
]

Json = dict[str, Any]

ACTIONS_APP_ID = 15368
"""The id of GitHub Actions among the Apps of github.com."""


def node_id(kind: str, number: int) -> str:
    """Return an opaque id in the style of GitHub's GraphQL ids."""
    return base64.b64encode(f"{len(kind):03}:{kind}{number}".encode()).decode()


def stamp(time: datetime) -> str:
    """Return a time as GitHub writes it: "2026-01-31T12:00:00Z"."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class User:
    """An account: `kind` is `User`, `Organization` or `Bot`."""

    id: int
    login: str
    kind: str = "User"


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App: the one under test, or GitHub Actions."""

    id: int
    slug: str
    owner: User
    permissions: dict[str, str]
    events: tuple[str, ...]
    created_at: datetime


@dataclass(slots=True)
class Installation:
    """The App in one account: `repository_ids` are those it may see."""

    id: int
    account: User
    permissions: dict[str, str]
    created_at: datetime
    repository_ids: set[int] = field(default_factory=set)
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token, for `repository_ids` (None: all of the installation's)."""

    text: str
    installation_id: int
    permissions: dict[str, str]
    repository_ids: frozenset[int] | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class UserToken:
    """A token by which the App acts for a person."""

    text: str
    user: User
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """That a person let the App act for them: what a code stands for, once."""

    user: User
    redirect_uri: str
    challenge: str
    """The S256 challenge of PKCE; "" without one."""


@dataclass(slots=True)
class Comment:
    """A comment in the conversation of a pull request (or issue) `number`."""

    id: int
    number: int
    author: User
    body: str
    created_at: datetime
    updated_at: datetime
    app_id: int | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reaction:
    """One account's reaction: `content` is `eyes`, `rocket`, `confused` or the like."""

    id: int
    author: User
    content: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow file."""

    id: int
    name: str
    path: str


@dataclass(slots=True)
class Artifact:
    """A zip archive that a run uploaded; `expires_at` decides whether it still is there."""

    id: int
    name: str
    archive: bytes
    digest: str
    run_id: int
    created_at: datetime
    expires_at: datetime


@dataclass(slots=True)
class Run:
    """A workflow run in its latest attempt.

    `head_repository_id` is None where the fork was deleted. `checkout_sha` is the commit
    that its jobs check out, which GitHub tells nobody: it stays in later attempts.
    """

    id: int
    repository_id: int
    workflow: Workflow
    number: int
    event: str
    head_sha: str
    head_branch: str | None
    head_repository_id: int | None
    actor: User
    created_at: datetime
    updated_at: datetime
    started_at: datetime
    suite_id: int
    check_run_id: int
    checkout_sha: str
    attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    artifacts: list[Artifact] = field(default_factory=list)


@dataclass(slots=True)
class CheckSuite:
    """All check runs of one App on one commit."""

    id: int
    app: App
    head_sha: str
    head_branch: str | None
    created_at: datetime


@dataclass(slots=True)
class CheckRun:
    """A check run; `text` and `summary` are Markdown."""

    id: int
    name: str
    head_sha: str
    app: App
    suite_id: int
    created_at: datetime
    started_at: datetime
    status: str = "queued"
    conclusion: str | None = None
    completed_at: datetime | None = None
    details_url: str | None = None
    external_id: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)
    writes: int = 1
    """How often it was written, its creation included."""


@dataclass(slots=True)
class Delivery:
    """One sending of a webhook. `status_code` is None until it was sent."""

    id: int
    guid: str
    event: str
    action: str | None
    body: bytes
    installation_id: int | None
    repository_id: int | None
    created_at: datetime
    redelivery: bool = False
    delivered_at: datetime | None = None
    duration: float = 0.0
    status_code: int | None = None
    status: str = "pending"
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
    url: str = ""

    @property
    def payload(self) -> Json:
        """The body, read anew: kept as objects, thousands of deliveries take gigabytes."""
        read: Json = json.loads(self.body)
        return read


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request that the stand-in answered. `route` is the template, "" for none."""

    method: str
    route: str
    path: str
    status: int
    time: datetime
    installation_id: int | None = None
    storage: bool = False


@dataclass(slots=True)
class Caps:
    """GitHub's limits; tests lower them to reach them cheaply.

    Sources: the REST reference of each route;
    https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits
    """

    compare_files: int = 300
    pull_files: int = 3_000
    diff_lines: int = 20_000
    diff_bytes: int = 1_000_000
    file_diff_lines: int = 20_000
    file_diff_bytes: int = 500_000
    tree_entries: int = 100_000
    content_bytes: int = 1_048_576
    raw_bytes: int = 104_857_600
    comment_chars: int = 65_536
    output_bytes: int = 65_535
    annotations: int = 50
    artifact_url_seconds: int = 60
