"""One RQ worker, and what it may run: a fork for each job.

It listens to the one queue and forks for each wake, so that a hostile report or a defect takes
one look with it and no more (`worker.supervisor` starts it, and starts it again).
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, ClassVar, Self

from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from worker.contracts import QUEUE, RECONCILE
from worker.core.errors import CovgateError
from worker.inbox import connect

# macOS's frameworks crash in forked processes that did not exec.
if sys.platform == "darwin":
    from rq.worker import SpawnWorker as RQWorker
else:
    from rq.worker import Worker as RQWorker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from redis import Redis


__all__ = [
    "HANDING_SECONDS",
    "PRELOAD",
    "ForeignJobError",
    "ReconcileWorker",
    "WakeJob",
    "preload_modules",
    "work",
]

PRELOAD = ("worker.tasks",)
"""What is imported before forking, numpy with it: 12 ms a job instead of 167."""

_WORKER_SECONDS = 60
"""RQ's worker_ttl: it blocks for 15 seconds less, and is missed after 60 more."""
_MONITOR_SECONDS = 5
_MAINTENANCE_SECONDS = 60
HANDING_SECONDS = 5.0
"""What a job has to hand its subject back."""
_log = logging.getLogger(__name__)


class ForeignJobError(CovgateError):
    """Somebody put a job into the queue that is no wake of Covgate's."""


class WakeJob(Job):
    """An RQ job that runs nothing but `task`, with one text as its argument.

    Whoever can write to Redis can enqueue anything (https://github.com/rq/rq/issues/2389),
    and the JSON serializer alone does not stop `os.system`. So the name is compared before
    anything is imported, and callbacks, which RQ imports by name too, and webhooks, which it
    sends anywhere, are never run.
    """

    task: ClassVar[str] = RECONCILE
    _has_extras: bool = True  # until the hash has been read

    def restore(self, raw_data: Any) -> Any:  # noqa: ANN401 - RQ's signature
        """Read the job's hash; one that is no job counts as gone, and ends no worker."""
        try:
            super().restore(raw_data)
        except NoSuchJobError:
            raise
        except Exception as error:
            raise NoSuchJobError(f"{self.id} is malformed: {error}") from error
        callbacks = (
            self._success_callback_name,
            self._failure_callback_name,
            self._stopped_callback_name,
        )
        self._has_extras = any(callbacks) or bool(self.webhooks)
        self._success_callback = self._failure_callback = self._stopped_callback = None  # type: ignore[assignment] # None is "has none"
        self.webhooks = []

    def perform(self) -> Any:  # noqa: ANN401 - RQ's signature
        """Run the task; `ForeignJobError` where the job is not one of Covgate's."""
        texts = [type(part) for part in self.args] == [str]
        plain = texts and self.kwargs == {} and self.instance is None and not self._has_extras
        if self.func_name != self.task or not plain:
            raise ForeignJobError(
                f"refused the job {self.id} ({self.func_name!r}): a worker runs {self.task} with "
                "one text and no callback; find out who else can write to this Redis"
            )
        return super().perform()


class ReconcileWorker(RQWorker):
    """An RQ worker for Covgate's one queue.

    One queue only: with several, RQ pops without its intermediate list and loses what it
    held when killed (https://github.com/rq/rq/issues/1716).
    """

    max_connection_wait_time = 2.0  # RQ's own pauses grow to a minute
    log_result_lifespan = False

    @classmethod
    def make(cls, client: Redis, job_class: type[WakeJob] = WakeJob) -> Self:
        """Return a worker of the one queue; the client is its own."""
        return cls(
            [QUEUE],
            connection=client,
            job_class=job_class,
            serializer=JSONSerializer,
            worker_ttl=_WORKER_SECONDS,
            job_monitoring_interval=_MONITOR_SECONDS,
            maintenance_interval=_MAINTENANCE_SECONDS,
            log_job_description=False,
        )

    def subscribe(self) -> None:
        """Take no commands: they need a thread, and anybody with Redis may send them."""

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """End now, at the second signal; RQ would ignore it within a second of the first.

        The job gets a moment to hand its subject back (`worker.tasks`), so that the next
        worker need not wait until the lease ends.
        """
        signal.alarm(0)  # RQ's own, while it waits for a job: it would break this off
        if self.horse_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
            end = time.monotonic() + HANDING_SECONDS
            while time.monotonic() < end and not self._horse_ended():
                time.sleep(0.02)
            self.kill_horse()
            self.wait_for_horse()
        raise SystemExit(1)

    def _horse_ended(self) -> bool:
        """Return whether the job's process has ended; it is left to be waited for."""
        try:
            found = os.waitid(os.P_PID, self.horse_pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return True
        return found is not None


def work(
    redis_url: str,
    *,
    preload: Sequence[str] = PRELOAD,
    job_class: type[WakeJob] = WakeJob,
) -> None:
    """Be one worker, in this process, until SIGTERM (which lets the job in work end)."""
    preload_modules(preload)
    with connect(redis_url) as client:
        ReconcileWorker.make(client, job_class).work(logging_level="WARNING")


def preload_modules(names: Sequence[str]) -> None:
    """Import modules before any fork. OpenBLAS, which numpy brings, is to start no threads."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in names:
        importlib.import_module(name)
