"""A conversation on a pull request, at the ports' fakes: who says what, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World
from worker.contracts import Notice, Subject
from worker.core.refs import Role
from worker.flows.reconcile import reconcile

if TYPE_CHECKING:
    from worker.core.refs import Sha
    from worker.ports import CheckState

ROLES = {"triage": "read", "maintain": "write"}
EYES, ROCKET, CONFUSED = "eyes", "rocket", "confused"


@dataclass
class Conversation(World):
    """A pull request of alice's; mira may write, rita may read, max maintains, ada is admin."""

    def __post_init__(self) -> None:
        super().__post_init__()
        people = {"mira": "write", "rita": "read", "max": "maintain", "ada": "admin"}
        for login, name in (people | {"alice": "write"}).items():
            self.grant(login, name)

    def grant(self, login: str, name: str) -> None:
        self.github.roles[login] = Role(ROLES.get(name, name), name)

    def fail(self) -> None:
        """Let CI end with a report that fails the check: 1 of 5 new lines is covered."""
        self.look()
        self.ci(2, self.report(11))
        self.look()
        assert self.check.conclusion == "failure"

    def write(self, body: str, *, author: str = "mira", on: int = NUMBER, **changes: object) -> int:
        """Let somebody comment, and the delivery be accepted; return the comment's id."""
        changes.setdefault("created_at", self.clock.now())
        comment = self.github.put_comment(on, body, author=author, **changes)
        self.deliver(comment.id)
        return comment.id

    def deliver(self, comment_id: int) -> None:
        self.deliveries += 1
        facts = {"comment": str(comment_id)}
        notice = Notice(
            self.subject, REPOSITORY.full_name, "issue_comment.created", once=True, facts=facts
        )
        self.inbox.accept(f"delivery-{self.deliveries}", [notice])

    def press(self, identifier: str) -> str:
        """Press one of the check's buttons."""
        self.deliveries += 1
        facts = {"action": identifier}
        event = "check_run.requested_action"
        notice = Notice(self.subject, REPOSITORY.full_name, event, facts=facts)
        self.inbox.accept(f"delivery-{self.deliveries}", [notice])
        return self.work()

    def work(self) -> str:
        return reconcile(self.subject, self.deps)

    def say(self, body: str, *, author: str = "mira", **changes: Any) -> tuple[list[str], str]:
        """Comment, and let it be worked off; return the reactions and the replies to it."""
        before = len(self.replies)
        comment_id = self.write(body, author=author, **changes)
        self.work()
        return self.reactions(comment_id), "\n".join(self.replies[before:])

    def reactions(self, comment_id: int) -> list[str]:
        return self.github.reactions.get(comment_id, [])

    def open(self, number: int, files: dict[str, bytes]) -> Sha:
        """Open another pull request onto main, or push to it; return its head."""
        head = self.github.put_commit({**self.files, **files}, [self.base])
        self.github.put_pull(number, head, self.base, head_ref=f"topic-{number}")
        return head

    def files_at(self, head: Sha) -> dict[str, bytes]:
        return dict(self.github._files[head])

    @staticmethod
    def pull_subject(number: int) -> Subject:
        return Subject.pull(REPOSITORY.installation_id, REPOSITORY.id, number)

    def check_on(self, head: Sha) -> CheckState:
        (state,) = [
            state
            for check_id, state in self.github.check_states.items()
            if self.github.check_head(check_id) == head
        ]
        return state

    @property
    def replies(self) -> list[str]:
        return [body for body in self.comments if not body.startswith("<!-- covgate -->")]

    @property
    def title(self) -> str:
        return self.check.output.title

    @property
    def verdict(self) -> tuple[str, str | None]:
        return self.check.status, self.check.conclusion
