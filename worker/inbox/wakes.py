"""Wake-ups: RQ jobs that say "look at this subject", written without RQ's own enqueue.

RQ's `enqueue` takes two transactions of its own, 719 µs in a thread, and can not be part of
the step that accepts a delivery. So RQ makes one job as a template, and the Lua steps write
copies of its hash: a test compares them with what RQ writes.
"""

from __future__ import annotations

import secrets
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from redis import Redis
from rq import Queue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.utils import utcformat

from worker.contracts import QUEUE, RECONCILE

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FAILURE_SECONDS", "TIMEOUT_SECONDS", "Wakes"]

TIMEOUT_SECONDS = 600
"""What a look at one subject may take before RQ ends it."""
FAILURE_SECONDS = 3600
"""How long RQ remembers a failed wake (its default is a year); the inbox is what counts."""

_VARYING = frozenset({"data", "description", "created_at", "enqueued_at"})


class Wakes:
    """Makes the arguments that the Lua steps write wakes from.

    `task` is the dotted name of the function that a worker runs, with the subject's key as
    its one argument; a worker refuses any other than its own.
    """

    def __init__(self, task: str = RECONCILE) -> None:
        self._task = task
        self._fixed = tuple(_template(task))

    @property
    def queue_key(self) -> str:
        """The key of RQ's queue: a list of job ids."""
        return f"{Queue.redis_queue_namespace_prefix}{QUEUE}"

    def shared(self) -> list[str | bytes]:
        """Return the arguments that all wakes of one call share (see `worker.inbox.lua`)."""
        now = utcformat(datetime.now(UTC))
        # One argument for all of them: the client takes about a microsecond for each.
        fields = msgspec.msgpack.encode([*self._fixed, "created_at", now, "enqueued_at", now])
        return [self.queue_key, Queue.redis_queues_keys, Job.redis_job_namespace_prefix, fields]

    def job(self, key: str) -> tuple[str, bytes, str]:
        """Return a new job's id, data and description for the subject with that key."""
        data: bytes = JSONSerializer.dumps((self._task, None, (key,), {}))  # type: ignore[no-untyped-call] # RQ's
        return secrets.token_hex(16), zlib.compress(data), f"{self._task}({key!r})"


def _template(task: str) -> Iterator[str | bytes]:
    """Return names and values of the hash that RQ would write, without what varies."""
    job = Job.create(
        task,
        args=[""],
        connection=Redis(),  # never connects: RQ only wants to have one
        result_ttl=0,
        failure_ttl=FAILURE_SECONDS,
        timeout=TIMEOUT_SECONDS,
        status=JobStatus.QUEUED,
        origin=QUEUE,
        serializer=JSONSerializer,
    )
    for name, value in job.to_dict().items():
        if name not in _VARYING:
            yield name
            yield value if isinstance(value, bytes) else _text(value)


def _text(value: object) -> str:
    """Return a value as the Redis client would write it."""
    return str(value.value) if isinstance(value, JobStatus) else str(value)
