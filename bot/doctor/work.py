"""What `covgate doctor` says of the work that waits, and of who does it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rq.worker import Worker

from bot.doctor.finding import ERROR, OK, WARNING, Finding
from bot.doctor.storage import opened_redis
from worker.inbox import RedisInbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from worker.inbox import InboxNumbers
    from worker.settings import Settings

__all__ = ["examine_work"]

_LATE = 60.0
"""Seconds: what is due is taken at once where a worker is free, and swept within seconds."""
_SKEW = 30.0
_SCARCE = 250
"""Requests to GitHub: about as many as ten looks at pull requests take."""


def examine_work(settings: Settings) -> Iterator[Finding]:
    """Yield what is to be said of workers, of what is due, and of Redis's clock."""
    with opened_redis(settings.redis_url) as client:
        numbers = RedisInbox(client).numbers()
        workers = len(Worker.all(connection=client))
        skew = _skew(client)
    yield from _workers(workers, numbers)
    yield from _due(numbers)
    for limit in numbers.limits:
        if limit.remaining < _SCARCE:
            text = (
                f"installation {limit.installation_id} has {limit.remaining} requests left of "
                "GitHub's hourly limit"
            )
            yield Finding("work", WARNING, text, "nothing is lost: what waits goes on after that")
    if abs(skew) > _SKEW:
        way = "ahead of" if skew > 0 else "behind"
        text = f"this machine's clock is {abs(skew):.0f} s {way} Redis's"
        yield Finding("clock", WARNING, text, "let both set their clocks (NTP)")


def _skew(client: Redis) -> float:
    before = time.time()
    seconds, microseconds = client.time()
    return (before + time.time()) / 2 - (seconds + microseconds / 1_000_000)


def _workers(count: int, numbers: InboxNumbers) -> Iterator[Finding]:
    if count:
        text = f"{count} worker{'s' if count > 1 else ''} at work"
        yield Finding("workers", OK, text)
    else:
        level = ERROR if numbers.overdue > _LATE else WARNING
        text = "none is at work: deliveries are taken in, and not looked at"
        yield Finding("workers", level, text, "start `covgate worker` (or `covgate up`)")


def _due(numbers: InboxNumbers) -> Iterator[Finding]:
    if numbers.overdue > _LATE:
        text = (
            f"the oldest of {numbers.waiting} that wait has been due for "
            f"{_duration(numbers.overdue)}; {numbers.late} pull requests are late"
        )
        todo = "start workers, or more of them; their log says what keeps them"
        yield Finding("work", ERROR, text, todo)
    else:
        yield Finding("work", OK, f"{numbers.waiting} wait for their time, none is overdue")


def _duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
