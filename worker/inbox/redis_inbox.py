"""The inbox in Redis, as workers use it: `worker.ports.Inbox`."""

from __future__ import annotations

import logging
import secrets
import time
from typing import TYPE_CHECKING, cast

import msgspec
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from worker.contracts import RECONCILE, Subject, SubjectKind, decode_notice
from worker.core.errors import LeaseLostError
from worker.inbox import lua
from worker.inbox.arguments import accept_arguments
from worker.inbox.keys import CACHE, DUE, EFFECTS, EFFECTS_SECONDS, HOLD, INBOX, LEASE, LIMITS
from worker.inbox.numbers import InboxNumbers, ask_numbers, read_numbers
from worker.inbox.wakes import Wakes
from worker.ports import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.contracts import Notice

__all__ = ["HIDE_SECONDS", "LEASE_SECONDS", "RedisEffects", "RedisInbox", "connect"]

LEASE_SECONDS = 40.0
"""How long a claim holds without being renewed: far above the 10 s that one request to GitHub
may take, and what a killed worker's subject waits at most."""
HIDE_SECONDS = 30.0
"""How long after a wake the sweeper begins to doubt that it arrived."""
_SURE = 3 / 4
"""The part of a lease in which a request may begin: it takes ten seconds at most."""

_log = logging.getLogger(__name__)


def connect(url: str) -> Redis:
    """Return a client for `COVGATE_REDIS_URL` that outlives a server's restart.

    It tries again for about two seconds, and gives a silent server ten.
    """
    return Redis.from_url(
        url,
        socket_timeout=10,
        socket_connect_timeout=5,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.1), 4),
    )


class RedisInbox:
    """Accepted work in Redis; one instance a process.

    `lease` is how many seconds a claim holds without being renewed, `hide` how many the
    sweeper trusts a wake. `task` is the dotted name of the function that wakes call.
    The client's answers must be bytes (no `decode_responses`).
    """

    def __init__(
        self,
        client: Redis,
        *,
        lease: float = LEASE_SECONDS,
        hide: float = HIDE_SECONDS,
        task: str = RECONCILE,
    ) -> None:
        self._client = client
        self._lease = lease
        self._lease_ms = str(round(lease * 1000))
        self._sure_until: float | None = None
        self._hide = hide
        self._wakes = Wakes(task)
        self._accept = client.register_script(lua.ACCEPT)
        self._claim = client.register_script(lua.CLAIM)
        self._renew = client.register_script(lua.RENEW)
        self._finish = client.register_script(lua.FINISH)
        self._sweep = client.register_script(lua.SWEEP)
        self._push = client.register_script(lua.PUSH)
        self._hold = client.register_script(lua.HOLD)
        self._drop = client.register_script(lua.DROP)

    def accept(self, delivery_id: str, notices: Sequence[Notice], *, delay: float = 0) -> bool:
        """Take a delivery in, atomically with its wakes; False where it was known.

        With a `delay` in seconds, nobody looks before (unless another notice asks to).
        """
        key, arguments = accept_arguments(
            self._wakes, delivery_id, notices, delay=delay, hide=self._hide
        )
        return bool(self._accept(keys=[key], args=arguments) == 1)

    def claim(self, subject: Subject) -> Claim | None:
        """Take a subject; None where another has it or nothing is to be done."""
        token, begun = secrets.token_hex(16), time.monotonic()
        answer = self._claim(args=[subject.key, token, self._lease_ms])
        if not answer:
            return None
        self._sure_until = begun + self._lease * _SURE
        tries, flat = answer
        notices = dict(self._decode(subject, zip(flat[::2], flat[1::2], strict=True)))
        return Claim(subject, token, notices, tries)

    def renew(self, claim: Claim) -> None:
        """Prolong the lease; `LeaseLostError` where it is no longer this claim's."""
        begun = time.monotonic()
        if not self._renew(args=[claim.subject.key, claim.token, self._lease_ms]):
            raise _lost(claim)
        self._sure_until = begun + self._lease * _SURE

    def check_lease(self) -> None:
        """Raise `LeaseLostError` where the lease of this process may end before a request does.

        Nobody is asked: a process that was stopped between its last renewal and a write must
        not send it when it goes on, and the clock has gone on meanwhile.
        """
        if self._sure_until is not None and time.monotonic() > self._sure_until:
            raise LeaseLostError("this process was stopped for longer than its lease allows")

    def finish(self, claim: Claim) -> None:
        """End a claim: forget its notices; what came in meanwhile is woken at once.

        Raises `LeaseLostError` where the lease was lost meanwhile.
        """
        self._end(claim, None)

    def put_off(self, claim: Claim, seconds: float) -> None:
        """Hand a claim back, its notices kept, to be taken again after `seconds`.

        What came in meanwhile does not wait: it is woken at once, as by `finish`.

        Raises `LeaseLostError` where the lease was lost meanwhile.
        """
        self._end(claim, seconds)

    def sweep(self, *, limit: int = 100) -> tuple[Subject, ...]:
        """Wake workers for what is overdue, at most `limit` subjects; return these.

        Any number of processes may sweep at the same time. Subjects of a newer version get
        their wakes too, for its workers; they are not returned.
        """
        found = self._sweep(keys=[self._wakes.queue_key], args=[self._hide, limit])
        keys = [key.decode() for key in found]
        if keys:
            jobs = [part for key in keys for part in self._wakes.job(key)]
            self._push(args=[*self._wakes.shared(), *jobs])
        return tuple(subject for key in keys if (subject := _known(key)))

    def waits(self, subject: Subject) -> bool:
        """Return whether somebody is to look at a subject, now or later."""
        return self._client.zscore(DUE, subject.key) is not None

    def hold_installation(self, installation_id: int, seconds: float) -> None:
        """Let nobody write or read for an installation before that (a rate limit)."""
        if (milliseconds := round(seconds * 1000)) > 0:
            self._hold(keys=[f"{HOLD}{installation_id}"], args=[milliseconds])

    def held_for(self, installation_id: int) -> float:
        """Return for how many seconds an installation has to wait; 0 when it need not."""
        return max(0, self._client.pttl(f"{HOLD}{installation_id}")) / 1000

    def effects(self, subject: Subject) -> RedisEffects:
        """Return what is recorded of a subject's effects."""
        return RedisEffects(self._client, subject)

    def forget(self, installation_id: int, repository_id: int | None = None) -> None:
        """Drop all of an installation, or of one of its repositories.

        Subjects of the kind `installation` stay: the caller has claimed one of them, and its
        end is orderly. The keys are looked for in steps (SCAN) that hold nobody up: it is
        rare, and an index would cost every delivery a write and could come to disagree.
        """
        prefix = f"{installation_id}:" + ("" if repository_id is None else f"{repository_id}:")
        keys = {key for key in self._subjects(prefix) if key.split(":", 3)[2] != _INSTALLATION}
        if keys:
            self._drop(args=sorted(keys))
        cached = list(self._client.scan_iter(match=f"{CACHE}{prefix}*", count=1000))
        if cached:
            self._client.delete(*cached)
        if repository_id is None:
            self._client.delete(f"{HOLD}{installation_id}")
            self._client.hdel(LIMITS, str(installation_id))

    def numbers(self) -> InboxNumbers:
        """Return how full the inbox is now."""
        with self._client.pipeline(transaction=False) as pipeline:
            ask_numbers(pipeline, self._wakes.queue_key)
            return read_numbers(pipeline.execute())

    def _end(self, claim: Claim, delay: float | None) -> None:
        key = claim.subject.key
        after = "done" if delay is None else delay
        arguments = [key, claim.token, after, self._hide, *self._wakes.shared()]
        if not self._finish(args=[*arguments, *self._wakes.job(key), *claim.notices]):
            raise _lost(claim)

    def _decode(
        self, subject: Subject, entries: Iterator[tuple[bytes, bytes]]
    ) -> Iterator[tuple[str, Notice]]:
        for field, data in entries:
            try:
                yield field.decode(), decode_notice(data)
            except (msgspec.DecodeError, UnicodeDecodeError):
                # Not written by any Covgate: kept, it would call workers for ever.
                _log.exception("dropped an unreadable notice of %s", subject.key)
                self._client.hdel(f"{INBOX}{subject.key}", field)

    def _subjects(self, prefix: str) -> Iterator[str]:
        for kind in (INBOX, LEASE, EFFECTS):
            for key in self._client.scan_iter(match=f"{kind}{prefix}*", count=1000):
                yield key.decode().removeprefix(kind)
        for key, _ in self._client.zscan_iter(DUE, match=f"{prefix}*", count=1000):
            yield key.decode()


_INSTALLATION = str(SubjectKind.INSTALLATION)


class RedisEffects:
    """What is known about the things that one subject made on GitHub: one hash."""

    def __init__(self, client: Redis, subject: Subject) -> None:
        self._client = client
        self._key = f"{EFFECTS}{subject.key}"

    def get(self, name: str) -> str | None:
        """Return what is recorded under a name."""
        value = cast("bytes | None", self._client.hget(self._key, name))
        return None if value is None else value.decode()

    def put(self, name: str, value: str) -> None:
        """Record; all of the subject's records live for half a year from here."""
        with self._client.pipeline() as pipeline:
            pipeline.hset(self._key, name, value)
            pipeline.expire(self._key, EFFECTS_SECONDS)
            pipeline.execute()

    def put_new(self, name: str, value: str) -> bool:
        """Record where nothing is recorded yet; False, and nothing changes, where it is."""
        with self._client.pipeline() as pipeline:
            pipeline.hsetnx(self._key, name, value)
            pipeline.expire(self._key, EFFECTS_SECONDS)
            return bool(pipeline.execute()[0])

    def remove(self, name: str) -> None:
        """Forget."""
        self._client.hdel(self._key, name)


def _known(key: str) -> Subject | None:
    try:
        return Subject.parse(key)
    except ValueError:
        return None


def _lost(claim: Claim) -> LeaseLostError:
    return LeaseLostError(
        f"{claim.subject.key}: its lease ended while it was in work, another worker has it"
    )
