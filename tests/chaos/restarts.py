"""Experiment E: the receiver is replaced again and again, and refuses nobody."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests

from bot.sandbox.deliveries import headers_of
from tests.chaos.processes import end, family_of
from tests.chaos.site import opened_site, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.records import Delivery
    from tests.chaos.site import Site

__all__ = ["Restarts", "restart_under_load"]

_SENDERS = 4
_PAUSE = 0.02
_START_SECONDS = 60.0


@dataclass(slots=True)
class Restarts:
    """How many restarts and deliveries there were, and what was answered."""

    restarts: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    seconds: float = 0.0

    @property
    def sent(self) -> int:
        """How many deliveries were sent."""
        return self.answers.total()

    @property
    def refused(self) -> int:
        """How many of them were not accepted."""
        return self.sent - self.answers["202"]


class _Load:
    """Threads that send one delivery after the other, each on a connection of its own."""

    def __init__(self, site: Site, delivery: Delivery, made: Restarts) -> None:
        self._site, self._delivery, self._made = site, delivery, made
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.is_over = False
        self.threads = [threading.Thread(target=self._run) for _ in range(_SENDERS)]

    def _run(self) -> None:
        headers = headers_of(self._site.github.world, self._delivery)
        while not self.is_over:
            with self._lock:
                headers |= {"X-GitHub-Delivery": f"restart-{next(self._numbers)}"}
            begun = time.monotonic()
            answer = self._post(headers)
            seconds = time.monotonic() - begun
            with self._lock:
                self._made.answers[answer] += 1
                self._made.slowest = max(self._made.slowest, seconds)
            time.sleep(_PAUSE)

    def _post(self, headers: dict[str, str]) -> str:
        try:
            body = self._delivery.body
            return str(
                requests.post(self._site.url, data=body, headers=headers, timeout=10).status_code
            )
        except requests.RequestException as error:
            return str(error)[-120:]


def restart_under_load(
    restarts: int, deliveries: int, tell: Callable[[str], None] = lambda _: None
) -> Restarts:
    """Send SIGHUP so often, under at least so many deliveries."""
    made = Restarts()
    with opened_site() as site:
        world = site.github.world
        with world.lock:
            repo = world.add_repository("octo/busy", files={"main.py": b"one = 1\n"})
            repo.run_ci(repo.tip(), event="push")
            load = _Load(site, world.take_outbox()[-1], made)
        begun = time.monotonic()
        for thread in load.threads:
            thread.start()
        try:
            while made.restarts < restarts or made.sent < deliveries:
                _restart(site)
                made.restarts += 1
                tell(f"restart {made.restarts}: {made.sent} deliveries, {made.refused} refused")
        finally:
            load.is_over = True
            for thread in load.threads:
                thread.join()
        made.seconds = time.monotonic() - begun
    return made


def _restart(site: Site) -> None:
    """Replace the receiver, and wait until the new one is alone."""
    old = set(family_of(site.serve.pid).workers)
    end(site.serve.pid, signal.SIGHUP)

    def replaced() -> bool:
        now = set(family_of(site.serve.pid).workers)
        return len(now) == 1 and now.isdisjoint(old)

    wait_until(replaced, _START_SECONDS, "the new receiver", site.keep)
