"""Covgate is killed, and loses nothing: the short run. `python -m tests.chaos` is the long one."""

from __future__ import annotations

import sys

import pytest

from tests.chaos.control import lose_on_purpose
from tests.chaos.crashes import crash_everywhere
from tests.chaos.points import points_of
from tests.chaos.storm import Plan, storm

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(300),  # on a busy machine
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]


def around_the_writes(calls):
    """Return the points about all that changes GitHub or ends the work."""
    telling = ("POST /repos", "PATCH", "redis FINISH")
    return [point for point in points_of(calls) if point.call.startswith(telling)]


def test_a_look_killed_around_its_writes_leaves_one_check_and_one_comment():
    """One unlucky moment would double a comment, or leave a required check pending for ever."""
    made = crash_everywhere(around_the_writes, wait=False)
    assert len(made.struck) >= 8
    assert made.missed == []
    assert not made.findings.broken, str(made.findings)


def test_twenty_kills_in_bad_weather_lose_nothing():
    """A crash, a restart of Redis or a bad hour of GitHub's would cost somebody's verdict."""
    made = storm(
        Plan(
            kills=20,
            faults=0,
            seed=1,
            pulls=5,
            repositories=5,
            poison=0,
            supervisors=1,
            kill_every=0.2,
            fault_every=0.4,
            event_every=0.4,
            pause_for=0,
            quick=True,
        )
    )
    assert not made.findings.broken, str(made.findings)
    assert made.kills.total() >= 20


def test_a_loss_that_is_there_is_seen():
    """A harness that sees no loss would pass whatever is lost."""
    assert lose_on_purpose(2, seed=1).forgotten > 0
