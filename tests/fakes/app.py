"""The App over all its installations, in memory: `worker.ports.App` without a network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.core.errors import NotFoundError

if TYPE_CHECKING:
    from datetime import datetime

    from tests.fakes.clock import FakeClock
    from worker.core.refs import HookDelivery, Installation, Repository

__all__ = ["FakeApp"]


class FakeApp:
    """`worker.ports.App`, stateful.

    `log` is GitHub's log of deliveries, `asked` lists which were asked for again, and
    `receiver` is what the receiver then answers.
    """

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.receiver = 202
        self.log: list[HookDelivery] = []
        self.asked: list[int] = []
        self.installed: dict[Installation, tuple[Repository, ...]] = {}

    def deliveries(self, since: datetime) -> tuple[HookDelivery, ...]:
        recent = [one for one in self.log if one.delivered_at >= since]
        return tuple(sorted(recent, key=lambda one: one.id, reverse=True))

    def redeliver(self, delivery_id: int) -> None:
        found = [one for one in self.log if one.id == delivery_id]
        if not found:
            raise NotFoundError(f"there is no delivery {delivery_id}")
        self.asked.append(delivery_id)
        number = max(one.id for one in self.log) + 1
        now = self._clock.now()
        self.log.append(replace(found[0], id=number, status_code=self.receiver, delivered_at=now))

    def installations(self) -> tuple[Installation, ...]:
        return tuple(sorted(self.installed))

    def repositories(self, installation_id: int) -> tuple[Repository, ...]:
        for installation, repositories in self.installed.items():
            if installation.id == installation_id:
                return tuple(sorted(repositories, key=lambda one: one.id))
        raise NotFoundError(f"there is no installation {installation_id}")
