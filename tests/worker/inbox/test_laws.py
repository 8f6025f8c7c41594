"""Laws that hold however deliveries, claims, ends and deaths are mixed."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from tests.fakes.clock import FakeClock
from tests.fakes.inbox import MemoryInbox
from worker.contracts import Notice, Subject
from worker.core.errors import LeaseLostError
from worker.inbox import RedisInbox, connect

if TYPE_CHECKING:
    from redis import Redis

    from worker.ports import Claim

LEASE = 0.2

SUBJECTS = [Subject.pull(1, 2, number) for number in range(3)]
subjects = st.sampled_from(SUBJECTS)


def notice(subject: Subject) -> Notice:
    return Notice(subject, "octo/hello", "pull_request.opened")


class Worker(threading.Thread):
    """Claims, works for a moment, and ends, dies or is late."""

    def __init__(self, url: str, seed: int, holders: dict[Subject, float], stop: threading.Event):
        super().__init__()
        self.url, self.random, self.holders, self.stop = url, random.Random(seed), holders, stop
        self.finished: list[str] = []
        self.faults: list[str] = []

    def run(self) -> None:
        with connect(self.url) as client:
            inbox = RedisInbox(client, lease=LEASE, hide=0.1)
            while not self.stop.is_set():
                inbox.sweep()
                subject = self.random.choice(SUBJECTS)
                before = time.monotonic()
                if claim := inbox.claim(subject):
                    self.work(inbox, claim, before)

    def work(self, inbox: RedisInbox, claim: Claim, before: float) -> None:
        # On a slow machine, a holder may sleep through its own lease: no fault of the inbox.
        if time.monotonic() - self.holders.get(claim.subject, 0) < LEASE:
            self.faults.append(f"{claim.subject.key} was claimed twice at the same time")
        self.holders[claim.subject] = before
        time.sleep(self.random.choice([0, 0.002]))
        self.holders.pop(claim.subject, None)  # before its end: then another may have it
        fate = self.random.random()
        try:
            if fate < 0.1:
                return  # killed
            if fate < 0.15:
                time.sleep(LEASE * 1.2)  # paused beyond the lease
            if fate < 0.4:
                inbox.put_off(claim, 0.01)
            else:
                inbox.finish(claim)
                self.finished += claim.notices
        except LeaseLostError:
            return


def test_claims_never_overlap_and_nothing_is_lost(redis_url: str, redis_client: Redis):
    """Lost: two workers write about one pull request, or a delivery vanishes between them."""
    inbox = RedisInbox(redis_client, lease=LEASE, hide=0.1)
    holders: dict[Subject, float] = {}
    stop = threading.Event()
    workers = [Worker(redis_url, seed, holders, stop) for seed in range(4)]
    for worker in workers:
        worker.start()
    accepted = [f"d{number}" for number in range(150)]
    for number, delivery in enumerate(accepted):
        inbox.accept(delivery, [notice(SUBJECTS[number % 3])], delay=0.01 * (number % 2))
        time.sleep(0.002)
    deadline = time.monotonic() + 30
    while inbox.numbers().waiting and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    for worker in workers:
        worker.join()
    assert [fault for worker in workers for fault in worker.faults] == []
    finished = [one for worker in workers for one in worker.finished]
    assert sorted(finished) == sorted(accepted)
    assert inbox.numbers().claimed == 0


class Both(RuleBasedStateMachine):
    """The fake and Redis, told the same, answer the same.

    Time stands still in both (leases of an hour): what time does is told by the contract.
    """

    claims = Bundle("claims")
    client: Redis

    def __init__(self) -> None:
        super().__init__()
        self.client.flushall()
        self.real = RedisInbox(self.client, lease=3600, hide=3600)
        self.fake = MemoryInbox(FakeClock(), lease=3600, hide=3600)
        self.deliveries = 0

    @rule(
        about=st.lists(subjects, min_size=1, max_size=3),
        once=st.booleans(),
        repeat=st.integers(0, 3),
        delay=st.sampled_from([0, 1000]),
    )
    def accept(self, about: list[Subject], once: bool, repeat: int, delay: float) -> None:
        number = self.deliveries = self.deliveries + 1
        delivery = f"d{max(1, number - repeat)}"
        notices = [Notice(one, "octo/hello", "x", once) for one in about]
        real = self.real.accept(delivery, notices, delay=delay)
        assert real == self.fake.accept(delivery, notices, delay=delay)

    @rule(target=claims, subject=subjects)
    def claim(self, subject: Subject) -> tuple[Claim | None, Claim | None]:
        real, fake = self.real.claim(subject), self.fake.claim(subject)
        assert (real is None) == (fake is None)
        if real and fake:
            assert dict(real.notices) == dict(fake.notices)
            assert real.tries == fake.tries
        return real, fake

    @rule(pair=claims, end=st.sampled_from(["renew", "finish", "put_off"]))
    def end(self, pair: tuple[Claim | None, Claim | None], end: str) -> None:
        lost = []
        for inbox, claim in zip((self.real, self.fake), pair, strict=True):
            if claim is None:
                return
            arguments = (claim, 1000) if end == "put_off" else (claim,)
            try:
                getattr(inbox, end)(*arguments)
            except LeaseLostError:
                lost.append(claim)
        assert len(lost) in {0, 2}

    @rule(repository=st.sampled_from([None, 2, 3]))
    def forget(self, repository: int | None) -> None:
        self.real.forget(1, repository)
        self.fake.forget(1, repository)

    @invariant()
    def same_wakes(self) -> None:
        # Whoever is forgotten leaves its wake behind in RQ's queue: it finds nothing to do.
        assert self.client.llen("rq:queue:covgate") == len(self.fake.wakes)

    @invariant()
    def nobody_is_left_alone(self) -> None:
        for key in self.client.scan_iter(match="cb:in:*"):
            subject = key.decode().removeprefix("cb:in:")
            assert self.client.zscore("cb:due", subject) is not None


def test_fake_and_redis_agree(redis_client: Redis):
    """Lost: flows are tested with a fake that behaves otherwise than what they run on."""

    class Told(Both):
        client = redis_client

    machine = Told.TestCase()
    machine.settings = settings(max_examples=40, stateful_step_count=25)
    machine.runTest()
