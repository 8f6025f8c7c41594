"""How full the inbox is, for /metrics, /readyz and `covgate doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.contracts import SubjectKind
from worker.inbox.keys import AWAKE, DUE, LIMITS, SUMS, TRIES
from worker.meter import Limit, Sum, read_limits, read_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["InboxNumbers", "ask_numbers", "read_numbers"]


_LOOKED_AT = 1_000
"""Of how many subjects, the longest due first, those that are late are counted."""
_LATE = 60.0
_PULL = f":{SubjectKind.PULL}:".encode()


@dataclass(frozen=True, slots=True)
class InboxNumbers:
    """A moment's counts.

    `waiting` subjects have something to be looked at (those in work included), `awake` of
    them have a wake that no worker has taken yet, `claimed` are in work or were when their
    worker died, `queued` jobs are in RQ's queue. `overdue` is for how many seconds the
    oldest due subject has been left alone: above some 60, no worker or sweeper is at work.
    """

    waiting: int
    awake: int
    claimed: int
    queued: int
    overdue: float
    late: int = 0
    """How many pull requests should have been looked at more than a minute ago."""
    sums: tuple[Sum, ...] = ()
    """What workers counted."""
    limits: tuple[Limit, ...] = ()
    """What GitHub still allows to the installations."""


def ask_numbers(pipeline: Any, queue_key: str) -> None:  # noqa: ANN401 - redis or redis.asyncio
    """Put the questions into a pipeline of either kind."""
    pipeline.zcard(DUE)
    pipeline.scard(AWAKE)
    pipeline.hlen(TRIES)
    pipeline.llen(queue_key)
    pipeline.zrange(DUE, 0, _LOOKED_AT - 1, withscores=True)
    pipeline.time()
    pipeline.hgetall(SUMS)
    pipeline.hgetall(LIMITS)


def read_numbers(answers: Sequence[Any]) -> InboxNumbers:
    """Return the counts of a pipeline's answers."""
    waiting, awake, claimed, queued, oldest, (seconds, microseconds), sums, limits = answers
    now = seconds + microseconds / 1_000_000
    overdue = max(0.0, now - float(oldest[0][1])) if oldest else 0.0
    late = sum(_PULL in subject and now - float(due) > _LATE for subject, due in oldest)
    return InboxNumbers(
        waiting,
        awake,
        claimed,
        queued,
        overdue,
        late,
        tuple(read_sums(sums)),
        tuple(read_limits(limits, now)),
    )
