"""The parent of the workers of one machine.

It starts them, starts those that die again, sweeps the inbox for what is overdue, and passes
signals on. No process that forks has threads.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from worker.guard import die_with_parent
from worker.inbox import RedisInbox, connect
from worker.process import PRELOAD, WakeJob, preload_modules, work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.context import ForkContext, SpawnContext
    from multiprocessing.process import BaseProcess
    from types import FrameType

    from worker.contracts import Notice

__all__ = ["GRACE_SECONDS", "run_workers"]

_SWEEP_SECONDS = 2.0
_STANDING_SWEEPS = 12
"""Of how many sweeps one sees to it that what is always to be looked at is still there."""
GRACE_SECONDS = 20.0
"""What jobs in work have to end after the first signal; then they are handed back. Kubernetes
kills after 30 seconds, Docker after what the compose file allows."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
"""Seconds before a dead worker is started again: doubled each time, up to the longest."""
_SETTLED_SECONDS = 5.0
"""A worker that lived as long was no failed start: the pauses begin anew."""

_log = logging.getLogger(__name__)


def run_workers(
    redis_url: str,
    count: int = 1,
    *,
    environment: Mapping[str, str] | None = None,
    preload: Sequence[str] = PRELOAD,
    job_class: type[WakeJob] = WakeJob,
    sweep_seconds: float = _SWEEP_SECONDS,
    standing: Sequence[Notice] = (),
    grace: float = GRACE_SECONDS,
) -> int:
    """Be the supervisor of `count` workers until SIGTERM or SIGINT; return the exit status.

    The first signal lets the jobs in work end (status 0). After `grace` seconds, or at the
    second signal (status 1), they hand their subjects back, which other workers take at once.
    `environment` is added to the workers'. `preload` names modules to import before any fork.
    `standing` is accepted at the start, and whenever it is found missing, be it that Redis was
    emptied or that it was given up: looked for at each twelfth sweep. To be called in the main
    thread of a process without other threads.
    """
    preload_modules(preload)
    supervisor = _Supervisor(
        redis_url=redis_url,
        environment=dict(environment or {}),
        preload=tuple(preload),
        job_class=job_class,
        standing=tuple(standing),
        grace=grace,
        slots=[_Slot() for _ in range(count)],
    )
    return supervisor.run(sweep_seconds)


@dataclass(slots=True)
class _Slot:
    """A place for one worker: who is in it, or when the next may be."""

    process: BaseProcess | None = None
    started: float = 0.0
    pause: float = _SHORTEST_PAUSE
    not_before: float = 0.0


@dataclass(slots=True)
class _Supervisor:
    redis_url: str
    environment: dict[str, str]
    preload: tuple[str, ...]
    job_class: type[WakeJob]
    standing: tuple[Notice, ...]
    grace: float
    slots: list[_Slot]
    signals: int = 0
    _started: bool = False
    _sweep_failed: bool = False
    _next_sweep: float = field(default=0.0)
    _sweeps: int = 0

    def run(self, sweep_seconds: float) -> int:
        """Keep the slots filled and the inbox swept until a signal says stop."""
        before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            with connect(self.redis_url) as client:
                inbox = RedisInbox(client, task=self.job_class.task)
                while not self.signals:
                    self._fill()
                    self._sweep(inbox, sweep_seconds)
                    self._rest(min(0.5, sweep_seconds))
            self._wait_for_workers()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return 1 if self.signals > 1 else 0

    def _wait_for_workers(self) -> None:
        """Wait until all have ended; those that take too long get their second signal."""
        end = time.monotonic() + self.grace
        patient = self.signals == 1
        while any(slot.process for slot in self.slots):
            self._rest(0.5)
            if patient and time.monotonic() > end:
                patient = False
                if self.signals == 1:
                    _log.warning("jobs are not done after %g s: handing them back", self.grace)
                    self._terminate()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Pass the first and the second signal on; a worker knows what each one means."""
        self.signals += 1
        self._terminate()

    def _terminate(self) -> None:
        for slot in self.slots:
            if slot.process is not None and slot.process.is_alive():
                slot.process.terminate()

    def _fill(self) -> None:
        """Start a worker in each empty slot that is not pausing."""
        context = _context()
        for slot in self.slots:
            if slot.process is None and time.monotonic() >= slot.not_before and not self.signals:
                arguments = (self.redis_url, self.environment, self.preload, self.job_class)
                process = context.Process(target=_child, args=(os.getpid(), *arguments))
                # A signal in between would miss the new process, or find it half made.
                blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
                try:
                    process.start()
                    slot.process, slot.started = process, time.monotonic()
                finally:
                    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def _rest(self, seconds: float) -> None:
        """Wait until a worker ends, or for a while; take note of those that ended."""
        alive = [slot.process.sentinel for slot in self.slots if slot.process]
        if alive:
            wait(alive, timeout=seconds)
        else:
            time.sleep(seconds)
        for slot in self.slots:
            if slot.process is not None and not slot.process.is_alive():
                self._empty(slot, slot.process)

    def _empty(self, slot: _Slot, process: BaseProcess) -> None:
        lived = time.monotonic() - slot.started
        slot.pause = _SHORTEST_PAUSE if lived > _SETTLED_SECONDS else slot.pause
        if not self.signals:
            _log.warning(
                "worker %s ended with %s after %.1f s, another starts in %.1f s",
                process.pid,
                process.exitcode,
                lived,
                slot.pause,
            )
        slot.not_before = time.monotonic() + slot.pause
        slot.pause = min(slot.pause * 2, _LONGEST_PAUSE)
        slot.process = None
        process.close()

    def _sweep(self, inbox: RedisInbox, every: float) -> None:
        """Wake workers for what is overdue; Redis being away is waited out."""
        if time.monotonic() < self._next_sweep:
            return
        self._next_sweep = time.monotonic() + every
        try:
            self._keep_standing(inbox)
            while inbox.sweep(limit=_SWEEP_LIMIT):
                pass  # as many again may be overdue
        except (RedisError, OSError) as error:
            if not self._sweep_failed:
                _log.warning("can not sweep the inbox, will try again: %s", error)
            self._sweep_failed, self._sweeps = True, 0
        else:
            self._sweep_failed = False

    def _keep_standing(self, inbox: RedisInbox) -> None:
        """See to it that what is always to be looked at waits for its next look."""
        self._sweeps += 1
        if self._sweeps % _STANDING_SWEEPS != 1:
            return
        missing = [
            one for one in self.standing if not self._started or not inbox.waits(one.subject)
        ]
        if missing:
            inbox.accept(f"start-{uuid.uuid4()}", missing)
        self._started = True


def _context() -> ForkContext | SpawnContext:
    if sys.platform == "darwin":
        return multiprocessing.get_context("spawn")
    return multiprocessing.get_context("fork")


_SWEEP_LIMIT = 500
_STOPPING = (signal.SIGTERM, signal.SIGINT)


def _child(
    supervisor: int,
    redis_url: str,
    environment: dict[str, str],
    preload: tuple[str, ...],
    job_class: type[WakeJob],
) -> None:
    """Be a worker in a process of its own, which ends with its supervisor."""
    # A group of its own: the terminal's Ctrl-C reaches the supervisor alone, which passes it
    # on once; and RQ, which ends a job by its group, can never hit the supervisor's.
    os.setsid()
    for number in _STOPPING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
    os.environ.update(environment)
    if sys.platform == "darwin":
        threading.Thread(target=_follow_parent, daemon=True).start()
    else:
        die_with_parent(signal.SIGTERM, supervisor)
    try:
        work(redis_url, preload=preload, job_class=job_class)
    except (RedisError, OSError) as error:
        # Redis is away: the supervisor starts another one, and one line says why.
        _log.error("the Redis of COVGATE_REDIS_URL does not answer: %s", error)
        raise SystemExit(1) from None


def _follow_parent() -> None:
    """End this process, orderly, when its parent has ended (macOS: nobody forks here)."""
    if parent := multiprocessing.parent_process():
        wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
