"""Experiment F: nobody is there for ten minutes, and what GitHub had to say comes again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.chaos.courier import Courier
from tests.chaos.oracle import Findings, busy, judge
from tests.chaos.site import opened_site, wait_until
from tests.chaos.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Missed", "miss_deliveries"]

_PATIENCE = 900.0


@dataclass(slots=True)
class Missed:
    """How many deliveries found nobody, and how many were had after all, within what time."""

    missed: int = 0
    recovered: int = 0
    seconds: float = 0.0
    findings: Findings = field(default_factory=Findings)


def miss_deliveries(count: int, seed: int, tell: Callable[[str], None] = lambda _: None) -> Missed:
    """Let so many deliveries fail, then nothing more be said, and wait for the sweeps."""
    made = Missed()
    with opened_site() as site:
        world = site.github.world
        # The sweeps of the start are over: what follows is up to those that stand.
        wait_until(lambda: not busy(site.redis), 60, "the sweeps of the start", site.keep)
        with Courier(world, site.url, seed) as courier:
            courier.lose(10**6)
            story = Story(world, seed, pulls=12, repositories=4, poison=0)
            while len(world.emitted) < count:
                story.step()
            story.settle()
            wait_until(courier.is_idle, 60, "the deliveries to fail", site.keep)
            courier.losing = 0
            made.missed = courier.unheard()
            begun = time.monotonic()

            def meanwhile() -> None:
                site.keep()
                if int(time.monotonic() - begun) % 15 == 0:
                    tell(f"missed deliveries: {courier.unheard()} of {made.missed} to go")
                time.sleep(0.5)

            made.seconds = wait_until(
                lambda: not courier.unheard(), _PATIENCE, "the missed deliveries", meanwhile
            )
            made.recovered = made.missed - courier.unheard()
            wait_until(
                lambda: courier.is_idle() and not busy(site.redis), 300, "the verdicts", site.keep
            )
            made.findings = judge(site, story.threads, courier.accepted())
    return made
