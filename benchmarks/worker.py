"""CPU per job that does nothing: Covgate's worker beside RQ's own. Run by hand.

    python -m benchmarks.worker [ROUNDS]

Each round runs a worker process over few and over many jobs; the difference, divided by the
jobs, is free of the start-up. Prints the medians over all rounds.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rq import Queue, Worker
from rq.serializers import JSONSerializer

from worker.contracts import QUEUE, Notice, Subject
from worker.embedded import EmbeddedServer
from worker.inbox import RedisInbox, connect
from worker.process import ReconcileWorker, WakeJob

TASK = "benchmarks.worker.nothing"
FEW, MANY = 20, 220
KINDS = ("Covgate", "RQ")


class NothingJob(WakeJob):
    """A wake that does nothing."""

    task = TASK


def nothing(key: str) -> None:
    """Do nothing with a subject's key."""


def run_worker(kind: str, url: str) -> None:
    """Work until the queue is empty."""
    with connect(url) as client:
        if kind == "Covgate":
            worker = ReconcileWorker.make(client, NothingJob)
        else:
            worker = Worker([QUEUE], connection=client, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="WARNING")


def measure(kind: str, url: str, jobs: int) -> tuple[float, float]:
    """Return the CPU and the wall seconds of one worker process over that many jobs."""
    with connect(url) as client:
        client.flushall()
        if kind == "Covgate":
            inbox = RedisInbox(client, task=TASK)
            for number in range(jobs):
                subject = Subject.pull(1, 2, number)
                inbox.accept(f"d{number}", [Notice(subject, "octo/hello", "x")])
        else:
            queue = Queue(QUEUE, connection=client, serializer=JSONSerializer)
            for number in range(jobs):
                queue.enqueue_call(TASK, args=(f"1:2:pull:{number}",), result_ttl=0)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "benchmarks.worker", kind, url], check=True)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, ended - began


def main(rounds: int) -> None:
    """Measure the kinds by turns and print a table."""
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        for _ in range(rounds):
            for kind in KINDS:
                few, many = measure(kind, server.url, FEW), measure(kind, server.url, MANY)
                pair = [(b - a) / (MANY - FEW) for a, b in zip(few, many, strict=True)]
                found[kind].append((pair[0], pair[1]))
    print(f"{os.cpu_count()} cores, {rounds} rounds, {MANY - FEW} jobs each")
    print(f"{'worker':<10}{'CPU ms/job':>12}{'ms/job':>10}")
    for kind, pairs in found.items():
        cpu, wall = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
        print(f"{kind:<10}{cpu:>12.2f}{wall:>10.2f}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        run_worker(*sys.argv[1:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
