"""Wakes are RQ jobs, though RQ did not write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import utcparse

from worker.contracts import QUEUE, RECONCILE, Notice, Subject
from worker.inbox import RedisInbox
from worker.inbox.wakes import FAILURE_SECONDS, TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

PULL = Subject.pull(12, 345, 7)
NOTICE = Notice(PULL, "octo/hello", "pull_request.opened")


def by_accept(inbox: RedisInbox) -> None:
    inbox.accept("d1", [NOTICE])


def by_finish(inbox: RedisInbox) -> None:
    inbox.accept("d1", [NOTICE])
    claim = inbox.claim(PULL)
    inbox.accept("d2", [NOTICE])
    inbox.finish(claim)


def by_sweep(inbox: RedisInbox) -> None:
    inbox.accept("d1", [NOTICE], delay=0.001)
    while not inbox.sweep():
        pass


@pytest.mark.parametrize("wake", [by_accept, by_finish, by_sweep])
def test_a_wake_is_what_rq_would_have_enqueued(
    redis_client: Redis, wake: Callable[[RedisInbox], None]
):
    """Lost: after an update of RQ, its workers can not read our jobs."""
    queue = Queue(QUEUE, connection=redis_client, serializer=JSONSerializer)
    theirs = queue.enqueue_call(
        RECONCILE,
        args=(PULL.key,),
        result_ttl=0,
        failure_ttl=FAILURE_SECONDS,
        timeout=TIMEOUT_SECONDS,
    )
    expected = redis_client.hgetall(theirs.key)
    expected_type = redis_client.type(queue.key)
    registered = redis_client.smembers("rq:queues")
    redis_client.flushall()
    wake(RedisInbox(redis_client))
    assert redis_client.smembers("rq:queues") == registered
    assert redis_client.type(queue.key) == expected_type
    found = redis_client.hgetall(Job.key_for(queue.job_ids[-1]))
    times = (b"created_at", b"enqueued_at")
    assert {k: v for k, v in found.items() if k not in times} == {
        k: v for k, v in expected.items() if k not in times
    }
    for name in times:
        age = datetime.now(UTC) - utcparse(found[name].decode())
        assert timedelta(0) <= age < timedelta(minutes=1)
    assert redis_client.ttl(Job.key_for(queue.job_ids[-1])) == -1


def test_rq_reads_a_wake(redis_client: Redis):
    """Lost: RQ's own tools show nothing of our queue, or fail on it."""
    RedisInbox(redis_client).accept("d1", [NOTICE])
    queue = Queue(QUEUE, connection=redis_client, serializer=JSONSerializer)
    (job,) = queue.get_jobs()
    assert (job.func_name, job.args, job.kwargs) == (RECONCILE, ["12:345:pull:7"], {})
    assert job.get_status() == "queued"
    assert (job.result_ttl, job.failure_ttl, job.timeout) == (0, 3600, 600)


def test_every_wake_has_an_id_of_its_own(redis_client: Redis):
    """Lost: two wakes share one hash, and the first to end takes the other's away."""
    inbox = RedisInbox(redis_client)
    inbox.accept("d1", [Notice(Subject.pull(1, 2, n), "octo/hello", "x") for n in range(50)])
    ids = Queue(QUEUE, connection=redis_client, serializer=JSONSerializer).job_ids
    assert len(set(ids)) == 50
