"""Experiment D: a control that must fail. Without its append-only file, Redis loses work.

A harness that can not see a loss proves nothing by finding none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.chaos.courier import Courier
from tests.chaos.oracle import forgotten_of
from tests.chaos.site import opened_site, wait_until
from tests.chaos.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Control", "lose_on_purpose"]


@dataclass(frozen=True, slots=True)
class Control:
    """How many deliveries were accepted, and what became of them.

    `forgotten` are those that Redis has no trace of any more.
    """

    kills: int
    accepted: int
    forgotten: int


def lose_on_purpose(
    kills: int, seed: int, *, durable: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Control:
    """Kill a Redis that keeps nothing, and count what the harness sees of it.

    With `durable`, the same with the file: then nothing may be lost.
    """
    with opened_site(durable=durable) as site:
        world = site.github.world
        story = Story(world, seed, pulls=6, repositories=2, poison=0)
        with Courier(world, site.url, seed) as courier:
            for number in range(kills):
                end = time.monotonic() + 0.6
                while time.monotonic() < end:
                    story.step()
                    site.keep()
                    time.sleep(0.1)
                wait_until(lambda: site.kill_redis(0.1), 10, "a server to kill", site.keep)
                wait_until(lambda: site.redis_is_up, 10, "the server", site.keep)
                tell(f"control: {number + 1} of {kills} kills of a Redis without its file")
            wait_until(courier.is_idle, 60, "the deliveries", site.keep)
            accepted = courier.accepted()
        return Control(kills, len(accepted), len(forgotten_of(site.redis, accepted)))
