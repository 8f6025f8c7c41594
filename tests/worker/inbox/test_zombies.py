"""A process that was stopped, and goes on: it may not send what it was about to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.workers import until
from worker.contracts import Notice, Subject
from worker.core.errors import LeaseLostError, PostponedError
from worker.inbox import Pace, RedisInbox

if TYPE_CHECKING:
    from redis import Redis

SUBJECT = Subject.pull(77, 4711, 7)


def test_a_write_is_not_sent_on_a_lease_that_may_be_over(redis_client: Redis):
    """A paused machine that goes on would make a second check, pending for ever."""
    inbox = RedisInbox(redis_client, lease=0.2)
    inbox.check_lease()  # without a claim nothing is at stake
    inbox.accept("delivery", [Notice(SUBJECT, "octo/hello", "test")])
    claim = inbox.claim(SUBJECT)
    assert claim is not None
    inbox.check_lease()

    def is_refused() -> bool:
        try:
            inbox.check_lease()
        except LeaseLostError:
            return True
        return False

    until(is_refused, seconds=5)


def test_who_waited_for_a_turn_looks_again_whether_a_limit_was_reached(redis_client: Redis):
    """A write would be sent into the very wait that GitHub asked for, and prolong it."""
    inbox = RedisInbox(redis_client)

    def reach_the_limit(_seconds: float) -> None:
        inbox.hold_installation(77, 60)

    pace = Pace(redis_client, 1.0, sleep=reach_the_limit)
    pace.wait(77, write=True)
    with pytest.raises(PostponedError):
        pace.wait(77, write=True)
