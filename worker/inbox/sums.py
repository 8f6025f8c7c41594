"""The sums of what workers count, in Redis: added to at the end of each job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from redis import RedisError

from worker.inbox.keys import LIMITS, SUMS

if TYPE_CHECKING:
    from redis import Redis

    from worker.meter import Meter

__all__ = ["add_sums"]


def add_sums(client: Redis, meter: Meter) -> None:
    """Add all counts to the sums; what Redis does not take is lost, and no harm."""
    try:
        with client.pipeline(transaction=False) as pipeline:
            for key, amount in meter.sums.items():
                pipeline.hincrbyfloat(SUMS, msgspec.json.encode(key).decode(), amount)
            for installation, (remaining, reset) in meter.limits.items():
                pipeline.hset(LIMITS, str(installation), f"{remaining} {reset}")
            pipeline.execute()
    except (RedisError, OSError):
        return
    meter.sums.clear()
    meter.limits.clear()
