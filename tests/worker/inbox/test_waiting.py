"""What waits, by name, as the operator's page shows it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from worker.contracts import Notice, Subject
from worker.inbox import Acceptor, RedisInbox
from worker.inbox.keys import INBOX
from worker.inbox.waiting import Queue

if TYPE_CHECKING:
    from redis import Redis

PULL = Subject.pull(12, 345, 7)
COMMIT = Subject.commit(12, 345, "a" * 40)


def look(url: str) -> Queue:
    """Return the queue, as the receiver asks for it."""

    async def ask() -> Queue:
        acceptor = Acceptor(url)
        try:
            return await acceptor.queue()
        finally:
            await acceptor.close()

    return asyncio.run(ask())


def test_an_empty_inbox_is_an_empty_queue(redis_url: str):
    """The page would be a defect where nothing is the matter."""
    assert look(redis_url) == Queue(0, ())


def test_what_waits_is_told_by_name_and_time(redis_url: str, redis_client: Redis):
    """An operator could not tell which pull request is stuck, or since when."""
    inbox = RedisInbox(redis_client)
    inbox.accept("d1", [Notice(PULL, "octo/hello", "pull_request.opened")])
    inbox.accept("d2", [Notice(PULL, "octo/hello", "workflow_run.completed")])
    inbox.accept("d3", [Notice(COMMIT, "", "push")], delay=500)
    queue = look(redis_url)
    assert queue.waiting == 2
    pull, commit = queue.first
    assert (pull.subject, pull.repository) == ("pull:7", "octo/hello")
    assert pull.events == ("pull_request.opened", "workflow_run.completed")
    assert (pull.tries, pull.working) == (0, False)
    assert commit.subject == f"commit:{'a' * 40}"
    assert 400 < commit.seconds <= 500


def test_who_works_and_fails_is_told(redis_url: str, redis_client: Redis):
    """A pull request that kills its workers would look like one that waits."""
    inbox = RedisInbox(redis_client)
    inbox.accept("d1", [Notice(PULL, "octo/hello", "push")])
    assert inbox.claim(PULL) is not None
    # Of a newer version, whose notices nobody here understands.
    redis_client.hset(INBOX + PULL.key, "d2", b"{}")
    (one,) = look(redis_url).first
    assert (one.working, one.tries) == (True, 1)
    assert one.events == ("push",)
