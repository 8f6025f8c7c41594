"""A pull request is seen as it is, though less is asked: nothing old is ever believed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fakes.cache import MemoryCache
from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World, fake_sha
from worker.contracts import Notice
from worker.core.errors import NotFoundError, PostponedError
from worker.core.refs import RunPull, Sha
from worker.flows.reconcile import reconcile

if TYPE_CHECKING:
    from worker.flows.deps import Deps


class Sighted(World):
    """A repository whose runs name their pull requests, as GitHub does for its own branches."""

    @property
    def deps(self) -> Deps:
        self.cache = getattr(self, "cache", MemoryCache())
        return replace(super().deps, cache=self.cache)

    def tell(self, event: str, **facts: str) -> str:
        """Deliver an event of the pull request, and look."""
        self.deliveries += 1
        notice = Notice(self.subject, REPOSITORY.full_name, event, facts=facts)
        self.inbox.accept(f"told-{self.deliveries}", [notice])
        return reconcile(self.subject, self.deps)

    def ends(self, run: int, covered: int = 15, **changes) -> str:
        """Let a run end that names the pull request, and deliver that."""
        pull = self.github.pulls[NUMBER]
        named = RunPull(NUMBER, pull.head_sha, pull.base_ref)
        self.ci(run, self.report(covered), **{"pulls": (named,), **changes})
        return self.tell("workflow_run.completed", head=self.head)

    def asked(self) -> list[str]:
        """Return what was asked of GitHub since this was asked last."""
        methods = [call.method for call in self.github.calls]
        self.github.calls.clear()
        return methods


@pytest.fixture
def world() -> Sighted:
    world = Sighted()
    world.github.put_pull(
        NUMBER, world.head, world.base, head_ref="topic", head_repository=REPOSITORY.full_name
    )
    assert world.tell("pull_request.opened", head=world.head) == "waiting"
    return world


def test_what_the_runs_confirm_is_not_asked_for(world: Sighted) -> None:
    """Each verdict would cost a request more."""
    world.asked()
    assert world.ends(2) == "done"
    assert "pull" not in world.asked()
    assert world.check.conclusion == "success"


def test_another_head_is_seen_though_its_delivery_was_lost(world: Sighted) -> None:
    """The old head would be judged, and the new one's check never be made."""
    old = world.head
    world.push({"src/a.py": world.files["src/a.py"] + b"more\n"})
    world.ci(2, world.report(15), head=old, pulls=(RunPull(NUMBER, world.head, "main"),))
    world.tell("workflow_run.completed", head=old)
    assert world.check.status == "in_progress"


def test_another_base_is_seen_though_its_delivery_was_lost(world: Sighted) -> None:
    """The rules of the wrong branch would be applied."""
    rules = {".github/covgate.yml": b"version: 1\ngates:\n  new_code: {minimum: 90}\n"}
    tip = world.github.put_commit({**world.files, **rules}, [world.base])
    world.github.branches["release"] = tip
    world.github.put_pull(NUMBER, world.head, tip, base_ref="release")
    world.ends(2, covered=13)
    assert world.check.conclusion == "failure"


def test_a_closed_pull_request_is_seen_though_its_delivery_was_lost(world: Sighted) -> None:
    """It would get a comment after it was closed."""
    world.github.put_pull(NUMBER, world.head, world.base, state="closed")
    world.ends(2, pulls=())
    assert world.comments == []


def test_a_renamed_repository_is_seen_though_its_delivery_was_lost(world: Sighted) -> None:
    """Its own push runs would count as a stranger's, and there be no baseline."""
    world.asked()
    world.ends(2, head_repository="octo/renamed")
    assert "pull" in world.asked()


def test_an_old_description_is_asked_for_again(world: Sighted) -> None:
    """A title or a default branch of last week would be told."""
    world.clock.advance(2 * 3600)
    world.asked()
    world.ends(2)
    assert "pull" in world.asked()


def test_a_new_configuration_on_the_base_branch_holds_at_once(world: Sighted) -> None:
    """A cache would judge by rules that the team has changed since."""
    world.configure("version: 1\ngates:\n  new_code: {minimum: 90}\n")
    world.ends(2, covered=13)
    assert world.check.conclusion == "failure"


def test_a_base_that_moved_on_brings_a_look_at_the_test_merge(world: Sighted) -> None:
    """The lines of the merge that CI tested would be taken for the head's."""
    world.github.branches["main"] = world.github.put_commit(
        {**world.files, "b.md": b"b\n"}, [world.base]
    )
    world.asked()
    world.ends(2)
    assert world.asked().count("pull") == 1
    assert world.check.conclusion == "success"


def test_a_push_over_the_known_head_opens_its_check_with_one_request(world: Sighted) -> None:
    """Auto-merge would be faster than the required check."""
    old = world.head
    world.push({"src/a.py": world.files["src/a.py"] + b"more\n"})
    world.asked()
    world.tell("pull_request.synchronize", head=world.head, before=old)
    assert world.asked() == ["update_check", "create_check"]  # the old one ends, too
    assert world.check.status == "in_progress"
    world.clock.advance(15)
    assert world.ends(2) == "done"
    assert world.check.conclusion == "success"


@pytest.mark.parametrize("before", ["", "f" * 40])
def test_a_push_over_another_head_is_looked_at(world: Sighted, before: str) -> None:
    """A late delivery would open a check on a commit that was pushed over long ago."""
    world.asked()
    world.tell("pull_request.synchronize", head=fake_sha("long ago"), before=before)
    assert "pull" in world.asked()
    heads = {world.github.check_head(number) for number in world.github.check_states}
    assert heads == {world.head}


def test_a_late_push_that_was_pushed_over_ends_in_words(world: Sighted) -> None:
    """Its check would spin for ever."""
    first, middle = world.head, world.push({"src/a.py": b"middle\n"})
    newest = world.push({"src/a.py": world.files["src/a.py"] + b"more\n"})
    world.tell("pull_request.synchronize", head=middle, before=first)
    world.clock.advance(15)
    world.inbox.sweep()
    reconcile(world.subject, world.deps)
    shown = {
        world.github.check_head(number): state
        for number, state in world.github.check_states.items()
    }
    assert shown[Sha(middle)].conclusion == "action_required"
    assert shown[Sha(newest)].status == "in_progress"


def test_a_refused_opening_is_left_to_the_facts(world: Sighted) -> None:
    """A repository that was renamed meanwhile would lose the pull request."""
    old = world.head
    world.push({"src/a.py": world.files["src/a.py"] + b"more\n"})
    world.github.arm("create_check", NotFoundError("404"))
    assert world.tell("pull_request.synchronize", head=world.head, before=old) == "waiting"
    assert world.check.status == "in_progress"


def test_an_outage_while_a_check_is_opened_only_delays(world: Sighted) -> None:
    """It would be opened twice, or never."""
    old = world.head
    world.push({"src/a.py": world.files["src/a.py"] + b"more\n"})
    world.github.arm("create_check", PostponedError("502", seconds=5), after=True)
    told = {"head": world.head, "before": old}
    assert world.tell("pull_request.synchronize", **told) == "postponed"
    world.clock.advance(30)
    world.inbox.sweep()
    reconcile(world.subject, world.deps)
    assert world.check.status == "in_progress"


def test_a_re_run_that_begins_keeps_what_is_waited_for(world: Sighted) -> None:
    """An override's end would be forgotten because somebody repeats a job."""
    assert world.ends(2) == "done"
    assert world.tell("workflow_run.requested", head=world.head) == "done"
    assert world.check.conclusion == "success"


def test_a_pressed_button_finds_a_changed_base(world: Sighted) -> None:
    """The verdict of before would be shown, though the rules have changed."""
    world.base_report()
    world.ends(2, covered=14)
    assert world.check.conclusion == "failure"
    world.configure("version: 1\ngates:\n  regression: {maximum: 50}\n")
    assert world.tell("check_run.rerequested") == "done"
    assert world.check.conclusion == "success"


def test_a_pressed_button_tells_the_same_verdict_again(world: Sighted) -> None:
    """Somebody would get another verdict of the same facts, or wait for a download."""
    world.base_report()
    world.ends(2, covered=14)
    told = world.check
    world.asked()
    assert world.tell("check_run.rerequested") == "done"
    assert world.asked() == ["runs", "compare", "update_check"]
    assert world.check == told


def test_a_pressed_button_finds_a_newer_baseline(world: Sighted) -> None:
    """A verdict against a baseline that was replaced would stand for ever."""
    world.base_report(covered=10)
    world.ends(2, covered=14)
    assert world.check.conclusion == "failure"
    world.clock.advance(60)
    world.github.put_run(1, world.base, attempt=2)
    world.base_report(covered=9)
    world.tell("check_run.rerequested")
    assert "90.00 %" in world.check.output.summary


def test_the_queues_loss_does_not_double_the_comment(world: Sighted) -> None:
    """A redelivery from before the loss would be taken for a new pull request."""
    world.ends(2)
    world.inbox = type(world.inbox)(world.clock)
    world.clock.advance(60)
    world.tell("pull_request.opened", head=world.head)
    world.clock.advance(15)
    world.inbox.sweep()
    reconcile(world.subject, world.deps)
    assert len(world.comments) == 1
    assert len(world.github.check_states) == 1
