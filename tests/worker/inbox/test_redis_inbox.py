"""What only the inbox in Redis has to answer for: memory, strangers, lost answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.contracts import Notice, Subject
from worker.inbox import RedisInbox
from worker.inbox.lua import CLAIM
from worker.inbox.wakes import Wakes

if TYPE_CHECKING:
    import pytest
    from redis import Redis

PULL = Subject.pull(12, 345, 7)
NOTICE = Notice(PULL, "octo/hello", "pull_request.opened")
DAY = 24 * 3600


def test_finished_work_leaves_only_what_expires(redis_client: Redis):
    """Lost: Redis fills up over the months until it refuses deliveries."""
    inbox = RedisInbox(redis_client)
    for number in range(20):
        subject = Subject.pull(12, 345, number)
        inbox.accept(f"d{number}", [Notice(subject, "octo/hello", "x")])
        inbox.effects(subject).put("comment", "41")
        inbox.finish(inbox.claim(subject))
    for job_id in redis_client.lrange(Wakes().queue_key, 0, -1):
        redis_client.delete(f"rq:job:{job_id.decode()}")  # as RQ does after a wake
    redis_client.delete(Wakes().queue_key)
    left = {key.decode() for key in redis_client.scan_iter("*")} - {"rq:queues"}
    assert left == {
        *(f"cb:seen:d{number}" for number in range(20)),
        *(f"cb:eff:12:345:pull:{number}" for number in range(20)),
    }
    assert 3 * DAY < redis_client.ttl("cb:seen:d1") <= 4 * DAY
    assert 179 * DAY < redis_client.ttl("cb:eff:12:345:pull:1") <= 180 * DAY


def test_a_repeated_delivery_is_not_remembered_longer(redis_client: Redis):
    """Lost: a stranger who replays a delivery keeps it in memory for ever."""
    inbox = RedisInbox(redis_client)
    inbox.accept("d1", [NOTICE])
    redis_client.expire("cb:seen:d1", 100)
    inbox.accept("d1", [NOTICE])
    assert redis_client.ttl("cb:seen:d1") <= 100


def test_a_claim_whose_answer_was_lost_can_be_asked_for_again(redis_client: Redis):
    """Lost: a dropped connection makes a pull request wait for a lease that nobody holds."""
    RedisInbox(redis_client).accept("d1", [NOTICE])
    claim = redis_client.register_script(CLAIM)
    first = claim(args=[PULL.key, "mine", "60000"])
    assert claim(args=[PULL.key, "mine", "60000"]) == first
    assert claim(args=[PULL.key, "another", "60000"]) is None


def test_an_unreadable_notice_does_not_stop_the_others(
    redis_client: Redis, caplog: pytest.LogCaptureFixture
):
    """Lost: one bad entry in Redis kills every evaluation of a pull request."""
    inbox = RedisInbox(redis_client)
    inbox.accept("d1", [NOTICE])
    redis_client.hset("cb:in:12:345:pull:7", mapping={"bad": "{", "worse": b"\xff"})
    claim = inbox.claim(PULL)
    assert claim is not None
    assert list(claim.notices) == ["d1"]
    assert "unreadable notice of 12:345:pull:7" in caplog.text
    inbox.finish(claim)
    assert inbox.claim(PULL) is None


def test_tokens_are_random(redis_client: Redis):
    """Lost: after a loss of data, a counter hands the same lease to two workers."""
    inbox = RedisInbox(redis_client)
    tokens = set()
    for number in range(10):
        subject = Subject.pull(12, 345, number)
        inbox.accept("d1", [Notice(subject, "octo/hello", "x")])
        tokens.add(inbox.claim(subject).token)
    assert len(tokens) == 10
    assert all(len(token) == 32 for token in tokens)


def test_a_restarted_server_is_taught_the_scripts_again(redis_client: Redis):
    """Lost: after a restart of Redis every worker fails."""
    inbox = RedisInbox(redis_client)
    inbox.accept("d1", [NOTICE])
    redis_client.script_flush()
    claim = inbox.claim(PULL)
    redis_client.script_flush()
    inbox.finish(claim)
    redis_client.script_flush()
    assert inbox.sweep() == ()


def test_two_sweepers_wake_once(redis_client: Redis):
    """Lost: every machine with workers makes the same wakes again."""
    one, two = RedisInbox(redis_client), RedisInbox(redis_client)
    one.accept("d1", [NOTICE], delay=0.001)
    found: list[Subject] = []
    while not found:
        found = [*one.sweep(), *two.sweep()]
    assert [*found, *one.sweep(), *two.sweep()] == [PULL]
    assert redis_client.llen(Wakes().queue_key) == 1


def test_a_sweep_takes_a_bounded_number(redis_client: Redis):
    """Lost: after a long outage one sweep holds Redis up for everybody."""
    inbox = RedisInbox(redis_client)
    subjects = [Subject.pull(12, 345, number) for number in range(25)]
    inbox.accept("d1", [Notice(one, "octo/hello", "x") for one in subjects], delay=0.001)
    sizes: list[int] = []
    while sum(sizes) < 25:
        sizes.append(len(inbox.sweep(limit=10)))
    assert max(sizes) == 10
