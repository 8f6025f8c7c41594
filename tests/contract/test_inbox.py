"""What flows may rely on of an inbox: the same stories for the fake and for Redis."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.inbox import MemoryInbox
from worker.contracts import Notice, Subject, SubjectKind
from worker.core.errors import LeaseLostError
from worker.inbox import RedisInbox
from worker.inbox.wakes import Wakes
from worker.ports import verification

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

LEASE = 0.6
HIDE = 0.4

PULL = Subject.pull(12, 345, 7)
OTHER = Subject.pull(12, 345, 8)


def notice(subject: Subject = PULL, event: str = "pull_request.opened", *, once: bool = False):
    return Notice(subject, "octo/hello", event, once)


class World(Protocol):
    """An inbox, and what surrounds it."""

    inbox: RedisInbox | MemoryInbox

    def pass_time(self, seconds: float) -> None:
        """Let time pass for the inbox."""

    def woken(self) -> list[Subject]:
        """Take the wakes off the queue, as a worker does."""


class MemoryWorld:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.inbox = MemoryInbox(self.clock, lease=LEASE, hide=HIDE)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def woken(self) -> list[Subject]:
        wakes, self.inbox.wakes[:] = list(self.inbox.wakes), []
        return wakes


class RedisWorld:
    def __init__(self, client: Redis) -> None:
        self.client = client
        self.inbox = RedisInbox(client, lease=LEASE, hide=HIDE)

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds)  # the server's own clock is the one that counts

    def woken(self) -> list[Subject]:
        wakes = []
        while (job_id := self.client.lpop(Wakes().queue_key)) is not None:
            description = self.client.hget(f"rq:job:{job_id.decode()}", "description").decode()
            key = description.split("(", 1)[1].strip("')")
            wakes.append(Subject.parse(key))
        return wakes


@pytest.fixture(params=["memory", "redis"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return MemoryWorld()
    return RedisWorld(request.getfixturevalue("redis_client"))


def test_a_delivery_is_claimed_and_finished(world: World):
    """Lost: a delivery reaches no worker, or comes back after it was dealt with."""
    assert world.inbox.accept("d1", [notice()]) is True
    assert world.woken() == [PULL]
    claim = world.inbox.claim(PULL)
    assert claim is not None
    assert claim.subject == PULL
    assert dict(claim.notices) == {"d1": notice()}
    assert claim.tries == 1
    world.inbox.finish(claim)
    assert world.inbox.claim(PULL) is None
    world.pass_time(LEASE + HIDE)
    assert world.inbox.sweep() == ()


def test_one_delivery_about_several_subjects(world: World):
    """Lost: a push that concerns two pull requests is judged on one of them."""
    world.inbox.accept("d1", [notice(), notice(OTHER)])
    assert sorted(world.woken()) == [PULL, OTHER]
    assert world.inbox.claim(PULL) is not None
    assert world.inbox.claim(OTHER) is not None


def test_two_notices_of_one_delivery_about_one_subject_both_arrive(world: World):
    """Lost: the second of two commands in one comment is swallowed."""
    world.inbox.accept("d1", [notice(event="first", once=True), notice(event="second", once=True)])
    claim = world.inbox.claim(PULL)
    assert claim is not None
    assert [one.event for one in claim.notices.values()] == ["first", "second"]
    assert world.woken() == [PULL]
    world.inbox.finish(claim)
    assert world.inbox.claim(PULL) is None


def test_a_burst_wakes_one_worker_once(world: World):
    """Lost: thirty pushes in a minute cost thirty evaluations."""
    for number in range(5):
        assert world.inbox.accept(f"d{number}", [notice()])
    assert world.woken() == [PULL]
    claim = world.inbox.claim(PULL)
    assert claim is not None
    assert sorted(claim.notices) == ["d0", "d1", "d2", "d3", "d4"]


def test_a_repeated_delivery_asks_for_another_look(world: World):
    """Lost: GitHub's redelivery, the way back after a fault, does nothing."""
    world.inbox.accept("d1", [notice()])
    world.woken()
    world.inbox.finish(world.inbox.claim(PULL))
    assert world.inbox.accept("d1", [notice()]) is False
    assert world.woken() == [PULL]
    assert world.inbox.claim(PULL) is not None


def test_a_repeated_delivery_while_in_work_is_looked_at_afterwards(world: World):
    """Lost: a redelivery during an evaluation is forgotten together with the first one."""
    world.inbox.accept("d1", [notice()])
    claim = world.inbox.claim(PULL)
    world.woken()
    assert world.inbox.accept("d1", [notice()]) is False
    world.inbox.finish(claim)
    assert world.woken() == [PULL]
    assert world.inbox.claim(PULL) is not None


def test_a_repeated_command_has_no_effect(world: World):
    """Lost: a redelivered comment overrides a gate a second time."""
    world.inbox.accept("d1", [notice(once=True)])
    world.woken()
    world.inbox.finish(world.inbox.claim(PULL))
    assert world.inbox.accept("d1", [notice(once=True)]) is False
    assert world.woken() == []
    assert world.inbox.claim(PULL) is None


def test_a_claimed_subject_is_nobody_elses(world: World):
    """Lost: two workers write two comments."""
    world.inbox.accept("d1", [notice()])
    assert world.inbox.claim(PULL) is not None
    assert world.inbox.claim(PULL) is None


def test_what_comes_in_during_work_is_woken_at_its_end_only(world: World):
    """Lost: a push during an evaluation is judged too early, twice or never."""
    world.inbox.accept("d1", [notice()])
    claim = world.inbox.claim(PULL)
    world.woken()
    world.inbox.accept("d2", [notice(event="pull_request.synchronize")])
    assert world.woken() == []
    world.inbox.finish(claim)
    assert world.woken() == [PULL]
    assert list(world.inbox.claim(PULL).notices) == ["d2"]


def test_a_dead_workers_subject_is_woken_when_its_lease_ends(world: World):
    """Lost: a killed worker leaves a pull request without a verdict for ever."""
    world.inbox.accept("d1", [notice()])
    assert world.inbox.claim(PULL).tries == 1
    world.woken()
    assert world.inbox.sweep() == ()
    world.pass_time(LEASE + 0.05)
    assert world.inbox.sweep() == (PULL,)
    assert world.woken() == [PULL]
    claim = world.inbox.claim(PULL)
    assert claim.tries == 2
    assert list(claim.notices) == ["d1"]


def test_an_orderly_end_starts_the_count_of_tries_anew(world: World):
    """Lost: a pull request that was put off often is taken for one that kills workers."""
    world.inbox.accept("d1", [notice()])
    for _ in range(3):
        claim = world.inbox.claim(PULL)
        assert claim.tries == 1
        world.inbox.put_off(claim, 0.01)


def test_renewing_keeps_the_lease(world: World):
    """Lost: a long evaluation is done by two workers at once."""
    world.inbox.accept("d1", [notice()])
    claim = world.inbox.claim(PULL)
    for _ in range(3):
        world.pass_time(LEASE * 0.4)
        world.inbox.renew(claim)
    assert world.inbox.claim(PULL) is None
    world.woken()
    assert world.inbox.sweep() == ()


ENDS: dict[str, Callable] = {
    "renew": lambda inbox, claim: inbox.renew(claim),
    "finish": lambda inbox, claim: inbox.finish(claim),
    "put off": lambda inbox, claim: inbox.put_off(claim, 5),
}


@pytest.mark.parametrize("end", ENDS)
def test_who_lost_the_lease_is_told_and_changes_nothing(world: World, end: str):
    """Lost: a worker that was paused too long undoes what its successor did."""
    world.inbox.accept("d1", [notice()])
    claim = world.inbox.claim(PULL)
    world.pass_time(LEASE + 0.05)
    with pytest.raises(LeaseLostError, match="12:345:pull:7"):
        ENDS[end](world.inbox, claim)
    successor = world.inbox.claim(PULL)
    with pytest.raises(LeaseLostError):
        ENDS[end](world.inbox, claim)
    assert successor.tries == 2
    world.inbox.finish(successor)


def test_a_lost_lease_has_somebody_look_once_more(world: World):
    """Lost: the words of the worker that was late stay on the pull request."""
    world.inbox.accept("d1", [notice()])
    claim = world.inbox.claim(PULL)
    world.pass_time(LEASE + 0.05)
    successor = world.inbox.claim(PULL)
    assert world.inbox.accept(*verification(claim)) is True
    world.inbox.finish(successor)
    again = world.inbox.claim(PULL)
    assert [one.event for one in again.notices.values()] == ["verify"]
    assert [one.repository for one in again.notices.values()] == ["octo/hello"]


def test_putting_off_keeps_the_notices_until_then(world: World):
    """Lost: a rate limit swallows a delivery, or is run into again at once."""
    world.inbox.accept("d1", [notice()])
    world.woken()
    world.inbox.put_off(world.inbox.claim(PULL), 0.3)
    assert world.inbox.sweep() == ()
    assert world.woken() == []
    world.pass_time(0.35)
    assert world.inbox.sweep() == (PULL,)
    assert list(world.inbox.claim(PULL).notices) == ["d1"]


def test_putting_off_does_not_delay_what_came_in_meanwhile(world: World):
    """Lost: CI's last report waits for the deadline that was set before it came."""
    world.inbox.accept("d1", [notice()])
    world.woken()
    claim = world.inbox.claim(PULL)
    world.inbox.accept("d2", [notice(event="workflow_run.completed")])
    world.inbox.put_off(claim, 100)
    assert world.woken() == [PULL]
    assert sorted(world.inbox.claim(PULL).notices) == ["d1", "d2"]


def test_a_new_delivery_ends_a_putting_off(world: World):
    """Lost: a push to a pull request that waits is not looked at."""
    world.inbox.accept("d1", [notice()])
    world.woken()
    world.inbox.put_off(world.inbox.claim(PULL), 100)
    world.inbox.accept("d2", [notice()])
    assert world.woken() == [PULL]


def test_a_delayed_delivery_waits(world: World):
    """Lost: a burst is looked at before it is over."""
    world.inbox.accept("d1", [notice()], delay=0.3)
    assert world.woken() == []
    assert world.inbox.sweep() == ()
    world.pass_time(0.15)
    world.inbox.accept("d2", [notice()], delay=0.3)
    world.pass_time(0.2)
    assert world.inbox.sweep() == (PULL,)
    assert world.woken() == [PULL]


def test_a_lost_wake_is_made_again(world: World):
    """Lost: RQ loses one job, and a pull request waits for ever."""
    world.inbox.accept("d1", [notice()])
    assert world.woken() == [PULL]
    assert world.inbox.sweep() == ()
    world.pass_time(HIDE + 0.05)
    assert world.inbox.sweep() == (PULL,)
    assert world.woken() == [PULL]


def test_a_long_queue_is_not_made_longer(world: World):
    """Lost: while workers are behind, the sweeper fills Redis with the same wakes again."""
    for number in range(5):
        world.inbox.accept(f"d{number}", [notice(Subject.pull(12, 345, number))])
    for _ in range(2):
        world.pass_time(HIDE + 0.05)
        assert world.inbox.sweep() == ()
    assert len(world.woken()) == 5


def test_a_rate_limit_holds_one_installation(world: World):
    """Lost: requests go out inside GitHub's Retry-After, or everybody waits for one."""
    assert world.inbox.held_for(12) == 0
    world.inbox.hold_installation(12, 5)
    world.inbox.hold_installation(12, 1)
    assert 4 < world.inbox.held_for(12) <= 5
    assert world.inbox.held_for(13) == 0
    world.inbox.hold_installation(13, 0.1)
    world.pass_time(0.15)
    assert world.inbox.held_for(13) == 0


def test_effects_are_remembered_by_subject(world: World):
    """Lost: a second comment, since the first one's id is gone."""
    effects = world.inbox.effects(PULL)
    assert effects.get("comment") is None
    effects.put("comment", "41")
    effects.put("comment", "42")
    assert world.inbox.effects(PULL).get("comment") == "42"
    assert world.inbox.effects(OTHER).get("comment") is None
    effects.remove("comment")
    effects.remove("comment")
    assert world.inbox.effects(PULL).get("comment") is None


def test_forgetting_a_repository_leaves_the_others(world: World):
    """Lost: data of a repository that left stays, or a neighbour's goes with it."""
    neighbour, namesake = Subject.pull(12, 34, 7), Subject.pull(1, 345, 7)
    subjects = [PULL, Subject.commit(12, 345, "a" * 40), neighbour, namesake]
    world.inbox.accept("d1", [notice(subject) for subject in subjects])
    for subject in subjects:
        world.inbox.effects(subject).put("check", "1")
    world.woken()
    claim = world.inbox.claim(PULL)
    world.inbox.forget(12, 345)
    with pytest.raises(LeaseLostError):
        world.inbox.renew(claim)
    world.pass_time(LEASE + HIDE)
    assert set(world.inbox.sweep()) == {neighbour, namesake}
    assert [world.inbox.effects(one).get("check") for one in subjects] == [None, None, "1", "1"]


def test_forgetting_an_installation_leaves_the_one_who_does_it(world: World):
    """Lost: what an uninstalled App knew stays behind, or the cleaner stumbles over itself."""
    cleaner = Subject(12, 0, SubjectKind.INSTALLATION, "deleted")
    world.inbox.accept("d1", [notice(), notice(OTHER)])
    world.inbox.hold_installation(12, 5)
    world.inbox.accept("d2", [notice(cleaner)])
    claim = world.inbox.claim(cleaner)
    world.inbox.forget(12)
    assert world.inbox.held_for(12) == 0
    assert world.inbox.claim(PULL) is None
    assert world.inbox.claim(OTHER) is None
    world.inbox.finish(claim)
    world.woken()
    world.pass_time(LEASE + HIDE)
    assert world.inbox.sweep() == ()
