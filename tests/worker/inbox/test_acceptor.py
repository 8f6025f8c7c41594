"""The receiver's side of the inbox: batched, durable, and honest when Redis is not there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from worker.contracts import Notice, Subject
from worker.core.errors import CovgateError
from worker.embedded import EmbeddedServer
from worker.inbox import Acceptor, InboxUnavailableError, RedisInbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

PULL = Subject.pull(12, 345, 7)
NOTICE = Notice(PULL, "octo/hello", "pull_request.opened")


@asynccontextmanager
async def acceptor(url: str, patience: float = 2.0) -> AsyncIterator[Acceptor]:
    one = Acceptor(url, patience=patience)
    try:
        yield one
    finally:
        await one.close()


def run(url: str, story: Callable[[Acceptor], Awaitable[None]], patience: float = 2.0) -> None:
    async def main() -> None:
        async with acceptor(url, patience) as one:
            await story(one)

    asyncio.run(main())


def commands(client: Redis) -> int:
    return client.info("stats")["total_reads_processed"]


def test_many_requests_share_round_trips(redis_url: str, redis_client: Redis):
    """Lost: a burst of webhooks waits for one round trip each."""

    async def story(one: Acceptor) -> None:
        await one.ping()
        before = commands(redis_client)
        answers = await asyncio.gather(*(one.accept(f"d{n}", [NOTICE]) for n in range(200)))
        assert answers == [True] * 200
        assert commands(redis_client) - before < 50

    run(redis_url, story)
    claim = RedisInbox(redis_client).claim(PULL)
    assert claim is not None
    assert len(claim.notices) == 200
    assert redis_client.llen("rq:queue:covgate") == 1


def test_a_known_delivery_is_told_from_a_new_one(redis_url: str):
    """Lost: the metrics can not tell redeliveries from deliveries."""

    async def story(one: Acceptor) -> None:
        assert await one.accept("d1", [NOTICE])
        assert not await one.accept("d1", [NOTICE])
        assert sorted(await asyncio.gather(*(one.accept("d2", [NOTICE]) for _ in range(3)))) == [
            False,
            False,
            True,
        ]

    run(redis_url, story)


def test_a_restarted_server_is_taught_the_script_again(redis_url: str, redis_client: Redis):
    """Lost: after a restart of Redis every webhook is refused."""

    async def story(one: Acceptor) -> None:
        assert await one.accept("d1", [NOTICE])
        redis_client.script_flush()
        assert await asyncio.gather(one.accept("d2", [NOTICE]), one.accept("d3", [NOTICE])) == [
            True,
            True,
        ]

    run(redis_url, story)


def full(client: Redis) -> None:
    client.config_set("maxmemory", "1")


def read_only(client: Redis) -> None:
    client.config_set("replica-read-only", "yes")
    client.replicaof("127.0.0.1", "1")


@pytest.mark.parametrize("fault", [full, read_only])
def test_what_can_not_be_kept_is_refused(tmp_path: Path, fault: Callable[[Redis], None]):
    """Lost: GitHub is told 202 for a delivery that is nowhere, and never sends it again."""
    with EmbeddedServer(tmp_path / "redis") as server, Redis.from_url(server.url) as client:

        async def story(one: Acceptor) -> None:
            assert await one.accept("d1", [NOTICE])
            fault(client)
            with pytest.raises(InboxUnavailableError, match="COVGATE_REDIS_URL"):
                await one.accept("d2", [NOTICE])

        run(server.url, story)
        assert not client.exists("cb:seen:d2")


def test_a_server_that_is_down_or_silent_is_given_up_in_time(tmp_path: Path):
    """Lost: GitHub cuts the line after ten seconds and shows a time-out."""
    server = EmbeddedServer(tmp_path / "redis").start()
    with Redis.from_url(server.url) as client:
        pid = client.info("server")["process_id"]

    async def story(one: Acceptor) -> None:
        await one.ping()
        os.kill(pid, signal.SIGSTOP)
        await refused(one)
        os.kill(pid, signal.SIGCONT)
        server.stop()
        await refused(one)
        server.start()
        assert await one.accept("d-after", [NOTICE])

    async def refused(one: Acceptor) -> None:
        before = time.monotonic()
        with pytest.raises(InboxUnavailableError) as error:
            await one.accept("d1", [NOTICE])
        assert isinstance(error.value, CovgateError)
        with pytest.raises(InboxUnavailableError):
            await one.ping()
        with pytest.raises(InboxUnavailableError):
            await one.numbers()
        assert time.monotonic() - before < 4

    with contextlib.closing(_Stopping(server)):
        run(server.url, story, patience=0.4)


class _Stopping:
    def __init__(self, server: EmbeddedServer) -> None:
        self.close = server.stop


def test_closing_does_not_wait_for_a_server_that_is_gone(tmp_path: Path):
    """Lost: the receiver can not be stopped while Redis is down."""
    server = EmbeddedServer(tmp_path / "redis").start()
    with Redis.from_url(server.url) as client:
        pid = client.info("server")["process_id"]

    async def main() -> None:
        one = Acceptor(server.url, patience=0.3)
        await one.ping()
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(InboxUnavailableError):
            await one.accept("d1", [NOTICE])
        before = time.monotonic()
        await one.close()
        assert time.monotonic() - before < 1

    try:
        asyncio.run(main())
    finally:
        os.kill(pid, signal.SIGCONT)
        server.stop()


def test_accepted_deliveries_survive_a_killed_server(tmp_path: Path):
    """Lost: a 202 was no promise."""
    with EmbeddedServer(tmp_path / "redis") as server:
        with Redis.from_url(server.url) as client:
            pid = client.info("server")["process_id"]
        accepted: list[str] = []

        async def deliver(one: Acceptor, number: int) -> None:
            with contextlib.suppress(InboxUnavailableError):
                await one.accept(f"d{number}", [NOTICE])
                accepted.append(f"d{number}")
            if len(accepted) == 300:
                os.kill(pid, signal.SIGKILL)

        async def story(one: Acceptor) -> None:
            for start in range(0, 600, 50):
                await asyncio.gather(*(deliver(one, n) for n in range(start, start + 50)))
                if len(accepted) >= 300:
                    break

        run(server.url, story, patience=0.3)
        assert len(accepted) >= 300
        server.stop()
        server.start()
        with Redis.from_url(server.url) as client:
            claim = RedisInbox(client).claim(PULL)
            assert claim is not None
            assert set(accepted) <= set(claim.notices)


def test_numbers_tell_how_full_it_is(redis_url: str, redis_client: Redis):
    """Lost: nobody sees that no worker is at work."""
    inbox = RedisInbox(redis_client, hide=0.05)
    inbox.accept("d1", [NOTICE, Notice(Subject.pull(12, 345, 8), "octo/hello", "x")])
    inbox.claim(PULL)
    time.sleep(0.1)

    async def story(one: Acceptor) -> None:
        numbers = await one.numbers()
        assert (numbers.waiting, numbers.awake, numbers.claimed, numbers.queued) == (2, 1, 1, 2)
        assert 0.04 < numbers.overdue < 5
        assert inbox.numbers().waiting == 2

    run(redis_url, story)
