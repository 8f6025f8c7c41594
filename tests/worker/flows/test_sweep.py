"""What no delivery told of: the sweeps find it, and leave everything else alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World
from worker.contracts import STANDING, Subject, Sweep
from worker.core.errors import PostponedError
from worker.core.refs import HookDelivery, Installation
from worker.flows.reconcile import reconcile
from worker.flows.sweep import DELIVERIES_EVERY, MOST_ASKED, REMEMBERED

DELIVERIES = Subject.sweep(Sweep.DELIVERIES)


@pytest.fixture
def world() -> World:
    return World()


def log(world: World, number: int, status: int, guid: str = "") -> None:
    """Let GitHub have tried a delivery a moment ago."""
    guid = guid or f"guid-{number}"
    now = world.clock.now()
    world.app.log.append(HookDelivery(number, guid, "pull_request", status, now))


def minutes(world: World, count: int) -> None:
    """Let so many minutes go by, with a look in each."""
    for _ in range(count):
        world.clock.advance(60)
        world.look(DELIVERIES)


def test_a_failed_delivery_is_asked_for_again_within_a_minute(world: World):
    """A webhook that was missed during a restart would block its pull request for ever."""
    log(world, 1, 202)
    log(world, 2, 503)
    assert world.look(DELIVERIES) == "waiting"
    assert world.app.asked == [2]
    assert timedelta(minutes=1) == DELIVERIES_EVERY


def test_what_arrived_at_a_later_attempt_is_left_alone(world: World):
    """Each delivery would come again for three days."""
    log(world, 1, 502, "a")
    log(world, 2, 202, "a")
    minutes(world, 5)
    assert world.app.asked == []


def test_pauses_grow_while_nobody_takes_it_and_end(world: World):
    """A receiver that is down for an hour would be met by thousands of requests."""
    log(world, 1, 502, "a")
    world.app.receiver = 502
    minutes(world, 30)
    assert len(world.app.asked) == 5
    minutes(world, 600)
    assert world.app.asked == list(range(1, MOST_ASKED + 1))


def test_an_outage_of_ten_minutes_is_made_good(world: World):
    """Two hundred pull requests would stay without a verdict."""
    for number in range(1, 201):
        log(world, number, 502)
    minutes(world, 2)
    assert sorted(world.app.asked) == list(range(1, 201))


def test_a_delivery_that_github_has_forgotten_ends_nothing(world: World):
    """One old delivery would keep all others from being asked for."""
    log(world, 1, 502)
    world.look(DELIVERIES)
    world.app.log.clear()
    world.clock.advance(120)
    log(world, 2, 502)
    world.look(DELIVERIES)
    assert world.app.asked == [1, 2]


def test_github_being_away_postpones_the_sweep(world: World):
    """The sweep would die with the first time-out, and nothing be found after it."""

    def fail(_since: object) -> tuple[HookDelivery, ...]:
        raise PostponedError("GitHub did not answer", seconds=5)

    log(world, 1, 502)
    world.app.deliveries, working = fail, world.app.deliveries  # type: ignore[method-assign] # a fault
    assert world.look(DELIVERIES) == "postponed"
    world.app.deliveries = working  # type: ignore[method-assign] # mended
    assert world.look(DELIVERIES) == "waiting"
    assert world.app.asked == [1]


def test_only_three_days_are_looked_back(world: World):
    """A first start would ask for what GitHub can not deliver any more."""
    log(world, 1, 502)
    world.clock.advance((REMEMBERED + timedelta(hours=1)).total_seconds())
    world.look(DELIVERIES)
    assert world.app.asked == []


def settle(world: World, subject: Subject) -> None:
    """Look at a subject, and at all that it leads to, until nothing is due."""
    world.notify(subject)
    for _ in range(100):
        while world.inbox.wakes:
            reconcile(world.inbox.wakes.pop(0), world.deps)
        world.clock.advance(10)
        world.inbox.sweep()


def test_a_pull_request_that_no_delivery_told_of_gets_its_verdict(world: World):
    """A queue that was lost, or an App installed late, would leave checks pending."""
    world.app.installed[Installation(REPOSITORY.installation_id, "octo")] = (REPOSITORY,)
    world.base_report()
    world.ci(2, world.report(15))
    settle(world, Subject.sweep(Sweep.INSTALLATIONS))
    assert world.check.conclusion == "success"


def test_a_pull_request_with_a_verdict_is_left_alone(world: World):
    """Every hour every pull request would be judged again, at the cost of its limits."""
    world.app.installed[Installation(REPOSITORY.installation_id, "octo")] = (REPOSITORY,)
    world.base_report()
    world.ci(2, world.report(15))
    world.look()
    before = len(world.github.calls)
    settle(world, Subject.sweep(Sweep.INSTALLATIONS))
    asked = [call.method for call in world.github.calls[before:]]
    assert "open_pulls" in asked
    assert "pull" not in asked


def test_a_suspended_installation_is_not_asked(world: World):
    """Its refusals would fill the log every hour."""
    suspended = Installation(REPOSITORY.installation_id, "octo", suspended=True)
    world.app.installed[suspended] = (REPOSITORY,)
    settle(world, Subject.sweep(Sweep.INSTALLATIONS))
    assert world.github.calls == []


def test_a_limit_of_one_installation_holds_nobody_else_up(world: World):
    """A busy organisation would keep the sweep from all others."""
    world.app.installed[Installation(1, "busy")] = (replace(REPOSITORY, installation_id=1, id=9),)
    world.app.installed[Installation(REPOSITORY.installation_id, "octo")] = (REPOSITORY,)
    world.inbox.hold_installation(1, 3600)
    world.ci(2, world.report(15))
    settle(world, Subject.sweep(Sweep.INSTALLATIONS))
    assert world.github.check_states
    assert NUMBER in world.github.pulls


def test_both_sweeps_stand_from_the_start():
    """Workers would start, and nobody ever look for what was missed."""
    assert {notice.subject for notice in STANDING} == {
        DELIVERIES,
        Subject.sweep(Sweep.INSTALLATIONS),
    }
