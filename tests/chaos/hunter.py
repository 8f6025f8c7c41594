"""Kills at random, by seed: any process, at any moment, without a warning."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from tests.chaos.processes import Family, end, family_of
from tests.support.processes import command_of
from worker.flows.reconcile import MAX_TRIES
from worker.inbox.keys import INBOX, LEASE, TRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tests.chaos.site import Site

__all__ = ["QUICK_WEIGHTS", "WEIGHTS", "Hunter"]

WEIGHTS = {
    "job": 56,
    "worker": 14,
    "supervisor": 8,
    "all of a machine": 4,
    "receiver": 10,
    "receiver's parent": 3,
    "redis": 5,
}
"""How often each is a victim. A supervisor is the sweeper too."""

QUICK_WEIGHTS = {"job": 13, "worker": 3, "supervisor": 1, "receiver": 1, "redis": 2}
"""Fewer of those that take a second to start again."""

_AIM_SECONDS = 0.35
"""A job takes about as long: its death comes anywhere in it."""
_AIM_AGAIN_SECONDS = 3.0


@dataclass(slots=True)
class _Orphan:
    """A subject whose holder was killed, until somebody takes it again."""

    subject: str
    token: bytes
    died: float
    jobs: set[str]


class Hunter:
    """Kills, pauses, and measures how soon what the dead had in hand is taken up again."""

    def __init__(self, site: Site, seed: int, weights: Mapping[str, int] = WEIGHTS) -> None:
        self.site = site
        self.kills: Counter[str] = Counter()
        self.pauses = 0
        self.recoveries: list[float] = []
        self._random = random.Random(seed)
        self._weights = weights
        self.struck_again = 0
        self.moments: list[datetime] = []
        self._orphans: list[_Orphan] = []
        self._paused: list[tuple[int, float]] = []
        self._aim: tuple[float, str] | None = None

    @property
    def is_aiming(self) -> bool:
        """Whether a victim is chosen and still lives."""
        return self._aim is not None

    @property
    def waiting(self) -> int:
        """How many subjects of killed jobs nobody has taken again yet."""
        return len(self._orphans)

    def hunt(self) -> None:
        """Choose a victim, or, once its moment has come, kill it."""
        now = time.monotonic()
        if self._aim is None:
            kind = self._random.choices(list(self._weights), list(self._weights.values()))[0]
            self._aim = now + self._random.uniform(0, _AIM_SECONDS), kind
            return
        moment, kind = self._aim
        if now < moment:
            return
        killed = _HUNTS[kind](self)
        if killed:
            self.moments.append(self.site.github.world.clock())
        self.kills[kind] += killed
        # There may be nobody to kill just now: a job lives for a moment only.
        if killed or now > moment + _AIM_AGAIN_SECONDS:
            self._aim = None

    def pause(self, seconds: float) -> bool:
        """Stop a job for longer than its lease: it will go on, and may not write.

        Returns False where no job has a subject in hand.
        """
        alone = self._one_job()
        if alone is None or not self.site.redis_is_up:
            return False
        try:
            held = self._held_by(alone)
        except (RedisError, OSError):
            return False
        (job,) = alone.jobs.values()
        if not held or not end(job, signal.SIGSTOP):
            return False
        self._paused.append((job, time.monotonic() + seconds))
        self._orphans += held
        self.pauses += 1
        return True

    def wake(self, *, all_of_them: bool = False) -> None:
        """Let those go on whose pause is over."""
        for job, until in list(self._paused):
            if all_of_them or time.monotonic() >= until:
                end(job, signal.SIGCONT)
                self._paused.remove((job, until))

    def watch(self) -> None:
        """See which of the orphaned subjects somebody has taken again, or put in order."""
        if not self._orphans or not self.site.redis_is_up:
            return
        try:
            for orphan in list(self._orphans):
                if self._is_taken(orphan):
                    self.recoveries.append(time.monotonic() - orphan.died)
                    self._orphans.remove(orphan)
        except (RedisError, OSError):
            return

    def _is_taken(self, orphan: _Orphan) -> bool:
        redis, subject = self.site.redis, orphan.subject
        token = redis.get(f"{LEASE}{subject}")
        if token is not None and token != orphan.token:
            return True
        return not redis.exists(f"{INBOX}{subject}") or not redis.hexists(TRIES, subject)

    def _family(self) -> Family | None:
        families = self.site.families()
        return self._random.choice(families) if families else None

    def _one_job(self) -> Family | None:
        """Return a worker that has a job, as a family of its own."""
        family = self._family()
        if family is None or not family.jobs:
            return None
        worker = self._random.choice(sorted(family.jobs))
        return Family(family.supervisor, (worker,), {worker: family.jobs[worker]})

    def _held_by(self, family: Family) -> list[_Orphan]:
        """Return what the jobs of a family have in hand: RQ tells which worker does what."""
        redis, now = self.site.redis, time.monotonic()
        found = []
        for job, subject in self._wakes("rq:wip:covgate", family):
            token = redis.get(f"{LEASE}{subject}")
            if token is not None:
                found.append(_Orphan(subject, token, now, {job}))
        return found

    def _wakes(self, key: str, family: Family | None) -> list[tuple[str, str]]:
        """Return the jobs of one of RQ's lists, with their subjects; those of a family."""
        redis, found = self.site.redis, []
        entries = redis.zrange(key, 0, -1) if family else redis.lrange(key, 0, -1)
        for job in (entry.decode().partition(":")[0] for entry in entries):
            worker, description = redis.hmget(f"rq:job:{job}", "worker_name", "description")
            pid = redis.hget(f"rq:worker:{(worker or b'').decode()}", "pid")
            if family is None or (pid is not None and int(pid) in family.jobs):
                found.append((job, _subject_of(description)))
        return found

    def _strike_again(self, family: Family | None) -> None:
        """Begin anew to wait for subjects whose new wake dies too: with its taker, or popped."""
        hit = self._wakes("rq:queue:covgate:intermediate", None)
        hit += self._wakes("rq:wip:covgate", family) if family else []
        for orphan in self._orphans:
            jobs = {job for job, subject in hit if subject == orphan.subject} - orphan.jobs
            if jobs:
                orphan.jobs |= jobs
                orphan.died = time.monotonic()
                self.struck_again += 1

    def _kill_jobs(self, family: Family, pids: tuple[int, ...]) -> bool:
        """Kill, unless a subject would die for the last time before it counts as poison."""
        if not self.site.redis_is_up:
            return False  # nobody could tell
        try:
            held = self._held_by(family)
            if self._is_last_try([orphan.subject for orphan in held]):
                return False
            self._strike_again(family)
        except (RedisError, OSError):
            return False
        killed = sum(end(pid) for pid in pids) > 0
        known = {orphan.subject for orphan in self._orphans}
        self._orphans += [orphan for orphan in held if orphan.subject not in known]
        return killed

    def _is_last_try(self, subjects: list[str]) -> bool:
        if not subjects:
            return False
        tries = self.site.redis.hmget(TRIES, subjects)
        return any(int(count or 0) >= MAX_TRIES for count in tries)

    def _kill_job(self) -> bool:
        alone = self._one_job()
        return alone is not None and self._kill_jobs(alone, tuple(alone.jobs.values()))

    def _kill_worker(self) -> bool:
        """Kill one that waits for its job's end: the job goes on as an orphan."""
        family = self._family()
        if family is None or not family.workers:
            return False
        try:
            self._strike_again(None)
        except (RedisError, OSError):
            return False
        return end(self._random.choice(family.workers))

    def _kill_supervisor(self) -> bool:
        family = self._family()
        if family is None:
            return False
        try:
            # Its workers end: one that has just popped a wake loses it.
            self._strike_again(None)
        except (RedisError, OSError):
            return False
        return end(family.supervisor)

    def _kill_machine(self) -> bool:
        family = self._family()
        return family is not None and self._kill_jobs(family, family.all)

    def _kill_receiver(self) -> bool:
        parent = self.site.serve.pid
        receivers = [pid for pid in _children(parent) if "--listener" in command_of(pid)]
        return bool(receivers) and end(receivers[0])

    def _kill_parent(self) -> bool:
        pid = self.site.serve.pid
        return bool(pid) and end(pid)

    def _kill_redis(self) -> bool:
        try:
            # Jobs bear a server's absence for two seconds, but not on their last try.
            leases = self.site.redis.scan_iter(match=f"{LEASE}*", count=1000)
            if self._is_last_try([key.decode().removeprefix(LEASE) for key in leases]):
                return False
            self._strike_again(None)
        except (RedisError, OSError):
            return False
        return self.site.kill_redis(away=self._random.uniform(0.1, 1.5))


def _children(parent: int) -> tuple[int, ...]:
    return family_of(parent).workers if parent else ()


def _subject_of(description: bytes | None) -> str:
    """Return the subject in a wake's description: "worker.tasks.reconcile('1:2:pull:3')"."""
    return (description or b"").decode().partition("'")[2].partition("'")[0]


_HUNTS: dict[str, Callable[[Hunter], bool]] = {
    "job": Hunter._kill_job,
    "worker": Hunter._kill_worker,
    "supervisor": Hunter._kill_supervisor,
    "all of a machine": Hunter._kill_machine,
    "receiver": Hunter._kill_receiver,
    "receiver's parent": Hunter._kill_parent,
    "redis": Hunter._kill_redis,
}
