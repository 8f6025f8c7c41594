"""Who may: what GitHub says at the moment of execution, and nothing else."""

from __future__ import annotations

import pytest

from tests.worker.commands.conversation import CONFUSED, EYES, ROCKET, Conversation
from worker.core.errors import NotFoundError, PostponedError
from worker.core.refs import Role

RELEASE = """
version: 1
commands:
  override: {allow: [maintain, "@octo/release"]}
  recheck: {allow: ["@rita"]}
"""


@pytest.fixture
def failed() -> Conversation:
    talk = Conversation()
    talk.fail()
    return talk


def refused(talk: Conversation, body: str, author: str) -> str:
    """Say something that is refused; return the reply."""
    reactions, reply = talk.say(body, author=author)
    assert reactions == [EYES, CONFUSED]
    assert talk.check.conclusion == "failure"
    assert talk.store.overrides(4711) == ()
    return reply


@pytest.mark.parametrize("role", ["read", "triage"])
def test_c8_a_reader_may_not_override(failed: Conversation, role: str) -> None:
    """Everybody could let everything in."""
    failed.grant("rita", role)
    reply = refused(failed, "/covgate override x1", "rita")
    assert f"needs `write` or higher here; you have `{role}`" in reply


def test_c9_the_author_of_a_fork_may_not_override(failed: Conversation) -> None:
    """A contributor would let himself in."""
    failed.grant("alice", "read")
    assert "the author of a pull request may not" in refused(
        failed, "/covgate override x1", "alice"
    )


def test_an_author_with_every_right_may_not_override_either(failed: Conversation) -> None:
    """Four eyes would be two."""
    failed.grant("alice", "admin")
    refused(failed, "/covgate override x1", "Alice")


def test_the_configuration_may_allow_the_author(failed: Conversation) -> None:
    """A team of one could never release."""
    failed.configure("commands: {override: {allow_author: true}}\n")
    failed.grant("alice", "read")
    assert "needs `write` or higher" in refused(failed, "/covgate override x1", "alice")
    failed.grant("alice", "write")
    assert failed.say("/covgate override x1", author="alice")[0] == [EYES, ROCKET]
    assert failed.check.conclusion == "success"


def test_maintain_is_more_than_write(failed: Conversation) -> None:
    """GitHub's old levels call both of them write."""
    failed.configure(RELEASE)
    reply = refused(failed, "/covgate override x1", "mira")
    assert "needs `maintain` or higher or to be in `@octo/release` here; you have `write`" in reply
    assert "give the App the permission `members: read`" in reply
    assert failed.say("/covgate override x1", author="max")[0] == [EYES, ROCKET]


def test_a_team_may(failed: Conversation) -> None:
    """A release team without roles could not do its work."""
    failed.configure(RELEASE)
    failed.github.teams = {"octo/release": ("rita",)}
    reply = refused(failed, "/covgate override x1", "mira")
    assert "members: read" not in reply
    assert failed.say("/covgate override x1", author="rita")[0] == [EYES, ROCKET]


def test_a_person_may_who_is_named(failed: Conversation) -> None:
    """A rule for one would have to be one for many."""
    failed.configure(RELEASE)
    assert failed.say("/covgate recheck", author="rita")[0] == [EYES, ROCKET]
    assert failed.say("/covgate recheck", author="mira")[0] == [EYES, CONFUSED]


def test_a_role_that_an_organisation_made_counts_by_its_level(failed: Conversation) -> None:
    """Nobody with such a role could do anything."""
    failed.github.roles["rita"] = Role("write", "release-captain")
    assert failed.say("/covgate override x1", author="rita")[0] == [EYES, ROCKET]


def test_a_right_lost_between_comment_and_execution_counts_as_lost(failed: Conversation) -> None:
    """Somebody who was thrown out could still let things in."""
    failed.write("/covgate override x1", author="mira")
    failed.grant("mira", "read")
    failed.work()
    assert failed.check.conclusion == "failure"
    assert failed.store.overrides(4711) == ()
    assert "you have `read`" in failed.replies[-1]


def test_a_stranger_has_no_right(failed: Conversation) -> None:
    """Somebody whom GitHub does not know would be taken for a reader, or stop the verdict."""
    failed.github.arm("role", NotFoundError("ghost is not a user"))
    assert "you have `none`" in refused(failed, "/covgate override x1", "ghost")


def test_a_5xx_postpones_and_never_allows(failed: Conversation) -> None:
    """An outage would be the key to every gate."""
    failed.github.arm("role", PostponedError("GitHub answers 502", seconds=10), times=2)
    comment = failed.write("/covgate override x1", author="mira")
    assert failed.work() == "waiting"
    assert failed.check.conclusion == "failure"
    assert failed.reactions(comment) == [EYES]
    failed.clock.advance(31)
    assert failed.work() == "waiting"
    assert failed.check.conclusion == "failure"
    failed.clock.advance(31)
    assert failed.work() == "done"
    assert failed.check.conclusion == "success"
    assert failed.reactions(comment) == [EYES, ROCKET]


def test_a_role_that_can_never_be_had_does_not_keep_the_verdict_away(failed: Conversation) -> None:
    """One odd comment would stop a pull request for good."""
    failed.github.arm("role", PostponedError("GitHub answers 502", seconds=10), times=10_000)
    comment = failed.write("/covgate override x1", author="mira")
    failed.ci(2, failed.report(15))
    for _ in range(30):
        failed.work()
        failed.clock.advance(3_600)
    assert failed.check.conclusion == "success"
    assert failed.store.overrides(4711) == ()
    assert failed.reactions(comment) == [EYES]
    assert failed.work() == "idle"


def test_a_mistake_in_the_configuration_leaves_the_way_to_admins(failed: Conversation) -> None:
    """A team's own narrower rule would not hold, or a broken file stop the release."""
    failed.configure("comands: {}\n")
    reply = failed.say("/covgate override x1", author="max")[1]
    assert "needs `admin` here; you have `maintain`. The configuration" in reply
    assert failed.check.conclusion == "action_required"
    assert failed.say("/covgate override the file is broken", author="ada")[0] == [EYES, ROCKET]
    assert failed.check.conclusion == "success"


def test_the_base_branchs_configuration_decides_who_may(failed: Conversation) -> None:
    """A pull request could name its own author."""
    own = b"commands: {override: {allow: [read], allow_author: true}}\n"
    failed.push({".github/covgate.yml": own})
    failed.ci(3, failed.report(11))
    failed.look()
    assert failed.say("/covgate override x1", author="alice")[0] == [EYES, CONFUSED]
    assert failed.store.overrides(4711) == ()


def test_a_push_just_before_is_not_let_in_unseen(failed: Conversation) -> None:
    """Whoever pushes a second after the comment would get in what nobody looked at."""
    comment = failed.write("/covgate override looks fine", author="mira")
    failed.push({"src/a.py": b"".join(b"evil %d\n" % n for n in range(15))})
    failed.ci(3, failed.report(0))
    failed.work()
    assert failed.check.conclusion == "failure"
    assert failed.reactions(comment) == [EYES, CONFUSED]
    assert "Look at it, then say it again" in failed.replies[-1]
    assert failed.say("/covgate override looks fine", author="mira")[0] == [EYES, ROCKET]


def test_a_push_that_was_seen_before_a_late_comment_is_not_let_in_either(
    failed: Conversation,
) -> None:
    """A delivery that GitHub brings late would let in another commit than was meant."""
    said = failed.clock.now()
    failed.clock.advance(60)
    failed.push({"src/a.py": b"".join(b"evil %d\n" % n for n in range(15))})
    failed.ci(3, failed.report(0))
    failed.look()
    reactions, _ = failed.say("/covgate override fine", created_at=said)
    assert reactions == [EYES, CONFUSED]
    assert failed.check.conclusion == "failure"
