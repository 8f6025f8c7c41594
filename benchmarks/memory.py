"""Whether the receiver's memory grows, and what 100,000 deliveries leave in Redis.

    python -m benchmarks.memory [--deliveries 100000]

`covgate serve` itself, in a process of its own, takes signed deliveries of 10 kB, each with an
id of its own, and accepts them in a real embedded server. After each tenth of them its
resident memory is printed. Goals: 150 MB at most, and after the last tenth no more than 5 %
above what it was after the second (the first one fills caches). Linux only: /proc is read.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from redis import Redis

from benchmarks.receiver import CONNECTIONS, ROOT, SECRET, Client, _connect, make_requests
from bot.sandbox.server import key_pair
from worker.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 150.0
"""MB that the receiver may take."""
GROWTH = 0.05
STEPS = 10


@dataclass(frozen=True)
class Serve:
    """A running `covgate serve`: the parent's process, its log and its port."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int

    @property
    def receivers(self) -> list[int]:
        """The process ids of the receivers."""
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextlib.contextmanager
def serving(folder: Path, redis_url: str) -> Iterator[Serve]:
    """Run `covgate serve` in a folder."""
    (folder / "key.pem").write_text(key_pair()[0])
    (folder / ".env").write_text(
        f"COVGATE_APP_ID=1\nCOVGATE_PRIVATE_KEY=key.pem\nCOVGATE_WEBHOOK_SECRET={SECRET.decode()}\n"
        f"COVGATE_REDIS_URL={redis_url}\nCOVGATE_DATABASE_URL=sqlite:///{folder}/covgate.db\n"
    )
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVGATE_")}
    log = folder / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "serve", "--port", "0"],
            cwd=folder,
            env={**bare, "PYTHONPATH": str(ROOT)},
            stdout=stream,
            stderr=stream,
        )
    try:
        deadline = time.monotonic() + 30
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield Serve(process, log, int(found[1]))
    finally:
        process.terminate()
        process.wait()


def resident(pid: int) -> float:
    """Return a process's memory, in MB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


async def send(port: int, requests: Iterator[bytes]) -> None:
    """Send all requests, on several connections."""

    async def drive(client: Client) -> None:
        for request in requests:
            assert await client.ask(request) == 202
        client.transport.close()

    await asyncio.gather(*map(drive, await _connect(port, CONNECTIONS)))


def measure(port: int, pid: int, client: Redis, deliveries: int) -> bool:
    """Send the deliveries and print the figures; return whether the goals are met."""
    requests = make_requests(deliveries)
    empty = float(client.info("memory")["used_memory"])
    print(f"{'deliveries':>12} {'receiver':>12}")
    print(f"{0:>12,} {resident(pid):>9.1f} MB")
    found = []
    for step in range(1, STEPS + 1):
        asyncio.run(send(port, islice(requests, deliveries // STEPS)))
        found.append(resident(pid))
        print(f"{step * deliveries // STEPS:>12,} {found[-1]:>9.1f} MB", flush=True)
    growth = found[-1] / found[1] - 1
    print(f"\nfrom the second tenth to the last: {growth:+.1%} (goal: at most {GROWTH:+.0%})")
    print(f"highest: {max(found):.1f} MB (goal: at most {MOST:.0f} MB)")
    remembered = forget_all_but(client, b"cb:seen:")
    left = (float(client.info("memory")["used_memory"]) - empty) / 2**20
    print(f"Redis, for {remembered:,} deliveries remembered for four days: {left:.1f} MB")
    return growth <= GROWTH and max(found) <= MOST and remembered == deliveries


def forget_all_but(client: Redis, prefix: bytes) -> int:
    """Delete what is not kept under a prefix; return how many keys are left."""
    for key in client.scan_iter(count=1000):
        if not key.startswith(prefix):
            client.delete(key)
    return int(client.dbsize())


def main() -> None:
    """Run it; the exit status is 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--deliveries", type=int, default=100_000)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(EmbeddedServer(folder / "redis"))
        client = stack.enter_context(Redis.from_url(redis.url))
        serve = stack.enter_context(serving(folder, redis.url))
        met = measure(serve.port, serve.receivers[0], client, options.deliveries)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
