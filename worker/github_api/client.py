"""The port `worker.ports.GitHub` on GitHub's REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Self

from worker.core.errors import NotFoundError, RefusedError, ReportError
from worker.core.refs import (
    Artifact,
    ChangedFile,
    CheckRun,
    Comment,
    Commit,
    Comparison,
    PullRequest,
    Repository,
    RequiredCheck,
    Role,
    Sha,
    WorkflowRun,
)
from worker.github_api import (
    artifacts,
    checks,
    comments,
    contents,
    people,
    protection,
    runs,
    statuses,
)
from worker.github_api.answers import PullAnswer, RepositoryAnswer
from worker.github_api.trees import Trees

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from worker.core.render import Annotation
    from worker.github_api.app import GitHubApp
    from worker.github_api.hosts import HostRule
    from worker.github_api.transport import Transport
    from worker.ports import Cache, CheckState, CommitStatus

__all__ = ["RepositoryClient"]


class RepositoryClient:
    """One repository over one connection: for one job, in one thread."""

    def __init__(
        self,
        transport: Transport,
        place: Repository,
        app: GitHubApp,
        rule: HostRule,
        cache: Cache | None = None,
    ) -> None:
        self._transport = transport
        self._place = place
        self._app = app
        self._app_id = app.app_id
        self._author = comments.Author(app.app_id, app.slug)
        self._rule = rule
        self._found = False
        self._trees = Trees(self._list_tree, cache, f"{place.installation_id}:{place.id}:")

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
        return self._find(answer.value(self._place.installation_id))

    def _find(self, place: Repository) -> Repository:
        if place.id != self._place.id:
            raise NotFoundError(
                f"{self._place.full_name} is not the repository {self._place.id} any more, "
                f"but {place.id}: it was renamed, and another one has its name"
            )
        self._place, self._found = place, True
        return place

    def pull(self, number: int) -> PullRequest:
        """Return a pull request; it names its repository, which need not be asked for."""
        path = f"/repos/{self._place.full_name}/pulls/{number}"
        answer = self._transport.get(path, PullAnswer)
        pull = answer.value(self._place.installation_id)
        if pull.repository is not None:
            self._find(pull.repository)
        elif not self._found:
            raise NotFoundError(f"{path} does not say which repository it is of")
        return pull

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

    def open_pulls(self) -> tuple[PullRequest, ...]:
        """Return all open pull requests, by number."""
        pages = self._transport.pages(f"{self._path}/pulls", list[PullAnswer], {"state": "open"})
        found = {pull.number: pull.value() for page in pages for pull in page}
        return tuple(found[number] for number in sorted(found))

    def has_pulls_onto(self, branch: str) -> bool:
        """Return whether some open pull request has that branch as its base."""
        query = {"state": "open", "base": branch, "per_page": "1"}
        return bool(self._transport.get(f"{self._path}/pulls", list[PullAnswer], query))

    def runs(self, head_sha: Sha) -> tuple[WorkflowRun, ...]:
        """Return all workflow runs of a commit, by id, each in its latest attempt.

        They name their repository; where they don't, it is asked for before they are believed.
        """
        found = runs.list_runs(self._transport, f"/repos/{self._place.full_name}", head_sha)
        if not self._found and not runs.are_of(found, self._place):
            found = runs.list_runs(self._transport, self._path, head_sha)
        self._found = True
        return tuple(run.value() for run in found)

    def artifacts(self, run_id: int) -> tuple[Artifact, ...]:
        """Return a run's artifacts, by id, the expired ones too."""
        return artifacts.list_artifacts(self._transport, self._path, run_id)

    def download(self, artifact: Artifact, target: BinaryIO, *, limit: int) -> int:
        """Write an artifact's zip into `target` and return its bytes."""
        location = artifacts.locate_artifact(self._transport, self._path, artifact)
        download = artifacts.Download(artifact.name, self._rule, digest=artifact.digest)
        return download.run(location, target, limit=limit)

    def compare(self, base: str, head: str, *, commits: int = 1) -> Comparison:
        """Return the merge base of two commits and the diff from there to `head`.

        Messages are told of the first so many `commits`, up to 100.
        """
        comparison = contents.compare(self._transport, self._path, base, head, commits)
        self._trees.note(Sha(head), comparison)
        return comparison

    def pull_files(self, number: int) -> tuple[ChangedFile, ...]:
        """Return a pull request's changed files, up to the API's 3,000."""
        return contents.list_pull_files(self._transport, self._path, number)

    def file(self, path: str, ref: str, *, limit: int) -> bytes | None:
        """Return a file's bytes at a commit; None where there is nothing of that name."""
        return contents.read_file(self._transport, self._path, path, ref, limit)

    def paths(self, sha: Sha) -> frozenset[str]:
        """Return the paths of all files at a commit."""
        return frozenset(self.tree(sha))

    def tree(self, sha: Sha) -> Mapping[str, Sha]:
        """Return the blob of each file at a commit, by path; no links and no submodules.

        Asked once for a commit: a job looks at few, again and again.
        """
        return self._trees.get(sha)

    def _list_tree(self, sha: Sha) -> Mapping[str, Sha]:
        return contents.list_tree(self._transport, self._path, sha)

    def commit(self, sha: Sha) -> Commit:
        """Return one commit."""
        return contents.read_commit(self._transport, self._path, sha)

    def archive(self, sha: Sha, target: BinaryIO, *, limit: int) -> int:
        """Write a gzipped tar of a commit's files into `target` and return its bytes."""
        location = contents.locate_archive(self._transport, self._path, sha)
        download = artifacts.Download(f"the files at {sha[:7]}", self._rule)
        try:
            return download.run(location, target, limit=limit)
        except ReportError as error:
            raise RefusedError(f"The files at {sha} have more than {limit} bytes") from error

    def ancestors(self, sha: Sha, *, limit: int) -> tuple[Commit, ...]:
        """Return `sha` and the commits before it, newest first, at most `limit`."""
        return contents.list_ancestors(self._transport, self._path, sha, limit)

    def checks(self, head_sha: Sha, name: str) -> tuple[CheckRun, ...]:
        """Return this App's own check runs of that name on a commit, oldest first."""
        return checks.list_checks(self._transport, self._path, self._app_id, head_sha, name)

    def annotations(self, check_id: int) -> tuple[Annotation, ...]:
        """Return the remarks that a check run of this App has."""
        return checks.list_annotations(self._transport, self._path, check_id)

    def required_checks(self, branch: str) -> tuple[RequiredCheck, ...]:
        """Return the checks that a branch asks for before a merge, sorted."""
        return protection.list_required_checks(self._transport, self._path, branch)

    def create_check(
        self, head_sha: Sha, name: str, state: CheckState, *, external_id: str
    ) -> CheckRun:
        """Make a check run. Not idempotent: see `worker.flows.effects`."""
        # Under whatever name: the token is good for the repository of the id alone.
        path = f"/repos/{self._place.full_name}"
        return checks.create_check(self._transport, path, head_sha, name, state, external_id)

    def update_check(self, check_id: int, state: CheckState) -> CheckRun:
        """Change a check run."""
        return checks.update_check(self._transport, self._path, check_id, state)

    def set_status(self, head_sha: Sha, status: CommitStatus) -> None:
        """Set a commit's status of a context, instead of an earlier one."""
        path = self._path
        transport, source = self._app.statuses_of(self._place)
        with transport:
            try:
                statuses.set_status(transport, path, head_sha, status)
            except RefusedError:
                source.renew()  # the next one may have been granted what this one was not
                raise

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return all comments of a pull request's conversation, oldest first."""
        return comments.list_comments(self._transport, self._path, self._author, number)

    def comment(self, comment_id: int) -> Comment:
        """Return a comment as it is now; `NotFoundError` where somebody deleted it."""
        return comments.read_comment(self._transport, self._path, self._author, comment_id)

    def react(self, comment_id: int, content: str) -> None:
        """Put a reaction on a comment; twice is once."""
        comments.react(self._transport, self._path, comment_id, content)

    def role(self, login: str) -> Role:
        """Return what a person may do in the repository now."""
        return people.read_role(self._transport, self._path, login)

    def is_in_team(self, team: str, login: str) -> bool:
        """Return whether a person is an active member of a team, "org/slug".

        Asked with a token of its own: `members: read` is a permission that only those grant
        who name teams in their configuration.
        """
        with self._app.members(self._place.installation_id) as transport:
            return people.is_in_team(transport, team, login)

    def create_comment(self, number: int, body: str) -> Comment:
        """Write a comment. Not idempotent: see `worker.flows.effects`."""
        return comments.create_comment(self._transport, self._path, number, body)

    def update_comment(self, comment_id: int, body: str) -> Comment:
        """Change a comment; `NotFoundError` where somebody deleted it."""
        return comments.update_comment(self._transport, self._path, comment_id, body)

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment; nothing happens where it is gone already."""
        comments.delete_comment(self._transport, self._path, comment_id)
