"""Experiment C: everything breaks at once, for as long as it takes, and then nothing is lost."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from tests.chaos.courier import Courier
from tests.chaos.hunter import QUICK_WEIGHTS, WEIGHTS, Hunter
from tests.chaos.lapse import lapse
from tests.chaos.oracle import Findings, busy, judge, remembered_by_rq
from tests.chaos.poison import Poison
from tests.chaos.site import Site, opened_site, wait_until
from tests.chaos.story import Story
from tests.chaos.weather import ShortHours, Weather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Plan", "Storm", "storm"]

_DRAIN_SECONDS = 1_500.0
"""Pauses after failures grow to ten minutes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what; times are in seconds between two events of a kind."""

    kills: int
    faults: int
    seed: int
    pulls: int = 30
    repositories: int = 10
    poison: int = 2
    supervisors: int = 2
    kill_every: float = 1.2
    fault_every: float = 0.7
    event_every: float = 0.4
    pause_every: float = 50.0
    pause_for: float = 66.0
    """0 for no pauses."""
    quick: bool = False
    """Leases are made to end, instead of waiting for a minute each time."""
    log: Path | None = None
    """Where to keep what all processes logged."""


@dataclass(slots=True)
class Storm:
    """What happened, and what was wrong after it."""

    kills: Counter[str] = field(default_factory=Counter)
    faults: dict[str, int] = field(default_factory=dict)
    pauses: int = 0
    poison_deaths: int = 0
    accepted: int = 0
    doubles: int = 0
    refused: int = 0
    recoveries: list[float] = field(default_factory=list)
    """Seconds from the last death of a subject's holder to the next one's claim."""
    struck_again: int = 0
    storm_seconds: float = 0.0
    drain_seconds: float = 0.0
    rq_left: int = 0
    """Dead jobs that RQ still lists: its cleaner, if it dies too, is replaced after 15 minutes."""
    findings: Findings = field(default_factory=Findings)


@dataclass(slots=True)
class _Field:
    """All who take part."""

    plan: Plan
    site: Site
    story: Story
    courier: Courier
    hunter: Hunter
    weather: Weather
    _next: dict[str, float] = field(default_factory=dict)

    def is_time(self, what: str, every: float) -> bool:
        """Return whether it is time for something, at most once in so many seconds."""
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every
        return True

    def tick(self) -> None:
        """Do what is always to be done: start what ended, see who recovered."""
        self.site.keep()
        self.hunter.wake()
        if self.is_time("watch", 0.2):
            self.hunter.watch()

    def rage(self) -> None:
        """Let happen what it is time for."""
        plan = self.plan
        self.tick()
        if self.is_time("event", plan.event_every):
            self.story.step()
        if self.is_time("fault", plan.fault_every):
            self.weather.blow()
        if plan.kills and (self.hunter.is_aiming or self.is_time("kill", plan.kill_every)):
            self.hunter.hunt()
        if plan.pause_for and self.is_time("pause", plan.pause_every):
            paused = self.hunter.pause(plan.pause_for)
            self._next["pause"] *= paused  # at once again where nobody had anything in hand
        if plan.quick and self.is_time("lapse", 2.0):
            self.hasten()

    def hasten(self) -> None:
        """Let leases end whose holders are dead: in the short run nobody waits for them."""
        try:
            jobs = any(family.jobs for family in self.site.families())
            if self.site.redis_is_up and not jobs:
                lapse(self.site.redis, 61)
        except (RedisError, OSError):
            return

    def is_over(self) -> bool:
        """Return whether enough was killed, and enough went wrong."""
        killed = self.hunter.kills.total() >= self.plan.kills
        return killed and sum(self.weather.struck().values()) >= self.plan.faults

    def is_calm(self) -> bool:
        """Return whether everything that was said was heard, and worked off."""
        if not (self.site.redis_is_up and self.courier.is_idle() and self.is_time("calm", 0.5)):
            return False
        try:
            if self.courier.unheard():
                return False
            return not busy(self.site.redis)
        except (RedisError, OSError):
            return False


@contextmanager
def _opened(plan: Plan) -> Iterator[tuple[_Field, Poison]]:
    poison = Poison()
    with opened_site(
        supervisors=plan.supervisors,
        workers=1 if plan.quick else 2,
        wrap=poison.watch,
        hasty=plan.quick,
    ) as site:
        world = site.github.world
        world.limits = ShortHours(world.clock)
        story = Story(
            world, plan.seed, pulls=plan.pulls, repositories=plan.repositories, poison=plan.poison
        )
        poison.artifacts = story.poisonous
        poison.jobs = lambda: tuple(
            job for family in site.families() for job in family.jobs.values()
        )
        hunter = Hunter(site, plan.seed + 1, QUICK_WEIGHTS if plan.quick else WEIGHTS)
        weather = Weather(world, plan.seed + 2, quick=plan.quick)
        jitter = 1.0 if plan.quick else 4.0
        with Courier(world, site.url, plan.seed + 3, jitter=jitter, doubled=0.05) as courier:
            yield _Field(plan, site, story, courier, hunter, weather), poison


def storm(plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Storm:
    """Run a storm and judge what is left of it."""
    made = Storm()
    with _opened(plan) as (ground, poison):
        begun = time.monotonic()
        while not ground.is_over():
            ground.rage()
            if ground.is_time("tell", 15.0):
                tell(_progress(ground, time.monotonic() - begun))
            time.sleep(0.01)
        made.storm_seconds = time.monotonic() - begun
        stuck = ""
        try:
            _drain(ground, made, tell)
        except AssertionError as error:
            stuck = f"{error}: {busy(ground.site.redis)}"
        accepted, kills = ground.courier.accepted(), [*ground.hunter.moments, *poison.deaths]
        made.findings = judge(ground.site, ground.story.threads, accepted, kills)
        if stuck:
            made.findings.add("I7 never at rest", stuck)
        if plan.log is not None:
            shutil.copy(ground.site.log, plan.log)
        made.kills, made.pauses = ground.hunter.kills, ground.hunter.pauses
        made.faults, made.poison_deaths = ground.weather.struck(), len(poison.deaths)
        made.recoveries = ground.hunter.recoveries
        made.struck_again = ground.hunter.struck_again
        made.accepted, made.refused = len(accepted), ground.courier.refused()
        made.doubles = ground.courier.doubles()
    return made


def _drain(ground: _Field, made: Storm, tell: Callable[[str], None]) -> None:
    """Let the storm be over, and wait until all is worked off."""
    ground.weather.clear()
    ground.hunter.wake(all_of_them=True)
    ground.story.settle()

    def meanwhile() -> None:
        ground.tick()
        if ground.plan.quick and ground.is_time("lapse", 2.0):
            ground.hasten()
        if ground.is_time("tell", 15.0):
            left = busy(ground.site.redis) if ground.site.redis_is_up else []
            tell(f"drain: {len(left)} keys, {ground.courier.unheard()} deliveries left")

    made.drain_seconds = wait_until(ground.is_calm, _DRAIN_SECONDS, "the drain", meanwhile)
    ground.hunter.watch()
    made.rq_left = len(remembered_by_rq(ground.site.redis))


def _progress(ground: _Field, seconds: float) -> str:
    hunter = ground.hunter
    longest = max(hunter.recoveries, default=0.0)
    return (
        f"{seconds:5.0f} s  kills {hunter.kills.total():4}  "
        f"faults {sum(ground.weather.struck().values()):4}  pauses {hunter.pauses:2}  "
        f"accepted {len(ground.courier.accepted()):5}  refused {ground.courier.refused():4}  "
        f"longest recovery {longest:4.1f} s  waiting {hunter.waiting}"
    )
