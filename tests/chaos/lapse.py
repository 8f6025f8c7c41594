"""Letting a minute be over without waiting for it.

The product's times are in Redis: leases, due times, the times of intents. Moved into the past
they are what they would be later. Only the short run does so; the long one waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.chaos.oracle import is_at_rest
from worker.contracts import STANDING
from worker.inbox.keys import DUE, EFFECTS, LEASE

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["lapse", "let_sweeps_sleep"]


def lapse(redis: Redis, seconds: float) -> None:
    """Let leases, due times and doubts be older by so many seconds.

    The waits that GitHub asked for stay as they are: its clock does not follow.
    """
    for subject, due in redis.zscan_iter(DUE):
        redis.zadd(DUE, {subject: due - seconds}, xx=True)
    for key in redis.scan_iter(match=f"{LEASE}*"):
        left = redis.pttl(key)
        if left > 0:
            redis.pexpire(key, max(1, left - round(seconds * 1000)))
    for key in redis.scan_iter(match=f"{EFFECTS}*"):
        for name, text in redis.hgetall(key).items():
            if name.endswith(b":intent"):
                earlier = datetime.fromisoformat(text.decode()) - timedelta(seconds=seconds)
                redis.hset(key, name, earlier.isoformat())


def let_sweeps_sleep(redis: Redis, seconds: float = 3600.0) -> bool:
    """Put the standing sweeps off, where what they find would disturb an experiment.

    False where they have not had their first look yet.
    """
    if redis.zcount(DUE, "-inf", "+inf") < len(STANDING) or not is_at_rest(redis):
        return False
    now = redis.time()[0]
    for subject, _ in redis.zscan_iter(DUE, match="0:0:sweep:*"):
        redis.zadd(DUE, {subject: now + seconds}, xx=True)
    return True
