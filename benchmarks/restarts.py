"""Whether a delivery is refused while `covgate serve` is restarted again and again.

    python -m benchmarks.restarts [--restarts 20] [--deliveries 2000]

`covgate serve` runs as it does for an operator; each delivery comes on a new connection, as
GitHub's do, while the parent gets one SIGHUP after the other, each when the receiver of the
one before is at work. It goes on until both numbers are reached. Goal: none is refused, cut
off or answered with anything but 202. Linux only: /proc is read.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.memory import Serve, serving
from benchmarks.receiver import Client, make_requests
from worker.embedded import EmbeddedServer

SENDERS = 4


async def send(serve: Serve, over: asyncio.Event, found: Counter[str]) -> None:
    """Send one delivery after the other, each on a new connection; count what came of them."""
    loop = asyncio.get_running_loop()
    for request in make_requests(10**9):
        if over.is_set():
            return
        try:
            _, client = await loop.create_connection(Client, "127.0.0.1", serve.port)
            status = await client.ask(request)
            client.transport.close()
        except OSError as error:
            found[type(error).__name__] += 1
        else:
            found[str(status)] += 1


async def restart(serve: Serve, count: int) -> float:
    """Restart the receiver so many times; return how long that took, in seconds."""
    begun = time.monotonic()
    for _ in range(count):
        before = serve.log.read_text().count('"listening"')
        serve.process.send_signal(signal.SIGHUP)
        while serve.log.read_text().count('"listening"') == before:
            assert serve.process.poll() is None, serve.log.read_text()
            await asyncio.sleep(0.05)
    return time.monotonic() - begun


async def run(serve: Serve, restarts: int, deliveries: int) -> bool:
    """Send and restart at the same time; print what came of it, return whether all went well."""
    over, found = asyncio.Event(), Counter[str]()
    senders = [asyncio.create_task(send(serve, over, found)) for _ in range(SENDERS)]
    seconds = await restart(serve, restarts)
    while found.total() < deliveries:  # noqa: ASYNC110 -- the senders only count
        await asyncio.sleep(0.05)
    over.set()
    await asyncio.gather(*senders)
    refused = found.total() - found["202"]
    print(
        f"{restarts} restarts in {seconds:.0f} s, {found.total():,} deliveries, {refused} refused"
    )
    if refused:
        print(dict(found))
    return not refused


def main() -> None:
    """Run it; the exit status is 1 where a delivery was refused."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--deliveries", type=int, default=2_000)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(EmbeddedServer(folder / "redis"))
        serve = stack.enter_context(serving(folder, redis.url))
        fine = asyncio.run(run(serve, options.restarts, options.deliveries))
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
