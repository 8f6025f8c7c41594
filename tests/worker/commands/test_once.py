"""Each command has its effect exactly once, whatever is killed or delivered twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.worker.commands.conversation import CONFUSED, EYES, ROCKET, Conversation
from worker.commands import COMMANDS
from worker.core.errors import LeaseLostError, RefusedError
from worker.flows.asking import CommandKind
from worker.flows.reconcile import reconcile

if TYPE_CHECKING:
    from tests.fakes.github import FakeGitHub

COMMENT = "/covgate override the release must go\n/covgate baseline"


class Killed(BaseException):
    """What a killed worker's job is to itself."""


@pytest.fixture
def failed() -> Conversation:
    talk = Conversation()
    talk.base_report(covered=9)
    talk.fail()
    return talk


def steps() -> list[tuple[str, int]]:
    """Return every call of a port that this conversation makes, by method and count."""
    talk = Conversation()
    talk.base_report(covered=9)
    talk.fail()
    before = len(talk.github.calls)
    talk.say(COMMENT)
    seen: dict[str, int] = {}
    found = []
    for call in talk.github.calls[before:]:
        seen[call.method] = seen.get(call.method, 0) + 1
        found.append((call.method, seen[call.method]))
    return found


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("method", "count"), steps())
def test_killed_at_any_request_it_still_happens_once(
    failed: Conversation, method: str, count: int, after: bool
) -> None:
    """A worker that dies would leave a double, a half, or silence."""
    comment = failed.write(COMMENT)
    github = _Fragile(failed.github, method, count, after=after)
    with pytest.raises(Killed):
        reconcile(failed.subject, replace(failed.deps, github=lambda *_: github))
    for _ in range(6):
        failed.clock.advance(120)
        failed.work()
    assert failed.reactions(comment) == [EYES, ROCKET]
    assert len(failed.replies) == 1
    assert len(failed.store.overrides(4711)) == 1
    assert failed.check.conclusion == "success"
    assert len(failed.comments) == 2


class _Fragile:
    """Dies at the so-and-so-many-th call of a method, before it has its effect or after."""

    def __init__(self, github: FakeGitHub, method: str, count: int, *, after: bool) -> None:
        self._github = github
        self._method, self._left, self._after = method, count, after

    def __getattr__(self, name):
        method = getattr(self._github, name)

        def call(*arguments, **options):
            self._left -= name == self._method
            dies = name == self._method and not self._left
            if dies and not self._after:
                raise Killed
            answer = method(*arguments, **options)
            if dies:
                raise Killed
            return answer

        return call


def test_delivered_again_it_has_no_second_effect(failed: Conversation) -> None:
    """GitHub's redelivery would override once more, after somebody revoked."""
    comment = failed.write(COMMENT)
    failed.work()
    failed.say("/covgate revoke")
    writes = len(failed.github.writes)
    failed.deliver(comment)
    failed.work()
    assert failed.check.conclusion == "failure"
    assert len(failed.store.overrides(4711)) == 1
    assert len(failed.github.writes) == writes


def test_a_revocation_that_was_killed_says_that_it_was_done(failed: Conversation) -> None:
    """The next job would find nothing left to revoke, and say so."""
    failed.say("/covgate override x1")
    comment = failed.write("/covgate revoke")
    failed.github.arm("create_comment", Killed())
    with pytest.raises(Killed):
        failed.work()
    # The outcome is recorded; even without it, the ledger would tell.
    failed.inbox.effects(failed.subject).remove(f"command:{comment}")
    for _ in range(4):
        failed.clock.advance(120)
        failed.work()
    assert failed.reactions(comment) == [EYES, ROCKET]
    assert "Ended: 1 override" in failed.replies[-1]
    assert len(failed.replies) == 2


def test_commands_are_done_in_the_order_of_their_comments(failed: Conversation) -> None:
    """A revocation would be done before what it revokes."""
    failed.write("/covgate override x1")
    failed.write("/covgate revoke")
    failed.work()
    assert failed.check.conclusion == "failure"
    assert [one.ended_by for one in failed.store.overrides(4711)] == ["@mira"]
    assert len(failed.replies) == 2


def test_a_locked_conversation_does_not_keep_the_effect_away(failed: Conversation) -> None:
    """A verdict would wait for a reply that can't be written."""
    failed.github.arm("create_comment", RefusedError("403: locked"), times=9)
    comment = failed.write("/covgate override x1")
    assert failed.work() == "done"
    assert failed.check.conclusion == "success"
    assert failed.reactions(comment) == [EYES]


def test_a_defect_of_a_command_does_not_keep_the_verdict_away(failed: Conversation) -> None:
    """One comment would stop a pull request for good."""

    def fail(_call):
        raise ZeroDivisionError

    kinds = {**COMMANDS, "status": CommandKind("status", "", "", fail)}
    comment = failed.write("/covgate status")
    failed.ci(2, failed.report(15))
    assert reconcile(failed.subject, replace(failed.deps, commands=kinds)) == "done"
    assert failed.reactions(comment) == [EYES, CONFUSED]
    assert "a defect of Covgate" in failed.replies[-1]
    assert failed.check.conclusion == "success"


def test_a_command_that_kills_its_workers_is_left_alone(failed: Conversation) -> None:
    """A verdict that is too big to be told from would kill one worker after the other."""

    def die(_call):
        raise Killed

    kinds = {**COMMANDS, "show": CommandKind("show", "", "", die, reads_verdict=True)}
    comment = failed.write("/covgate show\n/covgate override x1")
    deps = replace(failed.deps, commands=kinds)
    for _ in range(2):
        with pytest.raises(Killed):
            reconcile(failed.subject, deps)
        failed.clock.advance(120)
    assert reconcile(failed.subject, deps) == "done"
    assert failed.reactions(comment) == [EYES, CONFUSED]
    assert "a defect of Covgate" in failed.replies[-1]
    assert failed.check.conclusion == "success"


def test_who_lost_the_lease_writes_nothing_more(failed: Conversation) -> None:
    """Two workers would both reply."""
    comment = failed.write("/covgate override x1")
    failed.github.arm("react", LeaseLostError("another worker took over"))
    assert failed.work() == "overtaken"
    assert failed.store.overrides(4711) == ()
    assert failed.replies == []
    assert failed.reactions(comment) == []
