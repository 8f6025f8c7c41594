"""Real worker processes with a task of the tests' own, and means to watch them.

The task tells in Redis lists what it did (`test:began`: the ids of its processes,
`test:done`: delivery ids), and waits while the key `test:block` is there. What is set as
TEST_GRACE and TEST_STANDING in the environment is for the supervisor.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from worker.contracts import Notice, Subject
from worker.core.errors import StoppedError
from worker.inbox import RedisInbox, connect
from worker.process import WakeJob
from worker.stopping import handing_back
from worker.supervisor import run_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TASK = "tests.support.workers.reconcile"
LEASE = 1.0
STANDING = Subject.pull(1, 1, 1)
ROOT = Path(__file__).parents[2]


class StandInJob(WakeJob):
    """A wake that runs this module's task."""

    task = TASK


def reconcile(key: str) -> None:
    """Claim, tell, wait while told to, finish."""
    with connect(os.environ["TEST_REDIS_URL"]) as client:
        inbox = RedisInbox(client, lease=LEASE, task=TASK)
        claim = inbox.claim(Subject.parse(key))
        if claim is None:
            return
        try:
            with handing_back():
                client.rpush("test:began", os.getpid())
                while client.exists("test:block"):
                    time.sleep(0.02)
                    inbox.renew(claim)
        except StoppedError:
            inbox.put_off(claim, 0)
            return
        client.rpush("test:done", *claim.notices)
        inbox.finish(claim)


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until something is so, and fail where it does not become so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def supervisor(url: str, count: int = 1) -> Iterator[subprocess.Popen[str]]:
    """Run a supervisor with its workers as processes of their own."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from tests.support.workers import main; main()", url, str(count)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """Return the process ids of a supervisor's living workers."""
    return children(process.pid)


def children(parent: int) -> list[int]:
    """Return the ids of a process's living children."""
    return [pid for pid, (above, state) in _processes().items() if above == parent and state != "Z"]


def alive(pid: int) -> bool:
    """Return whether a process runs (a dead one that nobody has waited for does not)."""
    return _processes().get(pid, (0, "Z"))[1] != "Z"


def _processes() -> dict[int, tuple[int, str]]:
    """Return each process's parent and state letter, from /proc or, without one, from ps."""
    found = {}
    if not Path("/proc/self/stat").exists():
        command = ["ps", "-A", "-o", "pid=,ppid=,stat="]
        for line in subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.splitlines():
            pid, parent, state = line.split()
            found[int(pid)] = int(parent), state[0]
        return found
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = file.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has ended meanwhile
            continue
        found[int(file.parent.name)] = int(parent), state
    return found


def main() -> None:
    url, count = sys.argv[1:]
    status = run_workers(
        url,
        int(count),
        environment={"TEST_REDIS_URL": url},
        preload=("github",),
        job_class=StandInJob,
        sweep_seconds=0.2,
        standing=[Notice(STANDING, "", "start")] if "TEST_STANDING" in os.environ else [],
        grace=float(os.environ.get("TEST_GRACE", "60")),
    )
    sys.exit(status)
