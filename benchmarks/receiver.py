"""How many deliveries the receiver acknowledges, how fast, and for how much CPU.

    python -m benchmarks.receiver [--seconds 4] [--rounds 3] [--rate 400]

Everything is measured in one run and side by side, because two runs on a shared machine
can't be compared: a bare FastAPI application that reads a body and answers, and the whole
receiver (signature, decoding, log, metrics, durable acceptance in a real embedded server
with its append-only file synced), on the same uvicorn, with the same 10 kB bodies, in
turns. Servers, load and the worker are processes of their own; the worker is the real one,
woken by the deliveries, and reads a report for each.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.app import create_app
from bot.listener import bind
from bot.metrics import InboxState
from bot.serve import run_app
from bot.signature import sign
from worker.contracts import Subject
from worker.core.formats import read
from worker.embedded import EmbeddedServer
from worker.inbox import Acceptor, RedisInbox, connect
from worker.logs import configure_logs
from worker.process import WakeJob
from worker.supervisor import run_workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request as PlainRequest

ROOT = Path(__file__).resolve().parents[1]
MODULE = [sys.executable, "-m", "benchmarks.receiver"]

SECRET = b"benchmark"
SIZE = 10_000
COMMITS = 20
TASK = "benchmarks.receiver.judge"
CONNECTIONS = 16


# The servers


def serve_hello(port_file: Path) -> None:
    """Serve the bare application: a FastAPI handler that reads the body."""
    configure_logs("json", sys.stderr)
    logging.getLogger().setLevel(logging.WARNING)
    app = FastAPI()

    @app.post("/webhooks/github", status_code=202)
    async def hello(request: Request) -> dict[str, str]:
        await request.body()
        return {"status": "hello"}

    _run(app, port_file)


def serve_receiver(port_file: Path, redis_url: str, log: Path) -> None:
    """Serve the receiver as `covgate serve` does."""
    configure_logs("json", log.open("w"))
    acceptor = Acceptor(redis_url, task=TASK)

    async def read_inbox() -> InboxState:
        numbers = await acceptor.numbers()
        return InboxState(numbers.waiting, numbers.overdue)

    app = create_app(
        webhook_secrets=[SECRET],
        acceptor=acceptor,
        read_inbox=read_inbox,
        check_database=lambda: None,
    )
    _run(app, port_file)


def _run(app: FastAPI, port_file: Path) -> None:
    async def cpu(_request: PlainRequest) -> PlainTextResponse:
        return PlainTextResponse(str(time.process_time()))

    app.router.routes.append(Route("/cpu", cpu))
    listener = bind("127.0.0.1", 0)
    port_file.write_text(str(listener.getsockname()[1]))
    run_app(app, listener)


class BusyJob(WakeJob):
    """The wake of a job that reads a report."""

    task = TASK


def judge(key: str) -> None:
    """Claim a subject, read a real report again and again for a while, and finish."""
    report = (ROOT / "bot/sandbox/samples/humanize/reports/head.xml").read_bytes()
    with connect(os.environ["BENCHMARK_REDIS_URL"]) as client:
        inbox = RedisInbox(client, task=TASK)
        claim = inbox.claim(Subject.parse(key))
        if claim is None:
            return
        for _ in range(20):
            read(report)
        inbox.finish(claim)


def work(redis_url: str) -> None:
    """Be one real worker with its supervisor, on the wakes of the deliveries that arrive."""
    os.environ["BENCHMARK_REDIS_URL"] = redis_url
    run_workers(redis_url, preload=["benchmarks.receiver"], job_class=BusyJob)


# The load


def make_bodies() -> list[bytes]:
    """Return pushes of a few commits, SIZE bytes each."""
    sample = ROOT / "tests" / "data" / "webhooks" / "push" / "no-action.5.json"
    payload = json.loads(sample.read_bytes())
    bodies = []
    for number in range(1, COMMITS + 1):
        payload |= {"after": f"{number:040x}", "deleted": False, "padding": ""}
        missing = SIZE - len(json.dumps(payload, separators=(",", ":")))
        assert missing >= 0, "the sample is larger than the size to measure"
        payload["padding"] = "x" * missing
        bodies.append(json.dumps(payload, separators=(",", ":")).encode())
    return bodies


class Client(asyncio.Protocol):
    """A keep-alive connection with one request under way at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""
        self.answer: asyncio.Future[int] | None = None

    def data_received(self, data: bytes) -> None:
        """Settle the request when its answer is whole."""
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or self.answer is None:
            return
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(body) >= length:
            self.buffer = b""
            self.answer.set_result(int(head.split(b" ", 2)[1]))

    def connection_lost(self, _error: Exception | None) -> None:
        """Fail the request under way."""
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionError("the server hung up"))

    async def ask(self, request: bytes) -> int:
        """Send a request and return the status of its answer."""
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


def make_requests(count: int) -> Iterator[bytes]:
    """Yield requests, each with an id of its own."""
    heads = []
    for body in make_bodies():
        head = (
            "POST /webhooks/github HTTP/1.1\r\nHost: localhost\r\n"
            "User-Agent: GitHub-Hookshot/044aadd\r\nAccept: */*\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "X-GitHub-Event: push\r\nX-GitHub-Hook-ID: 1\r\n"
            f"X-Hub-Signature-256: {sign(SECRET, body)}\r\nX-GitHub-Delivery: "
        )
        heads.append((head.encode(), b"\r\n\r\n" + body))
    run = uuid.uuid4().hex[:20]
    for number in range(count):
        start, rest = heads[number % len(heads)]
        yield start + f"{run}-{number}".encode() + rest


async def _connect(port: int, count: int) -> list[Client]:
    loop = asyncio.get_running_loop()
    pairs = [await loop.create_connection(Client, "127.0.0.1", port) for _ in range(count)]
    return [client for _, client in pairs]


async def closed_loop(port: int, seconds: float) -> list[float]:
    """Return the latencies when every connection sends as soon as it was answered."""
    requests = make_requests(10**9)
    end = time.perf_counter() + seconds
    latencies = []

    async def drive(client: Client) -> None:
        while (began := time.perf_counter()) < end:
            assert await client.ask(next(requests)) == 202
            latencies.append(time.perf_counter() - began)

    clients = await _connect(port, CONNECTIONS)
    await asyncio.gather(*map(drive, clients))
    return latencies


async def open_loop(port: int, seconds: float, rate: float) -> list[float]:
    """Return the latencies at a fixed rate, each from when its request was due.

    A request that had to wait for a free connection waited for the server.
    """
    free: asyncio.Queue[Client] = asyncio.Queue()
    for client in await _connect(port, 4 * CONNECTIONS):
        free.put_nowait(client)
    latencies = []

    async def send(request: bytes, due: float) -> None:
        client = await free.get()
        assert await client.ask(request) == 202
        latencies.append(time.perf_counter() - due)
        free.put_nowait(client)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, request in enumerate(make_requests(int(seconds * rate))):
            due = start + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            group.create_task(send(request, due))
    return latencies


def load(port: int, seconds: float, rate: float) -> None:
    """Run one load and print its figures as JSON."""
    began = time.perf_counter()
    work = open_loop(port, seconds, rate) if rate else closed_loop(port, seconds)
    latencies = sorted(asyncio.run(work))
    took = time.perf_counter() - began
    cut = [latencies[min(len(latencies) - 1, int(len(latencies) * part))] for part in (0.5, 0.99)]
    figures = {"count": len(latencies), "rate": len(latencies) / took}
    figures |= {"p50": cut[0] * 1e3, "p99": cut[1] * 1e3, "max": latencies[-1] * 1e3}
    print(json.dumps(figures))


# The run


@contextlib.contextmanager
def child(*arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run this file in another role."""
    process = subprocess.Popen([*MODULE, *map(str, arguments)], cwd=ROOT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def read_cpu(port: int) -> float:
    """Return the server's CPU seconds so far."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/cpu")
        return float(connection.getresponse().read())
    finally:
        connection.close()


def measure(port: int, seconds: float, rate: float = 0) -> dict[str, float]:
    """Return the figures of one load, the server's CPU µs per request among them."""
    before = read_cpu(port)
    command = [*MODULE, "load", str(port), str(seconds), str(rate)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    figures["cpu"] = (read_cpu(port) - before) / figures["count"] * 1e6
    return figures


def show(title: str, rounds: list[dict[str, float]]) -> dict[str, float]:
    """Print and return the medians of some rounds."""
    median = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    print(
        f"{title:<44} {median['rate']:>8,.0f} /s {median['p50']:>8.2f} ms {median['p99']:>8.2f} ms"
        f" {median['max']:>8.2f} ms {median['cpu']:>7.0f} µs"
    )
    return median


def wait_for(port_file: Path) -> int:
    """Return the port that a server wrote, once it answers."""
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError, ValueError):
            port = int(port_file.read_text())
            read_cpu(port)
            return port
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.05)


def compare(
    ports: dict[str, int], redis_url: str, seconds: float, rounds: int, rate: float
) -> None:
    """Print both servers' figures, round by round in turns."""
    for port in ports.values():
        measure(port, 1)  # not counted: the first requests fill caches
    print(f"{'':<44} {'answers':>11} {'p50':>11} {'p99':>11} {'max':>11} {'server CPU':>10}")
    for kind, busy, asked in (
        (f"{CONNECTIONS} connections, as fast as it goes", False, 0.0),
        (f"{rate:g}/s, the machine idle", False, rate),
        (f"{rate:g}/s, a worker busy", True, rate),
    ):
        found: dict[str, list[dict[str, float]]] = {name: [] for name in ports}
        with child("work", redis_url) if busy else contextlib.nullcontext():
            for _ in range(rounds):
                for name, port in ports.items():
                    found[name].append(measure(port, seconds, asked))
        medians = {name: show(f"{name}: {kind}", found[name]) for name in ports}
        ratio = medians["receiver"]["cpu"] / medians["hello"]["cpu"]
        print(f"{'':<44} receiver : hello = {ratio:.2f} in CPU a request\n")


def main() -> None:
    """Run the whole comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=400)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(EmbeddedServer(folder / "redis"))
        stack.enter_context(child("hello", folder / "hello"))
        stack.enter_context(child("receiver", folder / "port", redis.url, folder / "log"))
        ports = {"hello": wait_for(folder / "hello"), "receiver": wait_for(folder / "port")}
        compare(ports, redis.url, options.seconds, options.rounds, options.rate)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["hello", port_file]:
            serve_hello(Path(port_file))
        case ["receiver", port_file, redis_url, log]:
            serve_receiver(Path(port_file), redis_url, Path(log))
        case ["work", redis_url]:
            work(redis_url)
        case ["load", port, seconds, rate]:
            load(int(port), float(seconds), float(rate))
        case _:
            main()
