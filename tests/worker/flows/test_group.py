"""What a merge queue made: its commit is judged before it becomes the branch's tip."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World
from worker.contracts import Notice, Subject
from worker.core.errors import NotFoundError, PostponedError
from worker.core.refs import Sha
from worker.flows.group import Base, queue_base
from worker.flows.reconcile import reconcile
from worker.ports import OverrideRecord


class Queue(World):
    """The same repository, whose pull request waits in the merge queue as `head`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pull_head = self.head
        files = {**self.files, "src/a.py": self.files["src/a.py"] + b"n\n" * 5}
        self.head = self.github.put_commit(files, [self.base, self.pull_head])

    @property
    def group(self) -> Subject:
        return Subject.group(REPOSITORY.installation_id, REPOSITORY.id, self.head)

    @property
    def commit(self) -> Subject:
        return Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, self.head)

    @property
    def branch(self) -> str:
        return f"gh-readonly-queue/main/pr-{NUMBER}-{self.base}"

    def ask(self, **facts: str) -> str:
        """Let the queue ask for checks."""
        facts = facts or {"base_ref": "main", "base_sha": self.base}
        self.deliveries += 1
        notice = Notice(self.group, REPOSITORY.full_name, "merge_group", facts=facts)
        self.inbox.accept(f"queue-{self.deliveries}", [notice])
        return reconcile(self.group, self.deps)

    def run(self, number: int, *archives: dict[str, bytes], **changes) -> None:
        """Let CI run for the group."""
        changes = {"event": "merge_group", "head_branch": self.branch, **changes}
        self.ci(number, *archives, **changes)


@pytest.fixture
def queue() -> Queue:
    return Queue()


def test_a_group_gets_its_check_at_once_and_its_verdict_after_ci(queue: Queue) -> None:
    """The required check would never come, and the queue stand still."""
    assert queue.ask() == "waiting"
    assert queue.check.status == "in_progress"
    queue.run(2, queue.report(15))
    assert queue.look(queue.group) == "done"
    assert queue.check.conclusion == "success"
    assert queue.comments == []
    assert [call.method for call in queue.github.writes] == ["create_check", "update_check"]


def test_a_group_that_fails_a_gate_is_kept_out(queue: Queue) -> None:
    """Two pull requests that only together lose coverage would both be let in."""
    queue.base_report()
    queue.ask()
    queue.run(2, queue.report(11))
    queue.look(queue.group)
    assert queue.check.conclusion == "failure"
    assert "1 of 5 lines" in queue.check.output.summary


def test_a_groups_runs_find_its_base_when_its_delivery_was_lost(queue: Queue) -> None:
    """One lost delivery would block the whole queue."""
    queue.run(2, queue.report(15))
    queue.look(queue.commit)
    assert queue.inbox.wakes[-1] == queue.group
    assert reconcile(queue.group, queue.deps) == "done"
    assert queue.check.conclusion == "success"


def test_a_group_of_which_nobody_knows_the_base_ends_in_words(queue: Queue) -> None:
    """The check would wait for ever, or be judged against something else."""
    assert queue.ask(base_ref="") == "done"
    assert queue.check.conclusion == "action_required"
    assert "based on" in queue.check.output.title


def test_a_group_without_ci_ends_at_the_deadline(queue: Queue) -> None:
    """Nobody would learn that the workflow lacks `on: merge_group`."""
    queue.ask()
    queue.clock.advance(timedelta(hours=2, seconds=1).total_seconds())
    queue.look(queue.group)
    assert queue.check.conclusion == "action_required"
    assert "no workflow ran" in queue.check.output.title


def test_a_run_of_the_branch_that_the_group_became_is_not_the_groups(queue: Queue) -> None:
    """After the merge, a push run's half report would change how the group ended."""
    queue.ask()
    queue.run(2, queue.report(15))
    queue.look(queue.group)
    queue.ci(3, queue.report(1), event="push", head_branch="main")
    queue.look(queue.group)
    assert queue.check.conclusion == "success"


def test_a_strangers_branch_of_the_queues_name_says_nothing(queue: Queue) -> None:
    """A fork could push a report of its own for the group's commit."""
    queue.ask()
    queue.run(2, queue.report(15), head_repository="mallory/hello")
    assert queue.look(queue.group) == "waiting"


@pytest.mark.parametrize("text", ["version: nine\n", "version: 1\ngates: {new_code: 3}\n"])
def test_a_broken_configuration_ends_a_groups_check_too(queue: Queue, text: str) -> None:
    """The queue would stand still without a word."""
    queue.configure(text)
    queue.ask()
    assert queue.check.conclusion == "action_required"
    assert "cannot be used" in queue.check.output.title


def test_a_groups_artifact_that_is_missing_ends_its_check(queue: Queue) -> None:
    """A workflow that uploads for pull requests only would hang the queue."""
    queue.base_report()
    queue.ask()
    queue.run(2)
    queue.look(queue.group)
    assert queue.check.conclusion == "action_required"
    assert queue.comments == []


def test_what_github_refuses_ends_a_groups_check(queue: Queue) -> None:
    """A withdrawn permission would hang the queue."""
    queue.ask()
    queue.run(2, queue.report(15))
    queue.github.arm("compare", NotFoundError("404"))
    assert queue.look(queue.group) == "done"
    assert queue.check.conclusion == "action_required"


def test_a_group_that_kills_its_workers_is_given_up_with_words(queue: Queue) -> None:
    """A poisoned report would hang the queue for everybody."""
    queue.ask()
    for _ in range(3):
        queue.notify(queue.group)
        assert queue.inbox.claim(queue.group) is not None  # and the worker dies
        queue.clock.advance(61)
    queue.look(queue.group)
    assert "failed on this commit" in queue.check.output.title


def test_a_groups_re_requested_check_is_concluded_again(queue: Queue) -> None:
    """GitHub clears the conclusion and names no pull request: it would stay pending."""
    queue.ask()
    queue.run(2, queue.report(15))
    queue.look(queue.group)
    before = queue.github.count("update_check")
    queue.look(queue.commit, "check_run.rerequested")
    assert queue.inbox.wakes[-1] == queue.group
    assert reconcile(queue.group, queue.deps) == "done"
    assert queue.github.count("update_check") > before
    assert queue.check.conclusion == "success"


def test_github_being_down_only_delays_a_group(queue: Queue) -> None:
    """An outage of a minute would throw pull requests out of the queue."""
    queue.run(2, queue.report(15))
    queue.github.arm("compare", PostponedError("502", seconds=5))
    assert queue.ask() == "postponed"
    queue.clock.advance(6)
    assert queue.look(queue.group) == "done"
    assert queue.check.conclusion == "success"


@pytest.mark.parametrize("branch", ["main", "release/1.x"])
def test_the_base_is_read_from_the_queues_branch(branch: str) -> None:
    """A branch with a slash in its name would have no queue."""
    sha = "a" * 40
    assert queue_base(f"gh-readonly-queue/{branch}/pr-12-{sha}") == Base(branch, Sha(sha))


@pytest.mark.parametrize(
    "branch",
    ["main", "gh-readonly-queue/main/pr-x-" + "a" * 40, f"gh-readonly-queue/main/pr-1-{'a' * 39}"],
)
def test_no_other_branch_is_taken_for_the_queues(branch: str) -> None:
    """Anybody's push would be judged as if a queue had made it."""
    assert queue_base(branch) is None


def test_an_override_holds_in_the_merge_queue_too(queue: Queue) -> None:
    """A pull request that was let in would be thrown out of the queue."""
    queue.base_report()
    queue.store.record_override(
        OverrideRecord(
            repository_id=REPOSITORY.id,
            comment_id=1,
            place=0,
            number=NUMBER,
            head_sha=queue.pull_head,
            who="mira",
            reason="the release must go",
            made_at=queue.clock.now(),
        )
    )
    queue.ask()
    queue.run(2, queue.report(11))
    queue.look(queue.group)
    assert queue.check.conclusion == "success"
    assert queue.check.output.title.startswith("Overridden by mira because “the release must go”")
    queue.github.put_pull(NUMBER, queue.base, queue.base)  # pushed to: another head
    queue.look(queue.group, event="check_run.rerequested")
    assert queue.check.conclusion == "failure"
