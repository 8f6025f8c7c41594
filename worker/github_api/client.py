"""The port `worker.ports.GitHub` on GitHub's REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Self

from worker.core.errors import NotFoundError
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
from worker.github_api import artifacts, checks, comments, contents
from worker.github_api.answers import AppAnswer, PullAnswer, RepositoryAnswer, RunPage
from worker.github_api.auth import PERMISSIONS, AppKey, AppSource, InstallationSource
from worker.github_api.hosts import HostRule
from worker.github_api.tokens import TokenCache, TokenKey
from worker.github_api.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from worker.ports import CheckState, Clock

__all__ = ["GitHubApp", "RepositoryClient"]


class GitHubApp:
    """The App; makes clients, one a job.

    `base_url` is COVGATE_GITHUB_URL and `download_hosts` COVGATE_DOWNLOAD_HOSTS. It holds
    no connection, so that it may be made before a fork.
    """

    def __init__(
        self,
        key: AppKey,
        *,
        base_url: str,
        clock: Clock,
        tokens: TokenCache,
        download_hosts: Iterable[str] = (),
    ) -> None:
        self._key = key
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._tokens = tokens
        self._rule = HostRule(self._base_url, frozenset(download_hosts))
        self._slug: str | None = None

    @property
    def app_id(self) -> int:
        """The App's id."""
        return self._key.app_id

    def slug(self) -> str:
        """Return the App's name in addresses and logins; asked once."""
        if self._slug is None:
            with self._as_app() as transport:
                self._slug = transport.get("/app", AppAnswer).slug
        return self._slug

    def repository(
        self, installation_id: int, repository_id: int, full_name: str
    ) -> RepositoryClient:
        """Return a client for one repository; nothing is sent yet. Close it after the job.

        `full_name` is the name by the last delivery; `repository_id` decides.
        """
        key = TokenKey(installation_id, repository_id, tuple(sorted(PERMISSIONS.items())))
        source = InstallationSource(key, self._tokens, self._clock, self._as_app)
        transport = Transport(self._base_url, source, self._clock)
        place = Repository(installation_id, repository_id, full_name)
        return RepositoryClient(transport, place, self, self._rule)

    def _as_app(self) -> Transport:
        return Transport(self._base_url, AppSource(self._key, self._clock), self._clock)


class RepositoryClient:
    """One repository over one connection: for one job, in one thread."""

    def __init__(
        self, transport: Transport, place: Repository, app: GitHubApp, rule: HostRule
    ) -> None:
        self._transport = transport
        self._place = place
        self._app_id = app.app_id
        self._author = comments.Author(app.app_id, app.slug)
        self._rule = rule
        self._found = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    @property
    def _path(self) -> str:
        """The address of the repository, under the name that it has now.

        A renamed one answers with redirects, which PyGithub follows without the query: a
        file would silently be read at another commit. So the name is checked first, and
        that the id is still the same: another repository may have taken the name.
        """
        if not self._found:
            self.repository()
        return f"/repos/{self._place.full_name}"

    def repository(self) -> Repository:
        """Return the repository as it is now."""
        path = f"/repos/{self._place.full_name}"
        answer = self._transport.get(path, RepositoryAnswer)
        if answer.id != self._place.id:
            raise NotFoundError(
                f"{self._place.full_name} is not the repository {self._place.id} any more, "
                f"but {answer.id}: it was renamed, and another one has its name"
            )
        self._place = answer.value(self._place.installation_id)
        self._found = True
        return self._place

    def pull(self, number: int) -> PullRequest:
        """Return a pull request."""
        return self._transport.get(f"{self._path}/pulls/{number}", PullAnswer).value()

    def pulls_from(self, head_repository: str, head_branch: str) -> tuple[PullRequest, ...]:
        """Return the open pull requests from a branch, by number.

        GitHub's filter knows the owner only; his other forks' branches are left out here.
        """
        owner = head_repository.partition("/")[0]
        query = {"state": "open", "head": f"{owner}:{head_branch}"}
        pages = self._transport.pages(f"{self._path}/pulls", list[PullAnswer], query)
        found = {pull.number: pull.value() for page in pages for pull in page}
        return tuple(
            found[number]
            for number in sorted(found)
            if (found[number].head_repository or "").lower() == head_repository.lower()
            and found[number].head_ref == head_branch
        )

    def has_pulls_onto(self, branch: str) -> bool:
        """Return whether some open pull request has that branch as its base."""
        query = {"state": "open", "base": branch, "per_page": "1"}
        return bool(self._transport.get(f"{self._path}/pulls", list[PullAnswer], query))

    def runs(self, head_sha: Sha) -> tuple[WorkflowRun, ...]:
        """Return all workflow runs of a commit, by id, each in its latest attempt."""
        query = {"head_sha": head_sha}
        pages = self._transport.pages(f"{self._path}/actions/runs", RunPage, query)
        found = {run.id: run.value() for page in pages for run in page.workflow_runs}
        return tuple(found[key] for key in sorted(found) if found[key].head_sha == head_sha)

    def artifacts(self, run_id: int) -> tuple[Artifact, ...]:
        """Return a run's artifacts, by id, the expired ones too."""
        return artifacts.list_artifacts(self._transport, self._path, run_id)

    def download(self, artifact: Artifact, target: BinaryIO, *, limit: int) -> int:
        """Write an artifact's zip into `target` and return its bytes."""
        location = artifacts.locate_artifact(self._transport, self._path, artifact)
        return artifacts.Download(artifact, self._rule).run(location, target, limit=limit)

    def compare(self, base: str, head: str) -> Comparison:
        """Return the merge base of two commits and the diff from there to `head`."""
        return contents.compare(self._transport, self._path, base, head)

    def pull_files(self, number: int) -> tuple[ChangedFile, ...]:
        """Return a pull request's changed files, up to the API's 3,000."""
        return contents.list_pull_files(self._transport, self._path, number)

    def file(self, path: str, ref: str, *, limit: int) -> bytes | None:
        """Return a file's bytes at a commit; None where there is none (or no plain file)."""
        return contents.read_file(self._transport, self._path, path, ref, limit)

    def paths(self, sha: Sha) -> frozenset[str]:
        """Return the paths of all files at a commit."""
        return contents.list_paths(self._transport, self._path, sha)

    def ancestors(self, sha: Sha, *, limit: int) -> tuple[Commit, ...]:
        """Return `sha` and the commits before it, newest first, at most `limit`."""
        return contents.list_ancestors(self._transport, self._path, sha, limit)

    def checks(self, head_sha: Sha, name: str) -> tuple[CheckRun, ...]:
        """Return this App's own check runs of that name on a commit, oldest first."""
        return checks.list_checks(self._transport, self._path, self._app_id, head_sha, name)

    def create_check(
        self, head_sha: Sha, name: str, state: CheckState, *, external_id: str
    ) -> CheckRun:
        """Make a check run. Not idempotent: see `worker.flows.effects`."""
        return checks.create_check(self._transport, self._path, head_sha, name, state, external_id)

    def update_check(self, check_id: int, state: CheckState) -> CheckRun:
        """Change a check run."""
        return checks.update_check(self._transport, self._path, check_id, state)

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return all comments of a pull request's conversation, oldest first."""
        return comments.list_comments(self._transport, self._path, self._author, number)

    def create_comment(self, number: int, body: str) -> Comment:
        """Write a comment. Not idempotent: see `worker.flows.effects`."""
        return comments.create_comment(self._transport, self._path, number, body)

    def update_comment(self, comment_id: int, body: str) -> Comment:
        """Change a comment; `NotFoundError` where somebody deleted it."""
        return comments.update_comment(self._transport, self._path, comment_id, body)

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment; nothing happens where it is gone already."""
        comments.delete_comment(self._transport, self._path, comment_id)
