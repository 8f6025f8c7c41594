"""Claims that outlive a long step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from worker.contracts import Notice, Subject
from worker.core.errors import LeaseLostError
from worker.inbox import RedisInbox, keep_alive

if TYPE_CHECKING:
    from redis import Redis

SUBJECT = Subject.pull(1, 2, 3)


@pytest.fixture
def inbox(redis_client: Redis) -> RedisInbox:
    inbox = RedisInbox(redis_client, lease=0.4)
    inbox.accept("one", [Notice(SUBJECT, "octo/hello", "x")])
    return inbox


def test_a_step_longer_than_the_lease_keeps_the_claim(inbox: RedisInbox):
    """A large report would be taken for one that kills its workers."""
    claim = inbox.claim(SUBJECT)
    assert claim is not None
    with keep_alive(inbox, claim, every=0.1):
        time.sleep(1.0)  # the long step
        assert inbox.claim(SUBJECT) is None
    inbox.finish(claim)


def test_it_ends_with_the_step(inbox: RedisInbox):
    """A worker that is done would keep its subject from all others."""
    claim = inbox.claim(SUBJECT)
    assert claim is not None
    with keep_alive(inbox, claim, every=0.1):
        pass
    time.sleep(0.6)  # the lease
    assert inbox.claim(SUBJECT) is not None
    with pytest.raises(LeaseLostError):
        inbox.finish(claim)
