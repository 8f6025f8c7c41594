"""Deliveries as they come in bad times: out of order, some twice, several at once, some lost."""

from __future__ import annotations

import heapq
import random
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import requests

from bot.sandbox.deliveries import send

if TYPE_CHECKING:
    from bot.sandbox.records import Delivery
    from bot.sandbox.world import World

__all__ = ["Courier"]

_SENDERS = 4


class Courier:
    """Empties the stand-in's outbox into the receiver, on threads of its own.

    Each delivery waits up to `jitter` seconds and overtakes others; a share of `doubled` is
    sent twice, by two senders. GitHub does not try again: what the receiver refuses stays
    failed in GitHub's log until somebody asks for it. A context manager.
    """

    def __init__(
        self, world: World, url: str, seed: int, *, jitter: float = 0.0, doubled: float = 0.0
    ) -> None:
        self.world, self.url = world, url
        self.jitter, self.doubled = jitter, doubled
        self.losing = 0
        self.lost = 0
        self._random = random.Random(seed)
        self._ready: list[tuple[float, int, Delivery]] = []
        self._count = 0
        self._busy = 0
        self._over = False
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(_SENDERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        for thread in self._threads:
            thread.join()

    def is_idle(self) -> bool:
        """Return whether everything that GitHub had to say was sent."""
        with self.world.lock:
            return not (self.world.outbox or self._ready or self._busy)

    def lose(self, count: int) -> None:
        """Let the next deliveries fail as if the receiver were unreachable."""
        with self.world.lock:
            self.losing += count

    def accepted(self) -> list[Delivery]:
        """Return the deliveries that were answered "it is queued durably"."""
        with self.world.lock:
            return [one for one in self.world.deliveries if _is_accepted(one)]

    def refused(self) -> int:
        """Return how many attempts at a delivery found nobody who would take it."""
        with self.world.lock:
            return sum((one.status_code or 0) >= 500 for one in self.world.deliveries) - self.lost

    def unheard(self) -> int:
        """Return how many deliveries nobody has answered with 2xx yet, at any attempt."""
        with self.world.lock:
            heard = {one.guid for one in self.world.deliveries if one.status_code == 202}
            return sum(one.guid not in heard for one in self.world.emitted)

    def doubles(self) -> int:
        """Return how many accepted deliveries had been accepted before."""
        accepted = self.accepted()
        return len(accepted) - len({one.guid for one in accepted})

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._over:
                delivery = self._take()
                if delivery is None:
                    time.sleep(0.02)
                    continue
                try:
                    if not self._lose(delivery):
                        send(self.world, delivery, self.url, session)
                finally:
                    with self.world.lock:
                        self._busy -= 1

    def _take(self) -> Delivery | None:
        now = time.monotonic()
        with self.world.lock:
            while self.world.outbox:
                self._put(now, self.world.outbox.popleft())
            if not self._ready or self._ready[0][0] > now:
                return None
            self._busy += 1
            return heapq.heappop(self._ready)[2]

    def _put(self, now: float, delivery: Delivery) -> None:
        copies = [delivery]
        if self._random.random() < self.doubled:
            copies.append(replace(delivery))
        for copy in copies:
            self._count += 1
            when = now + self._random.uniform(0, self.jitter)
            heapq.heappush(self._ready, (when, self._count, copy))

    def _lose(self, delivery: Delivery) -> bool:
        with self.world.lock:
            if not self.losing:
                return False
            self.losing -= 1
            self.lost += 1
        delivery.status_code, delivery.status = 502, "failed to connect to host"
        delivery.delivered_at, delivery.url = self.world.clock(), self.url
        self.world.record_sent(delivery)
        return True


def _is_accepted(delivery: Delivery) -> bool:
    taken = ('"status":"queued"', '"status":"duplicate"')
    return delivery.status_code == 202 and any(word in delivery.response_body for word in taken)
