"""How full the inbox is, for /metrics, /readyz and `covgate doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.inbox.keys import AWAKE, DUE, TRIES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["InboxNumbers", "ask_numbers", "read_numbers"]


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


def ask_numbers(pipeline: Any, queue_key: str) -> None:  # noqa: ANN401 - redis or redis.asyncio
    """Put the questions into a pipeline of either kind."""
    pipeline.zcard(DUE)
    pipeline.scard(AWAKE)
    pipeline.hlen(TRIES)
    pipeline.llen(queue_key)
    pipeline.zrange(DUE, 0, 0, withscores=True)
    pipeline.time()


def read_numbers(answers: Sequence[Any]) -> InboxNumbers:
    """Return the counts of a pipeline's answers."""
    waiting, awake, claimed, queued, oldest, (seconds, microseconds) = answers
    now = seconds + microseconds / 1_000_000
    overdue = max(0.0, now - float(oldest[0][1])) if oldest else 0.0
    return InboxNumbers(waiting, awake, claimed, queued, overdue)
