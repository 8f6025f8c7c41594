"""What Covgate reads of GitHub's JSON: the fields in use, each type once.

Everything else in an answer is skipped unread. Each type turns itself into the value that
travels on. Fields may be null wherever GitHub's description or a deleted account, fork or
App makes them so: https://github.com/github/rest-api-description
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from worker.core.refs import (
    Artifact,
    CheckRun,
    Comment,
    Hook,
    HookDelivery,
    Installation,
    PullRequest,
    Registration,
    Repository,
    Role,
    RunPull,
    Sha,
    WorkflowRun,
)

__all__ = [
    "AppAnswer",
    "ArtifactAnswer",
    "ArtifactPage",
    "CheckAnswer",
    "CheckPage",
    "CommentAnswer",
    "DeliveryAnswer",
    "HookAnswer",
    "InstallationAnswer",
    "MembershipAnswer",
    "PullAnswer",
    "RepositoryAnswer",
    "RepositoryPage",
    "RoleAnswer",
    "RunAnswer",
    "RunPage",
]


class _Owner(msgspec.Struct):
    id: int = 0
    login: str = ""
    type: str = ""


class AppAnswer(msgspec.Struct):
    """A GitHub App."""

    id: int
    slug: str = ""
    permissions: dict[str, str] = {}
    events: list[str] = []
    html_url: str = ""
    owner: _Owner | None = None

    def value(self) -> Registration:
        """Return how it is registered."""
        granted = tuple(sorted(self.permissions.items()))
        owner = self.owner or _Owner()
        return Registration(
            self.slug,
            granted,
            tuple(sorted(self.events)),
            self.html_url,
            owner.id,
            owner.login if owner.type == "Organization" else "",
        )


class HookAnswer(msgspec.Struct):
    """An App's webhook."""

    url: str = ""
    insecure_ssl: str | int = "0"

    def value(self) -> Hook:
        """Return where it leads."""
        return Hook(self.url, verified=str(self.insecure_ssl) != "1")


class InstallationAnswer(msgspec.Struct):
    """An installation of the App."""

    id: int
    account: _Account | None = None
    suspended_at: datetime | None = None
    permissions: dict[str, str] = {}

    def value(self) -> Installation:
        """Return the installation."""
        name = (self.account.login or self.account.slug) if self.account else ""
        granted = tuple(sorted(self.permissions.items()))
        return Installation(self.id, name, self.suspended_at is not None, granted)


class _Account(msgspec.Struct):
    login: str = ""
    slug: str = ""  # an enterprise has one


class DeliveryAnswer(msgspec.Struct):
    """An attempt at delivering a webhook."""

    id: int
    guid: str
    event: str
    status_code: int
    delivered_at: datetime

    def value(self) -> HookDelivery:
        """Return the attempt."""
        return HookDelivery(self.id, self.guid, self.event, self.status_code, self.delivered_at)


class _User(msgspec.Struct):
    login: str
    type: str = "User"


class _Named(msgspec.Struct):
    full_name: str


class RepositoryAnswer(msgspec.Struct):
    """A repository."""

    id: int
    full_name: str
    default_branch: str
    private: bool
    html_url: str
    open_issues_count: int = 1
    """Of issues and pull requests together."""
    archived: bool = False

    def value(self, installation_id: int) -> Repository:
        """Return it, as seen through an installation."""
        return Repository(
            installation_id=installation_id,
            id=self.id,
            full_name=self.full_name,
            default_branch=self.default_branch,
            private=self.private,
            url=self.html_url,
        )


class _End(msgspec.Struct):
    ref: str
    sha: Sha
    repo: _Named | None = None


class _Base(msgspec.Struct):
    ref: str
    sha: Sha
    repo: RepositoryAnswer | None = None


class PullAnswer(msgspec.Struct):
    """A pull request, alone or in a list."""

    number: int
    title: str
    state: str
    base: _Base
    head: _End
    html_url: str
    user: _User | None = None
    draft: bool = False
    merge_commit_sha: Sha | None = None

    def value(self, installation_id: int = 0) -> PullRequest:
        """Return the pull request, as seen through an installation."""
        place = self.base.repo.value(installation_id) if self.base.repo else None
        return PullRequest(
            repository=place,
            number=self.number,
            title=self.title,
            author=self.user.login if self.user else "",
            state=self.state,
            draft=self.draft,
            base_ref=self.base.ref,
            base_sha=self.base.sha,
            head_ref=self.head.ref,
            head_sha=self.head.sha,
            head_repository=self.head.repo.full_name if self.head.repo else None,
            merge_commit_sha=self.merge_commit_sha,
            url=self.html_url,
        )


class _RunEnd(msgspec.Struct):
    sha: Sha
    ref: str
    repo: _Numbered | None = None


class _Numbered(msgspec.Struct):
    id: int
    full_name: str = ""


class _RunPull(msgspec.Struct):
    number: int
    head: _RunEnd
    base: _RunEnd


class _HeadCommit(msgspec.Struct):
    tree_id: Sha | None = None


class RunAnswer(msgspec.Struct):
    """A workflow run."""

    id: int
    workflow_id: int
    event: str
    head_sha: Sha
    html_url: str
    status: str | None = None
    name: str | None = None
    path: str = ""
    conclusion: str | None = None
    run_attempt: int = 1
    head_branch: str | None = None
    head_repository: _Named | None = None
    head_commit: _HeadCommit | None = None
    repository: _Numbered | None = None
    pull_requests: list[_RunPull] | None = None
    run_started_at: datetime | None = None
    updated_at: datetime | None = None

    def value(self) -> WorkflowRun:
        """Return the run."""
        return WorkflowRun(
            id=self.id,
            attempt=self.run_attempt,
            name=self.name or self.path,
            workflow_id=self.workflow_id,
            event=self.event,
            status=self.status or "",
            conclusion=self.conclusion,
            head_sha=self.head_sha,
            head_branch=self.head_branch or "",
            head_repository=self.head_repository.full_name if self.head_repository else None,
            started_at=self.run_started_at,
            updated_at=self.updated_at,
            url=self.html_url,
            tree=self.head_commit.tree_id if self.head_commit else None,
            pulls=self._pulls(),
        )

    def _pulls(self) -> tuple[RunPull, ...]:
        """Return the pull requests of this repository: a fork's run may name another one's."""
        ours = self.repository.id if self.repository else None
        return tuple(
            RunPull(pull.number, pull.head.sha, pull.base.ref)
            for pull in self.pull_requests or ()
            if pull.base.repo is not None and pull.base.repo.id == ours
        )


class RepositoryPage(msgspec.Struct):
    """A page of an installation's repositories."""

    repositories: list[RepositoryAnswer]


class RunPage(msgspec.Struct):
    """A page of workflow runs."""

    workflow_runs: list[RunAnswer]


class ArtifactAnswer(msgspec.Struct):
    """An artifact of a run."""

    id: int
    name: str
    size_in_bytes: int
    expired: bool
    created_at: datetime | None = None
    digest: str | None = None

    def value(self, run_id: int) -> Artifact:
        """Return the artifact."""
        return Artifact(
            id=self.id,
            name=self.name,
            size=self.size_in_bytes,
            expired=self.expired,
            run_id=run_id,
            created_at=self.created_at,
            digest=self.digest,
        )


class ArtifactPage(msgspec.Struct):
    """A page of artifacts."""

    artifacts: list[ArtifactAnswer]


class CheckAnswer(msgspec.Struct):
    """A check run."""

    id: int
    name: str
    head_sha: Sha
    status: str
    conclusion: str | None = None
    external_id: str | None = None
    app: AppAnswer | None = None

    def value(self) -> CheckRun:
        """Return the check run."""
        return CheckRun(
            id=self.id,
            name=self.name,
            head_sha=self.head_sha,
            status=self.status,
            conclusion=self.conclusion,
            external_id=self.external_id or "",
        )


class CheckPage(msgspec.Struct):
    """A page of check runs."""

    check_runs: list[CheckAnswer]


class CommentAnswer(msgspec.Struct):
    """A comment of a conversation."""

    id: int
    body: str | None = None
    user: _User | None = None
    performed_via_github_app: AppAnswer | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    issue_url: str = ""

    def value(self, *, own: bool) -> Comment:
        """Return the comment."""
        number = self.issue_url.rpartition("/")[2]
        return Comment(
            id=self.id,
            author=self.user.login if self.user else "",
            own=own,
            body=self.body or "",
            bot=self.user is not None and self.user.type == "Bot",
            edited=self.updated_at != self.created_at,
            number=int(number) if number.isdecimal() else 0,
            created_at=self.created_at,
        )


class RoleAnswer(msgspec.Struct):
    """What a person may do in a repository."""

    permission: str
    role_name: str = ""

    def value(self) -> Role:
        """Return the role."""
        return Role(self.permission, self.role_name or self.permission)


class MembershipAnswer(msgspec.Struct):
    """A person's membership of a team."""

    state: str
