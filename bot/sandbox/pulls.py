"""Pull requests of the stand-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox import payloads
from bot.sandbox.diffs import Change, diff_trees, merge_trees

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.objects import Commit, Tree
    from bot.sandbox.records import Comment, Json, User
    from bot.sandbox.repository import Repo

__all__ = ["Pull"]


class Pull:
    """One pull request of a repository.

    `base_sha` is the base branch's tip when the pull request was last opened, pushed to or
    retargeted, as on GitHub; `merge_sha` is the test merge into the tip of now, None while
    there is a conflict.
    """

    def __init__(  # noqa: PLR0913 - made by Repo.open_pull alone
        self,
        repo: Repo,
        *,
        number: int,
        title: str,
        author: User,
        base_ref: str,
        head_repo: Repo,
        head_ref: str,
        body: str | None,
        draft: bool,
    ) -> None:
        self.repo = repo
        self.id = repo.world.next_id("pull")
        self.number = number
        self.title = title
        self.author = author
        self.body = body
        self.draft = draft
        self.base_ref = base_ref
        self.head_repo = head_repo
        self.head_ref = head_ref
        self.state = "open"
        self.merged_by: User | None = None
        self.created_at = self.updated_at = repo.world.clock()
        self.base_sha = repo.branches[base_ref]
        self.head_sha = head_repo.branches[head_ref]
        self.merge_sha: str | None = None
        self._merge()

    @property
    def from_fork(self) -> bool:
        """Whether the head is in another repository."""
        return self.head_repo is not self.repo

    @property
    def label(self) -> str:
        """The head as "owner:branch"."""
        return f"{self.head_repo.owner.login}:{self.head_ref}"

    @property
    def merge_base(self) -> str:
        """The commit that the diff starts from."""
        base = self.repo.objects.merge_base(self.base_sha, self.head_sha)
        return base or self.base_sha

    def changes(self) -> list[Change]:
        """Return the diff from the merge base to the head."""
        commits = self.repo.objects.commits
        return diff_trees(commits[self.merge_base].files, commits[self.head_sha].files)

    def commits(self) -> list[Commit]:
        """Return the pull request's own commits, oldest first."""
        return self.repo.objects.between(self.base_sha, self.head_sha)

    def test_merge(self) -> Commit | None:
        """Return a merge of the head into the base's tip, made anew; None in conflict."""
        repo = self.repo
        tip = repo.branches[self.base_ref]
        start = repo.objects.merge_base(tip, self.head_sha)
        commits = repo.objects.commits
        files = merge_trees(
            commits[start].files if start else {},
            commits[tip].files,
            commits[self.head_sha].files,
        )
        if files is None:
            return None
        message = f"Merge {self.head_sha} into {tip}"
        return repo.store(files, (tip, self.head_sha), message, self.author.login)

    def _merge(self) -> None:
        merge = self.test_merge()
        self.merge_sha = merge.sha if merge else None

    def follow(self, repo: Repo, branch: str, before: str, sender: User) -> None:
        """Take note of a push to `branch`: as the head, or as the base."""
        if self.state != "open":
            return
        if repo is self.head_repo and branch == self.head_ref:
            self.head_sha = repo.branches[branch]
            self.base_sha = self.repo.branches[self.base_ref]
            self._merge()
            self.emit("synchronize", sender, before=before, after=self.head_sha)
        elif repo is self.repo and branch == self.base_ref:
            self._merge()

    def push(
        self,
        changes: Mapping[str, bytes | None] | None = None,
        message: str = "Change",
        *,
        files: Tree | None = None,
    ) -> str:
        """Push one more commit to the head branch and return its SHA."""
        author = self.author.login
        return self.head_repo.commit(self.head_ref, changes, message, files=files, author=author)

    def emit(self, action: str, sender: User, **more: object) -> None:
        """Send a `pull_request` webhook; the pull request was changed just now."""
        self.updated_at = self.repo.world.clock()
        payload = payloads.pull_request(self, action, sender, more)
        self.repo.world.emit("pull_request", payload, self.repo)

    def close(self, sender: str | None = None) -> None:
        """Close without merging."""
        with self.repo.world.lock:
            self.state = "closed"
            self.emit("closed", self._person(sender))

    def reopen(self, sender: str | None = None) -> None:
        """Open a closed pull request again, with what its branch holds now."""
        with self.repo.world.lock:
            self.state = "open"
            self.head_sha = self.head_repo.branches[self.head_ref]
            self._merge()
            self.emit("reopened", self._person(sender))

    def merge(self, sender: str | None = None) -> str:
        """Merge into the base branch and return the merge commit's SHA."""
        with self.repo.world.lock:
            merge = self.test_merge()
            if merge is None:
                raise ValueError(f"{self.repo.full_name}#{self.number} is in conflict")
            self.state = "closed"
            self.merged_by = self._person(sender)
            self.merge_sha = merge.sha
            self.repo.push(self.base_ref, merge.sha, author=self.merged_by.login)
            self.emit("closed", self.merged_by)
            return merge.sha

    def edit(self, *, title: str | None = None, base: str | None = None) -> None:
        """Change the title, or let the pull request go into another branch."""
        with self.repo.world.lock:
            changes: Json = {}
            if title is not None:
                changes["title"] = {"from": self.title}
                self.title = title
            if base is not None:
                changes["base"] = {
                    "ref": {"from": self.base_ref},
                    "sha": {"from": self.base_sha},
                }
                self.base_ref = base
                self.base_sha = self.repo.branches[base]
                self._merge()
            self.emit("edited", self.author, changes=changes)

    def mark_draft(self, *, draft: bool) -> None:
        """Turn into a draft, or out of one."""
        with self.repo.world.lock:
            self.draft = draft
            self.emit("converted_to_draft" if draft else "ready_for_review", self.author)

    def comment(self, author: str, body: str) -> Comment:
        """Let a person comment."""
        return self.repo.comment(self.number, author, body)

    def _person(self, login: str | None) -> User:
        return self.repo.world.user(login or self.repo.owner.login)
