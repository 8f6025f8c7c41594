"""Experiment A: one look at a pull request, killed at every point of it, and taken again."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from bot.sandbox.deliveries import send
from tests.chaos.lapse import lapse, let_sweeps_sleep
from tests.chaos.oracle import Findings, busy, judge
from tests.chaos.points import Executioner, Point, points_of
from tests.chaos.relay import Relay
from tests.chaos.site import Site, opened_site, wait_until
from tests.chaos.story import Thread, new_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.sandbox.records import Delivery

__all__ = ["Crashes", "crash_everywhere", "opened_range"]

_LOOK_SECONDS = 60.0
_LEASE = 61.0


@dataclass(slots=True)
class Crashes:
    """What came of it: the points that were struck, by name, and what was wrong after."""

    struck: list[str] = field(default_factory=list)
    missed: list[Point] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    seconds: float = 0.0


@dataclass(slots=True)
class Range:
    """A site with one worker, behind the relay, and one pull request a crash point."""

    site: Site
    executioner: Executioner
    session: requests.Session
    threads: list[Thread] = field(default_factory=list)
    accepted: list[Delivery] = field(default_factory=list)

    def record(self) -> list[str]:
        """Return the calls of a whole look, nobody killed."""
        self._look(None)
        return list(self.executioner.calls)

    def strike(self, point: Point) -> str:
        """Kill one look at a point; return where it was, "" where it ended before."""
        self._look(point)
        return self.executioner.struck

    def _look(self, point: Point | None) -> None:
        """Let the end of a CI run be all that Covgate hears of a new pull request."""
        world, number = self.site.github.world, len(self.threads)
        with world.lock:
            repo = world.add_repository(f"owner-{number}/point", files={"main.py": b"one = 1\n"})
            thread = new_thread(repo, number, covered=number % 2 == 0)
            thread.start_ci()
            thread.end_ci()
            delivery = world.take_outbox()[-1]
        self.threads.append(thread)
        self.executioner.arm(point)
        send(world, delivery, self.site.url, self.session)
        if delivery.status_code != 202:
            raise AssertionError(f"the receiver answered {delivery.status_code}")
        self.accepted.append(delivery)
        wait_until(self._is_over, _LOOK_SECONDS, "the look to end", self.site.keep)
        world.take_outbox()  # what was heard of our own check and comment

    def _is_over(self) -> bool:
        """Return whether the job that was armed for has begun, and is gone."""
        begun = bool(self.executioner.calls)
        return begun and not any(family.jobs for family in self.site.families())

    def recover(self, *, wait: bool) -> float:
        """Let the leases end and everything be taken again; return the seconds it took."""
        if not wait:
            lapse(self.site.redis, _LEASE)
        self.executioner.arm(None)
        return wait_until(
            lambda: not busy(self.site.redis),
            300,
            "the killed looks to be taken again",
            self.site.keep,
        )


@contextmanager
def opened_range() -> Iterator[Range]:
    """Run a site for crash points."""
    with ExitStack() as stack:
        pid = 0
        executioner = Executioner(lambda: pid)

        def detour(url: str) -> str:
            server = url.removeprefix("unix://")
            path = Path(server).with_name("relay.sock")
            stack.enter_context(Relay(path, server, executioner))
            return f"unix://{path}"

        site = stack.enter_context(
            opened_site(wrap=executioner.watch, worker_redis=detour, hasty=True)
        )
        pid = site.workers[0].pid
        sleeps = partial(let_sweeps_sleep, site.redis)
        wait_until(sleeps, 60, "the sweeps of the start", site.keep)
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        yield Range(site, executioner, session)


def crash_everywhere(
    choose: Callable[[Sequence[str]], list[Point]] = points_of,
    *,
    wait: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Crashes:
    """Kill a look at each chosen point, recover, and judge.

    With `wait`, leases end in their own time, a minute; otherwise they are made to.
    """
    made = Crashes()
    with opened_range() as ground:
        for _ in range(2):
            ground.record()  # the first looks load scripts
        calls = ground.record()
        points = choose(calls)
        tell(f"one look makes {len(calls)} calls; {len(points)} points are tried")
        for number, point in enumerate(points):
            # A call that waits for its turn is not in every look.
            where = ground.strike(point) or ground.strike(point)
            if where:
                made.struck.append(where)
                tell(f"{number + 1:4} of {len(points)}: killed {where}")
            else:
                made.missed.append(point)
                tell(f"{number + 1:4} of {len(points)}: not reached, {point}")
        made.seconds = ground.recover(wait=wait)
        made.findings = judge(ground.site, ground.threads, ground.accepted)
    return made
