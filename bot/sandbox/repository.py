"""A repository of the stand-in: branches, pull requests, people's rights, conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox import ci, payloads
from bot.sandbox.pulls import Pull
from bot.sandbox.records import Artifact, CheckRun, CheckSuite, Comment, Run, User, Workflow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.objects import Commit, Objects, Tree
    from bot.sandbox.world import World

__all__ = ["Repo", "Status"]

ZERO_SHA = "0" * 40


@dataclass(frozen=True, slots=True)
class Status:
    """A commit status: `state` is `success`, `failure`, `pending` or `error`."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None


class Repo:
    """One repository. Its methods do what people and CI do, and send what GitHub sends."""

    def __init__(
        self,
        world: World,
        owner: User,
        name: str,
        private: bool,
        default_branch: str,
        objects: Objects,
        parent: Repo | None = None,
    ) -> None:
        self.world = world
        self.id = world.next_id("repository")
        self.owner = owner
        self.name = name
        self.private = private
        self.default_branch = default_branch
        self.objects = objects
        self.parent = parent
        self.deleted = False
        self.created_at = world.clock()
        self.branches: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.pulls: dict[int, Pull] = {}
        self.roles: dict[str, str] = {}
        self.comments: dict[int, Comment] = {}
        self.workflows: dict[str, Workflow] = {}
        self.runs: dict[int, Run] = {}
        self.suites: dict[int, CheckSuite] = {}
        self.checks: dict[int, CheckRun] = {}
        self.statuses: list[Status] = []
        self.required: dict[str, int | None] = {}
        """Checks that the default branch requires, with the App that has to have set each."""
        self.ruled: dict[str, int | None] = {}
        """The same, by a ruleset."""

    @property
    def full_name(self) -> str:
        """The name with the owner: "octo/humanize"."""
        return f"{self.owner.login}/{self.name}"

    def resolve(self, ref: str) -> Commit | None:
        """Return the commit of a branch, tag, pull request's ref, or (shortened) SHA."""
        name = ref.removeprefix("refs/")
        kind, _, rest = name.partition("/")
        sha = self.branches.get(ref) or self.tags.get(ref)
        if kind == "heads":
            sha = sha or self.branches.get(rest)
        elif kind == "tags":
            sha = sha or self.tags.get(rest)
        elif kind == "pull":
            number, _, side = rest.partition("/")
            pull = self.pulls.get(int(number)) if number.isdigit() else None
            if pull is not None and side in ("head", "merge"):
                sha = pull.head_sha if side == "head" else pull.merge_sha
        if sha is None and len(ref) >= 7:
            found = [s for s in self.objects.commits if s.startswith(ref.lower())]
            sha = found[0] if len(found) == 1 else None
        return self.objects.commits.get(sha) if sha else None

    def tip(self, branch: str | None = None) -> str:
        """Return the SHA of a branch's last commit; of the default branch without one."""
        return self.branches[branch or self.default_branch]

    def files(self, ref: str | None = None) -> Tree:
        """Return the whole tree at a ref; KeyError where there is none."""
        commit = self.resolve(ref or self.default_branch)
        if commit is None:
            raise KeyError(ref)
        return commit.files

    def store(self, files: Tree, parents: tuple[str, ...], message: str, author: str) -> Commit:
        """Make a commit that no branch points to yet."""
        date = self.world.next_commit_date()
        return self.objects.commit(files, parents, message, author, date)

    def commit(
        self,
        branch: str,
        changes: Mapping[str, bytes | None] | None = None,
        message: str = "Change",
        *,
        files: Tree | None = None,
        author: str | None = None,
    ) -> str:
        """Push one commit to a branch: `changes` (None deletes), or `files` as a whole tree.

        The branch begins at the default branch's tip where it is new. Returns the SHA.
        """
        with self.world.lock:
            parent = self.branches.get(branch) or self.branches.get(self.default_branch)
            tree = dict(files) if files is not None else dict(self.files(parent) if parent else {})
            for path, data in (changes or {}).items():
                if data is None:
                    tree.pop(path, None)
                else:
                    tree[path] = data
            pusher = author or self.owner.login
            made = self.store(tree, (parent,) if parent else (), message, pusher)
            self.push(branch, made.sha, author=pusher)
            return made.sha

    def branch(self, name: str, at: str | None = None) -> str:
        """Make a branch at a ref (default: the default branch) and return its SHA."""
        with self.world.lock:
            commit = self.resolve(at or self.default_branch)
            if commit is None:
                raise KeyError(at)
            self.push(name, commit.sha)
            return commit.sha

    def push(self, branch: str, sha: str, *, author: str | None = None) -> None:
        """Let a branch point to a commit, by force if need be, and tell everyone."""
        with self.world.lock:
            before = self.branches.get(branch, ZERO_SHA)
            if before == sha:
                return
            self.branches[branch] = sha
            sender = self.world.user(author or self.owner.login)
            payload = payloads.push(self, branch, before, sha, sender)
            self.world.emit("push", payload, self)
            self._request_suite(sha, branch, sender)
            for repo in list(self.world.repositories.values()):
                for pull in repo.pulls.values():
                    pull.follow(self, branch, before, sender)

    def _request_suite(self, sha: str, branch: str, sender: User) -> None:
        known = {(suite.app.id, suite.head_sha) for suite in self.suites.values()}
        installed = self.world.installation_of(self) is not None
        if installed and (self.world.app.id, sha) not in known:
            suite = ci.suite_of(self, self.world.app, sha, branch)
            payload = payloads.check_suite(self, "requested", suite, sender)
            self.world.emit("check_suite", payload, self)

    def delete_branch(self, branch: str) -> None:
        """Delete a branch."""
        with self.world.lock:
            before = self.branches.pop(branch)
            payload = payloads.push(self, branch, before, ZERO_SHA, self.owner)
            self.world.emit("push", payload, self)

    def fork(self, owner: str) -> Repo:
        """Return somebody's fork, made on first sight; the App is not installed on it."""
        with self.world.lock:
            for repo in self.world.repositories.values():
                if repo.parent is self and repo.owner.login == owner and not repo.deleted:
                    return repo
            made = Repo(
                self.world,
                self.world.user(owner),
                self.name,
                self.private,
                self.default_branch,
                self.objects,
                self,
            )
            made.branches = dict(self.branches)
            self.world.repositories[made.id] = made
            return made

    def open_pull(
        self,
        head: str,
        base: str | None = None,
        title: str = "Change",
        author: str | None = None,
        *,
        body: str | None = None,
        draft: bool = False,
    ) -> Pull:
        """Open a pull request from "branch" or, from a fork, "owner:branch"."""
        with self.world.lock:
            owner, colon, branch = head.partition(":")
            source = self.fork(owner) if colon and owner != self.owner.login else self
            pull = Pull(
                self,
                number=len(self.pulls) + 1,
                title=title,
                author=self.world.user(author or source.owner.login),
                base_ref=base or self.default_branch,
                head_repo=source,
                head_ref=branch if colon else head,
                body=body,
                draft=draft,
            )
            self.pulls[pull.number] = pull
            pull.emit("opened", pull.author)
            return pull

    def grant(self, login: str, role: str) -> User:
        """Give somebody a role: `admin`, `maintain`, `write`, `triage`, `read` or `none`."""
        with self.world.lock:
            self.roles[login] = role
            return self.world.user(login)

    def role_of(self, login: str) -> str:
        """Return somebody's role; everybody may read what is public."""
        if login == self.owner.login:
            return "admin"
        return self.roles.get(login, "none" if self.private else "read")

    def rename(self, name: str) -> None:
        """Give the repository another name; its id stays."""
        with self.world.lock:
            old, self.name = self.name, name
            self.world.emit("repository", payloads.repository_renamed(self, old), self)

    def delete(self) -> None:
        """Delete the repository; pull requests from it lose their head repository."""
        with self.world.lock:
            payload = payloads.repository_event(self, "deleted")
            self.world.emit("repository", payload, self)
            self.deleted = True
            for installation in self.world.installations.values():
                installation.repository_ids.discard(self.id)

    def comment(self, number: int, author: str, body: str) -> Comment:
        """Let a person comment on a pull request."""
        return self.add_comment(number, self.world.user(author), body)

    def add_comment(
        self, number: int, author: User, body: str, app_id: int | None = None
    ) -> Comment:
        """Add a comment by a person, or by an App's bot."""
        with self.world.lock:
            now = self.world.clock()
            made = Comment(self.world.next_id("comment"), number, author, body, now, now, app_id)
            self.comments[made.id] = made
            self._emit_comment("created", made, author)
            return made

    def edit_comment(self, comment: Comment, body: str, editor: User | None = None) -> None:
        """Change a comment's text."""
        with self.world.lock:
            old, comment.body = comment.body, body
            comment.updated_at = self.world.clock()
            self._emit_comment("edited", comment, editor or comment.author, old)

    def delete_comment(self, comment: Comment, deleter: User | None = None) -> None:
        """Delete a comment."""
        with self.world.lock:
            self._emit_comment("deleted", comment, deleter or comment.author)
            del self.comments[comment.id]

    def _emit_comment(
        self, action: str, comment: Comment, sender: User, old: str | None = None
    ) -> None:
        payload = payloads.issue_comment(self, action, comment, sender, old)
        self.world.emit("issue_comment", payload, self)

    def comments_on(self, number: int) -> list[Comment]:
        """Return a conversation, oldest first."""
        return [comment for comment in self.comments.values() if comment.number == number]

    def start_run(self, sha: str, **options: str) -> Run:
        """Begin a workflow run; see `bot.sandbox.ci.start_run`."""
        return ci.start_run(self, sha, **options)

    def finish_run(
        self,
        run: Run,
        conclusion: str = "success",
        artifacts: ci.Artifacts | None = None,
    ) -> Run:
        """Upload a run's artifacts and end it."""
        return ci.finish_run(self, run, conclusion, artifacts or {})

    def run_ci(
        self,
        sha: str,
        *,
        event: str = "pull_request",
        workflow: str = "CI",
        conclusion: str = "success",
        checkout: str = "",
        artifacts: ci.Artifacts | None = None,
    ) -> Run:
        """Run a workflow on a head commit from its request to its end."""
        run = self.start_run(sha, event=event, workflow=workflow, checkout=checkout)
        return self.finish_run(run, conclusion, artifacts)

    def rerun(self, run: Run) -> Run:
        """Begin the next attempt of a run, with the same id."""
        return ci.rerun(self, run)

    def upload(self, run: Run, name: str, content: ci.Content) -> Artifact:
        """Upload an artifact: files by name, or a zip's own bytes."""
        return ci.upload(self, run, name, content)

    def checks_on(self, sha: str, name: str | None = None) -> list[CheckRun]:
        """Return a commit's check runs of the App under test, oldest first."""
        return [
            check
            for check in self.checks.values()
            if check.head_sha == sha
            and check.app.id == self.world.app.id
            and name in (None, check.name)
        ]

    def rerequest(self, check: CheckRun, sender: str | None = None) -> None:
        """Press "Re-run" at a check run, which clears how it ended.

        https://docs.github.com/en/rest/checks/runs#rerequest-a-check-run
        """
        with self.world.lock:
            check.status, check.conclusion, check.completed_at = "queued", None, None
            person = self.world.user(sender or self.owner.login)
            payload = payloads.check_run(self, "rerequested", check, person)
            self.world.emit("check_run", payload, self)

    def press(self, check: CheckRun, button: str, sender: str | None = None) -> None:
        """Press one of a check run's own buttons; KeyError where it has no such one.

        https://docs.github.com/en/rest/checks/runs#create-a-check-run
        """
        with self.world.lock:
            if button not in {action["identifier"] for action in check.actions}:
                raise KeyError(button)
            person = self.world.user(sender or self.owner.login)
            payload = payloads.check_run(self, "requested_action", check, person, button)
            self.world.emit("check_run", payload, self)

    def rerequest_suite(self, sha: str, sender: str | None = None) -> None:
        """Press "Re-run all checks" at a commit."""
        with self.world.lock:
            person = self.world.user(sender or self.owner.login)
            suite = ci.suite_of(self, self.world.app, sha, None)
            payload = payloads.check_suite(self, "rerequested", suite, person)
            self.world.emit("check_suite", payload, self)

    def queue(self, pull: Pull) -> str:
        """Put a pull request into the merge queue and return the group's head SHA."""
        with self.world.lock:
            merge = pull.test_merge()
            if merge is None:
                raise ValueError(f"{self.full_name}#{pull.number} is in conflict")
            base = self.tip(pull.base_ref)
            name = f"gh-readonly-queue/{pull.base_ref}/pr-{pull.number}-{base}"
            self.push(name, merge.sha, author=pull.author.login)
            payload = payloads.merge_group(self, name, merge, base, pull)
            self.world.emit("merge_group", payload, self)
            return merge.sha

    def dequeue(self, pull: Pull, *, merge: bool = True) -> None:
        """Let the merge queue take a pull request in, or throw it out of the queue."""
        with self.world.lock:
            start = f"gh-readonly-queue/{pull.base_ref}/pr-{pull.number}-"
            name = next(branch for branch in self.branches if branch.startswith(start))
            group = self.branches[name]
            if merge:
                pull.state, pull.merge_sha = "closed", group
                self.push(pull.base_ref, group, author=pull.author.login)
                pull.emit("closed", pull.author)
            self.delete_branch(name)

    def pulls_with_head(self, sha: str) -> list[Pull]:
        """Return the open pull requests whose head is a commit."""
        return [p for p in self.pulls.values() if p.state == "open" and p.head_sha == sha]
