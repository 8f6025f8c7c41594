"""All of Covgate as an operator runs it, and what a service manager does for it.

The commands are the product's own, unchanged: nothing in these processes knows of the
harness. GitHub is the stand-in, in the harness's process, where it is the oracle too.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.listener import follower
from bot.sandbox.server import StandIn
from tests.chaos.processes import Family, end, family_of
from tests.support.environment import bare_environment
from tests.support.processes import processes_in
from worker.embedded import EmbeddedServer
from worker.store import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedWriter

    from starlette.types import ASGIApp

__all__ = ["Service", "Site", "opened_site", "wait_until"]

START_SECONDS = 60.0
"""A service has so long to start: two cores may have much else to do."""


@dataclass(slots=True)
class Service:
    """A command that is started again when it has ended, as systemd or Docker do."""

    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str]
    log: BufferedWriter
    pause: float = 0.3
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    _not_before: float = 0.0

    def keep(self) -> None:
        """Start it where it does not run; to be called again and again."""
        if self.process is not None and self.process.poll() is not None:
            self._close()
            self._not_before = time.monotonic() + self.pause
        if self.process is None and time.monotonic() >= self._not_before:
            self.process = subprocess.Popen(
                follower(*self.command),
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=self.log,
                stderr=self.log,
                start_new_session=True,
            )
            self.starts += 1

    @property
    def pid(self) -> int:
        """Its process id; 0 while it does not run."""
        running = self.process is not None and self.process.poll() is None
        return self.process.pid if self.process is not None and running else 0

    def stop(self, seconds: float = 15.0) -> None:
        """End it, orderly if it can."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None


@dataclass(slots=True)
class Site:
    """Everything that runs, in one folder.

    `durable` is whether Redis keeps what it acknowledged: the control goes without.
    """

    folder: Path
    github: StandIn
    server: EmbeddedServer
    redis: Redis
    durable: bool = True
    serve: Service = field(init=False)
    workers: list[Service] = field(default_factory=list)
    port: int = 0
    _redis_back: float = 0.0

    @property
    def url(self) -> str:
        """Where deliveries go."""
        return f"http://127.0.0.1:{self.port}/webhooks/github"

    @property
    def log(self) -> Path:
        """What all services log."""
        return self.folder / "log"

    def keep(self) -> None:
        """Start again what has ended."""
        if self._redis_back and time.monotonic() >= self._redis_back:
            self._redis_back = 0.0
            self._start_redis()
        self.serve.keep()
        for service in self.workers:
            service.keep()

    def families(self) -> list[Family]:
        """Return the processes of each `covgate worker` that runs."""
        return [family_of(service.pid) for service in self.workers if service.pid]

    def kill_redis(self, away: float) -> bool:
        """End the server without a warning; it is back after so many seconds."""
        if self._redis_back:
            return False
        # Asked of the file system: while it is busy it would not answer.
        pids = [p for p in processes_in(self.folder / "redis") if _is_server(p)]
        killed = [end(pid) for pid in pids]
        self._redis_back = time.monotonic() + away
        return any(killed)

    @property
    def redis_is_up(self) -> bool:
        """Whether the server was not killed, or is back."""
        return not self._redis_back

    def _start_redis(self) -> None:
        self.server.stop()
        self.server.start()
        self.redis.config_set("auto-aof-rewrite-percentage", 0)  # the file is the recorder
        if not self.durable:
            self.redis.config_set("appendonly", "no")


def _is_server(pid: int) -> bool:
    try:
        name = Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return False
    return "valkey" in name or "redis" in name


def wait_until(
    condition: Callable[[], object],
    seconds: float,
    what: str,
    meanwhile: Callable[[], None] = lambda: None,
) -> float:
    """Wait until something is so and return how long it took, in seconds."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"waited {seconds:.0f} seconds for {what}")
        meanwhile()
        time.sleep(0.02)
    return time.monotonic() - begun


@contextmanager
def opened_site(
    *,
    supervisors: int = 1,
    workers: int = 1,
    durable: bool = True,
    wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    worker_redis: Callable[[str], str] = lambda url: url,
    hasty: bool = False,
) -> Iterator[Site]:
    """Run receiver, workers, server and stand-in; everything ends with the block.

    `worker_redis` may lead the workers to the server by a detour, given its address. With
    `hasty`, writes to GitHub are not a second apart: most of a look's time is that.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        github = stack.enter_context(StandIn(wrap=wrap))
        server = EmbeddedServer(folder / "redis")
        server.start()
        stack.callback(server.stop)
        client = Redis.from_url(server.url, socket_timeout=5, retry=Retry(NoBackoff(), 0))
        stack.callback(client.close)
        site = Site(folder, github, server, client, durable, port=_free_port())
        site._start_redis()
        log = stack.enter_context(site.log.open("wb"))
        environment = _environment(site)
        if hasty:
            environment["COVGATE_WRITE_GAP"] = "0.01"
        migrate(environment["COVGATE_DATABASE_URL"])
        site.serve = Service(("serve", "--port", str(site.port)), folder, environment, log)
        detour = {**environment, "COVGATE_REDIS_URL": worker_redis(server.url)}
        command = ("worker", "-n", str(workers))
        site.workers = [Service(command, folder, detour, log) for _ in range(supervisors)]
        stack.callback(_stop, site)
        site.keep()
        wait_until(lambda: _is_ready(site), START_SECONDS, "the receiver", site.keep)
        wait_until(lambda: _have_workers(site, workers), START_SECONDS, "workers", site.keep)
        yield site


def _environment(site: Site) -> dict[str, str]:
    (site.folder / "key.pem").write_text(site.github.private_key_pem, encoding="utf-8")
    return bare_environment(
        COVGATE_APP_ID=str(site.github.app_id),
        COVGATE_PRIVATE_KEY=str(site.folder / "key.pem"),
        COVGATE_WEBHOOK_SECRET=site.github.webhook_secret,
        COVGATE_GITHUB_URL=site.github.url,
        COVGATE_REDIS_URL=site.server.url,
        COVGATE_DATABASE_URL=f"sqlite:///{site.folder / 'covgate.db'}",
        COVGATE_LOG_FORMAT="json",
        PYTHONDONTWRITEBYTECODE="1",
        HOME=os.environ.get("HOME", "/"),
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _is_ready(site: Site) -> bool:
    try:
        url = f"http://127.0.0.1:{site.port}/readyz"
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _have_workers(site: Site, count: int) -> bool:
    return all(len(family.workers) == count for family in site.families()) and bool(
        site.redis.scard("rq:workers") >= count
    )


def _stop(site: Site) -> None:
    """End everything, also what was orphaned or stopped."""
    for service in (*site.workers, site.serve):
        service.stop()
    for pid in processes_in(site.folder):
        if not _is_server(pid):
            end(pid)
