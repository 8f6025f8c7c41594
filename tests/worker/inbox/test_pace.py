"""Requests wait for their turn: writes a second apart, nothing while a limit lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worker.core.errors import PostponedError
from worker.inbox import Pace, RedisInbox

if TYPE_CHECKING:
    from redis import Redis


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def pace(redis_client: Redis, slept: list[float]) -> Pace:
    return Pace(redis_client, 1.0, sleep=slept.append)


def test_writes_of_an_installation_are_a_second_apart(pace: Pace, slept: list[float]):
    """GitHub's secondary limit would stop everything for minutes."""
    for _ in range(4):
        pace.wait(77, write=True)
    assert len(slept) == 3
    assert slept == [pytest.approx(after, abs=0.5) for after in (1, 2, 3)]


def test_reads_and_other_installations_do_not_wait(pace: Pace, slept: list[float]):
    """One busy organisation would slow all others down."""
    pace.wait(77, write=True)
    pace.wait(77, write=False)
    pace.wait(78, write=True)
    assert slept == []


def test_nothing_is_sent_while_a_limit_lasts(pace: Pace, redis_client: Redis):
    """A job under way would go on asking, and GitHub prolong the limit."""
    RedisInbox(redis_client).hold_installation(77, 30)
    for write in (True, False):
        with pytest.raises(PostponedError) as held:
            pace.wait(77, write=write)
        assert held.value.gate
        assert 25 < held.value.seconds <= 30
    pace.wait(78, write=True)


def test_a_long_queue_of_writes_hands_the_subject_back(pace: Pace, slept: list[float]):
    """A worker would hold its lease asleep while others could work."""
    with pytest.raises(PostponedError) as late:  # noqa: PT012 - one of them does
        for _ in range(40):
            pace.wait(77, write=True)
    assert not late.value.gate
    assert max(slept) < 21
