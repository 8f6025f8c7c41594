"""Accepted work: durable in Redis, de-duplicated, one worker a subject at a time.

Redis holds the truth in a few structures of our own (`keys`), changed by atomic steps (`lua`).
RQ only carries wake-ups (`wakes`): one that is lost costs half a minute, never a delivery.
The receiver takes deliveries in through `Acceptor`, workers work through `RedisInbox`.
"""

from __future__ import annotations

from worker.inbox.acceptor import Acceptor, InboxUnavailableError
from worker.inbox.cache import RedisCache
from worker.inbox.heartbeat import keep_alive
from worker.inbox.numbers import InboxNumbers
from worker.inbox.pace import Pace
from worker.inbox.redis_inbox import RedisInbox, connect
from worker.inbox.sums import add_sums

__all__ = [
    "Acceptor",
    "InboxNumbers",
    "InboxUnavailableError",
    "Pace",
    "RedisCache",
    "RedisInbox",
    "add_sums",
    "connect",
    "keep_alive",
]
