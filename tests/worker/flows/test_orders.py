"""Deliveries come late, twice and in any order: the end is the same."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from tests.fakes.github import REPOSITORY
from tests.fakes.inbox import _Entry
from tests.worker.flows.world import NUMBER, World
from worker.contracts import Notice, Subject
from worker.flows.reconcile import reconcile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.refs import Sha


class Story(World):
    """A pull request that was opened, pushed to, closed and opened again, with CI each time.

    `six` are the deliveries of it, as GitHub sends them.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.first = self.head
        self.ci(2, self.report(15), head=self.first)
        self.head = self.push({"src/a.py": self.files["src/a.py"] + b"other\n" * 5})
        self.ci(3, self.report(15))
        base = {"lcov.info": self.report(10, 10)["lcov.info"]}
        self.ci(4, base, head=self.base, event="push", head_branch="main")
        pushed = {"head": self.head, "before": self.first}
        self.six: dict[str, tuple[Subject, dict[str, str]]] = {
            "pull_request.opened": (self.subject, {"head": self.first}),
            "pull_request.synchronize": (self.subject, pushed),
            "workflow_run.in_progress": (self.subject, {"head": self.head}),
            "workflow_run.completed": (self.subject, {"head": self.head}),
            "push": (self.commit(self.base), {}),
            "pull_request.reopened": (self.subject, {"head": self.head}),
        }

    @staticmethod
    def commit(sha: Sha) -> Subject:
        return Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, sha)

    def deliver(self, names: Sequence[str]) -> None:
        """Deliver one after the other, and look at what each wakes somebody for."""
        for name in names:
            subject, facts = self.six[name]
            self.inbox.accept(name, [Notice(subject, REPOSITORY.full_name, name, facts=facts)])
            self.work()

    def work(self) -> None:
        """Look at all that is woken."""
        while self.inbox.wakes:
            reconcile(self.inbox.wakes.pop(0), self.deps)

    def settle(self) -> None:
        """Let time pass, until nobody waits for anything."""
        for _ in range(3):
            self.clock.advance(900)
            self.inbox.sweep()
            self.work()

    @property
    def end(self) -> tuple[object, ...]:
        """What people see in the end."""
        heads = [self.github.check_head(number) for number in self.github.check_states]
        assert heads.count(self.head) == 1
        assert len(heads) == len(set(heads))
        record = self.store.verdict(REPOSITORY.id, NUMBER, self.head)
        assert record is not None
        return self.check, tuple(self.comments), record.conclusion, record.details


def written(value: object) -> str:
    """Return all that an object holds as one text, whatever order it came in."""
    if isinstance(value, dict):
        return f"{{{', '.join(sorted(f'{written(k)}: {written(v)}' for k, v in value.items()))}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(one) for one in value)}]"
    if isinstance(value, _Entry):
        return written({name: held for name, held in vars(value).items() if name != "token"})
    return repr(value)


def state_of(story: Story) -> str:
    """Return all that what is to come can depend on."""
    parts = [story.github, story.inbox, story.store]
    known = [vars(part) | {"calls": (), "_tokens": ()} for part in parts]
    assert story.inbox.wakes == []
    return written([{k: v for k, v in one.items() if k != "_clock"} for one in known])


def test_all_orders_of_six_deliveries_end_alike() -> None:
    """A late delivery would bring an old verdict back, or a second comment."""
    # Where two beginnings lead to the same state, all that may follow is the same, too: it is
    # played once, and counts for both.
    ways = {(state_of(Story()), tuple(Story().six)): 1}
    stories = {way: Story() for way in ways}
    for _ in range(6):
        grown: dict[tuple[str, tuple[str, ...]], int] = {}
        reached: dict[tuple[str, tuple[str, ...]], Story] = {}
        for (state, left), count in ways.items():
            for name in left:
                story = deepcopy(stories[state, left])
                story.deliver([name])
                way = state_of(story), tuple(one for one in left if one != name)
                grown[way] = grown.get(way, 0) + count
                reached.setdefault(way, story)
        ways, stories = grown, reached
    assert sum(ways.values()) == 720
    for story in stories.values():
        story.settle()
    ends = {story.end for story in stories.values()}
    assert len(ends) == 1
    ((check, comments, conclusion, _),) = ends
    assert (check.conclusion, conclusion, len(comments)) == ("success", "success", 1)


def test_what_is_delivered_twice_ends_alike() -> None:
    """GitHub's redeliveries would double what people see."""
    names = list(Story().six)
    once, twice = Story(), Story()
    once.deliver(names)
    twice.deliver([*names, *reversed(names)])
    once.settle()
    twice.settle()
    assert once.end == twice.end


def test_any_one_delivery_may_be_lost() -> None:
    """One lost delivery would leave a required check pending for ever."""
    names = list(Story().six)
    ends = set()
    for lost in names:
        story = Story()
        story.deliver([name for name in names if name != lost])
        story.settle()
        ends.add(story.end)
    assert len(ends) == 1
