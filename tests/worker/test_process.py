"""Real supervisors, workers and forks, and what becomes of work when they are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rq import Callback, Queue
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.webhook import Webhook

from tests.support.workers import (
    LEASE,
    TASK,
    StandInJob,
    alive,
    children,
    supervisor,
    until,
    workers_of,
)
from worker.contracts import QUEUE, RECONCILE, Notice, Subject
from worker.embedded import EmbeddedServer
from worker.inbox import RedisInbox, connect
from worker.process import WakeJob

if TYPE_CHECKING:
    from redis import Redis

PULL = Subject.pull(12, 345, 7)


def accept(inbox: RedisInbox, delivery: str, subject: Subject = PULL) -> None:
    inbox.accept(delivery, [Notice(subject, "octo/hello", "pull_request.opened")])


def done(client: Redis) -> list[str]:
    return [one.decode() for one in client.lrange("test:done", 0, -1)]


def began(client: Redis) -> list[int]:
    return [int(one) for one in client.lrange("test:began", 0, -1)]


@pytest.fixture
def inbox(redis_client: Redis) -> RedisInbox:
    return RedisInbox(redis_client, lease=LEASE, task=TASK)


def test_accepted_work_is_done_in_forks(redis_url: str, redis_client: Redis, inbox: RedisInbox):
    """Lost: nothing that GitHub delivers is ever looked at."""
    with supervisor(redis_url, 2) as process:
        for number in range(6):
            accept(inbox, f"d{number}", Subject.pull(12, 345, number))
        until(lambda: len(done(redis_client)) == 6)
        assert sorted(done(redis_client)) == [f"d{number}" for number in range(6)]
        assert len(set(began(redis_client))) == 6
        assert not set(began(redis_client)) & set(workers_of(process))
        until(lambda: inbox.numbers().waiting == inbox.numbers().queued == 0)
        until(lambda: redis_client.keys("rq:job:*") == [])


def test_a_killed_worker_and_its_fork_lose_nothing(
    redis_url: str, redis_client: Redis, inbox: RedisInbox
):
    """Lost: an out-of-memory kill leaves a pull request without a verdict."""
    redis_client.set("test:block", "1")
    with supervisor(redis_url) as process:
        accept(inbox, "d1")
        until(lambda: began(redis_client))
        (worker,) = workers_of(process)
        (fork,) = children(worker)
        os.kill(worker, signal.SIGKILL)
        os.kill(fork, signal.SIGKILL)
        redis_client.delete("test:block")
        until(lambda: done(redis_client) == ["d1"])
        assert worker not in workers_of(process)
        assert len(began(redis_client)) == 2


def test_sigterm_lets_the_work_end(redis_url: str, redis_client: Redis, inbox: RedisInbox):
    """Lost: every deployment breaks off the evaluations in work."""
    redis_client.set("test:block", "1")
    with supervisor(redis_url) as process:
        accept(inbox, "d1")
        until(lambda: began(redis_client))
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        assert done(redis_client) == []
        redis_client.delete("test:block")
        assert process.wait(20) == 0
        assert done(redis_client) == ["d1"]


def test_a_second_signal_ends_at_once(redis_url: str, redis_client: Redis, inbox: RedisInbox):
    """Lost: an operator in a hurry has to look for processes to kill by hand."""
    redis_client.set("test:block", "1")
    with supervisor(redis_url) as process:
        accept(inbox, "d1")
        until(lambda: began(redis_client))
        process.send_signal(signal.SIGTERM)
        (worker,) = workers_of(process)
        until(lambda: redis_client.hget(worker_key(redis_client), "shutdown_requested_date"))
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 1
        until(lambda: not alive(worker) and not alive(began(redis_client)[0]))
        assert done(redis_client) == []


def worker_key(client: Redis) -> bytes:
    return client.smembers("rq:workers").pop()


def test_workers_do_not_outlive_a_killed_supervisor(redis_url: str):
    """Lost: workers of an older version go on beside those of the new one."""
    with supervisor(redis_url, 2) as process:
        until(lambda: len(workers_of(process)) == 2)
        workers = workers_of(process)
        process.kill()
        process.wait()
        until(lambda: not any(alive(worker) for worker in workers))


def test_a_restarted_redis_finds_its_workers_again(tmp_path: Path):
    """Lost: after a restart of Redis, workers stand still until somebody looks."""
    with (
        EmbeddedServer(tmp_path / "redis") as server,
        supervisor(server.url),
        connect(server.url) as client,
    ):
        inbox = RedisInbox(client, lease=LEASE, task=TASK)
        accept(inbox, "d1")
        until(lambda: done(client) == ["d1"])
        server.stop()
        server.start()
        accept(inbox, "d2")
        until(lambda: done(client) == ["d1", "d2"])


def test_a_killed_redis_comes_back_in_the_middle_of_a_job(tmp_path: Path):
    """Lost: the work of the moment in which Redis crashed, or the workers for good."""
    with (
        EmbeddedServer(tmp_path / "redis") as server,
        supervisor(server.url, 2) as process,
        connect(server.url) as client,
    ):
        inbox = RedisInbox(client, lease=LEASE, task=TASK)
        client.set("test:block", "1")
        accept(inbox, "d1")
        until(lambda: began(client))
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
        until(lambda: server.ended)
        server.restart()
        back = time.monotonic()
        client.delete("test:block")
        accept(inbox, "d2", Subject.pull(12, 345, 8))
        until(lambda: set(done(client)) == {"d1", "d2"})
        assert time.monotonic() - back < 15
        assert process.poll() is None


def test_work_that_takes_too_long_is_handed_back(
    redis_url: str, redis_client: Redis, inbox: RedisInbox, monkeypatch: pytest.MonkeyPatch
):
    """Lost: a deployment in the middle of a large report delays its verdict by a minute."""
    monkeypatch.setenv("TEST_GRACE", "0.3")
    redis_client.set("test:block", "1")
    with supervisor(redis_url) as process:
        accept(inbox, "d1")
        until(lambda: began(redis_client))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert redis_client.exists(f"cb:lease:{PULL.key}") == 0
    assert redis_client.hlen("cb:tries") == 0
    assert inbox.sweep() == (PULL,)
    assert inbox.claim(PULL).tries == 1


def test_what_is_always_looked_at_survives_an_emptied_redis(
    redis_url: str, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
):
    """Lost: after somebody's FLUSHALL no missed pull request is ever found again."""
    monkeypatch.setenv("TEST_STANDING", "1")
    with supervisor(redis_url):
        until(lambda: done(redis_client))
        redis_client.flushall()
        until(lambda: done(redis_client))


def test_work_of_a_newer_version_is_left_for_its_workers(
    redis_url: str, redis_client: Redis, inbox: RedisInbox
):
    """Lost: the first delivery to a newer receiver brings all older workers down."""
    newer = Subject(12, 345, "planet", "9")
    accept(inbox, "d1", newer)
    redis_client.zadd("cb:due", {newer.key: 1})
    with supervisor(redis_url) as process:
        supervised = workers_of(process)
        until(lambda: redis_client.zscore("cb:due", newer.key) > 1)  # it was swept
        accept(inbox, "d2")
        until(lambda: done(redis_client) == ["d2"])
        assert process.poll() is None
        assert set(supervised) <= set(workers_of(process))
    assert redis_client.hkeys(f"cb:in:{newer.key}") == [b"d1"]
    assert inbox.waits(newer)


def stranger_jobs(target: Path) -> dict[str, dict]:
    touch = f"touch {target}"
    return {
        "another function": {"f": "os.system", "args": [touch]},
        "the real task with a callback": {
            "f": RECONCILE,
            "args": ["1:2:pull:3"],
            "on_success": Callback("os.system"),
        },
        "a failing task with a callback": {
            "f": TASK,
            "args": [touch],
            "on_failure": Callback("os.system"),
        },
        "the real task with a webhook": {
            "f": TASK,
            "args": ["1:2:pull:3"],
            "webhooks": [Webhook("http://127.0.0.1:9/", "failed")],
        },
        "more arguments": {"f": TASK, "args": ["1:2:pull:3", "x"]},
    }


def test_a_strangers_jobs_are_refused(
    redis_url: str, redis_client: Redis, inbox: RedisInbox, tmp_path: Path
):
    """Lost: whoever reaches Redis runs any command with the App's private key at hand."""
    target = tmp_path / "owned"
    queue = Queue(QUEUE, connection=redis_client, serializer=JSONSerializer)
    jobs = [queue.enqueue_call(**_call(job)) for job in stranger_jobs(target).values()]
    redis_client.hset("rq:job:broken", mapping={"data": b"x", "timeout": "soon"})
    redis_client.rpush(queue.key, "broken", "gone")
    failed = FailedJobRegistry(queue=queue)
    with supervisor(redis_url) as process:
        until(lambda: failed.get_job_count(cleanup=False) == len(jobs))
        (worker,) = workers_of(process)
        accept(inbox, "d1")
        until(lambda: done(redis_client) == ["d1"])
        assert workers_of(process) == [worker]
    assert not target.exists()
    for job in jobs:
        job.refresh()
        assert "ForeignJobError" in job.latest_result().exc_string


def _call(job: dict) -> dict:
    return {"func": job["f"], "args": job["args"]} | {
        name: value for name, value in job.items() if name not in {"f", "args"}
    }


def test_a_worker_runs_the_one_task_only():
    """Lost: a worker trusts a name that somebody else chose."""
    assert WakeJob.task == RECONCILE
    assert StandInJob.task == TASK


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counted as Linux does")
def test_what_is_imported_before_a_fork_starts_no_threads():
    """A fork could hang for a lock that a thread of its parent held."""
    code = (
        "import os, sys; from worker import process; process.preload_modules(process.PRELOAD); "
        "print('numpy' in sys.modules, len(os.listdir('/proc/self/task')))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "True 1\n"
