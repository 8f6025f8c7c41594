"""What waits in the inbox, by name: for the operator's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from worker.contracts import decode_notice
from worker.inbox.keys import DUE, INBOX, LEASE, TRIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.contracts import Notice

__all__ = ["Queue", "Waiting", "ask_first", "ask_rest", "read_queue"]

MOST = 100
"""Subjects that are shown, those that are due first."""
_MOST_EVENTS = 4


@dataclass(frozen=True, slots=True)
class Waiting:
    """A subject that somebody has to look at."""

    subject: str
    """Its kind and id: "pull:7"."""
    repository: str
    """"owner/name"; empty where its deliveries name none."""
    seconds: float
    """Until it is due; below 0, it has been for so long."""
    tries: int
    """Claims since its last orderly end."""
    working: bool
    """Whether a worker has it now."""
    events: tuple[str, ...]
    """What was delivered for it, sorted."""


@dataclass(frozen=True, slots=True)
class Queue:
    """How many subjects wait, and those that are due first."""

    waiting: int
    first: tuple[Waiting, ...]


def ask_first(pipeline: Any) -> None:  # noqa: ANN401 - redis or redis.asyncio
    """Ask which subjects are due first."""
    pipeline.zcard(DUE)
    pipeline.zrange(DUE, 0, MOST - 1, withscores=True)
    pipeline.time()


def ask_rest(pipeline: Any, answers: Sequence[Any]) -> None:  # noqa: ANN401 - as above
    """Ask what is known of those subjects."""
    for subject, _due in answers[1]:
        name = subject.decode()
        pipeline.hvals(INBOX + name)
        pipeline.exists(LEASE + name)
        pipeline.hget(TRIES, name)


def read_queue(first: Sequence[Any], rest: Sequence[Any]) -> Queue:
    """Return the queue of the answers to both questions."""
    waiting, subjects, (seconds, microseconds) = first
    now = seconds + microseconds / 1_000_000
    found = []
    for at, (subject, due) in enumerate(subjects):
        values, leased, tries = rest[3 * at : 3 * at + 3]
        notices = [notice for value in values if (notice := _notice(value)) is not None]
        names = sorted({notice.repository for notice in notices} - {""})
        events = sorted({notice.event for notice in notices})[:_MOST_EVENTS]
        found.append(
            Waiting(
                subject=subject.decode().split(":", 2)[2],
                repository=names[0] if names else "",
                seconds=float(due) - now,
                tries=int(tries or 0),
                working=bool(leased),
                events=tuple(events),
            )
        )
    return Queue(waiting, tuple(found))


def _notice(value: bytes) -> Notice | None:
    try:
        return decode_notice(value)
    except msgspec.MsgspecError:  # of a newer version: it is that one's workers' affair
        return None
