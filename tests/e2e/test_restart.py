"""`covgate serve` while it is restarted, killed and misconfigured: nobody is refused."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from bot.sandbox.server import key_pair
from tests.support.environment import bare_environment
from tests.support.processes import command_of, processes_in
from tests.support.workers import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Serve:
    """A running `covgate serve` in a folder, with the settings in its `.env` file."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder = folder
        (folder / "key.pem").write_text(key_pair()[0])
        self.settings = (
            "COVGATE_APP_ID=1\nCOVGATE_PRIVATE_KEY=key.pem\nCOVGATE_WEBHOOK_SECRET=s\n"
            f"COVGATE_REDIS_URL={redis_url}\nCOVGATE_DATABASE_URL=sqlite:///{folder}/covgate.db\n"
        )
        (folder / ".env").write_text(self.settings)
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", "serve", "--port", "0"],
                cwd=folder,
                env=bare_environment(),
                stdout=log,
                stderr=log,
            )
        until(self._listens, seconds=30)

    def _listens(self) -> bool:
        return self.started() > 0 or self.process.poll() is not None

    def started(self) -> int:
        """Return how many receivers took up work so far."""
        return self.log.read_text().count("listening")

    @property
    def url(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", self.log.read_text())
        assert found, self.log.read_text()
        return found[0]

    def receivers(self) -> list[int]:
        """Return the process ids of the receivers, without the parent's."""
        pids = processes_in(self.folder)
        return [pid for pid in pids if "--listener" in command_of(pid)]

    def restart(self) -> None:
        before = self.started()
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.started() > before, seconds=30)


@pytest.fixture
def serve(tmp_path: Path, redis_url: str) -> Iterator[Serve]:
    running = Serve(tmp_path, redis_url)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()
    until(lambda: not processes_in(tmp_path), seconds=20)


@contextmanager
def asking(url: str) -> Iterator[list[str]]:
    """Ask one request after the other, each on a new connection; yield what went wrong."""
    wrong: list[str] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                status = requests.get(f"{url}/healthz", timeout=30).status_code
            except requests.RequestException as error:
                wrong.append(repr(error))
            else:
                if status != 200:
                    wrong.append(str(status))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield wrong
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_a_restart_refuses_nobody(serve: Serve):
    """Each deployment would lose the deliveries of a second, and nobody would notice."""
    old = serve.receivers()
    with asking(serve.url) as wrong:
        serve.restart()
        serve.restart()
        until(lambda: len(serve.receivers()) == 1, seconds=20)
    assert wrong == []
    assert set(serve.receivers()).isdisjoint(old)
    serve.process.send_signal(signal.SIGTERM)
    assert serve.process.wait(20) == 0


def test_a_restart_with_broken_settings_leaves_the_old_receiver_at_work(serve: Serve):
    """A slip in `.env` would take the service down instead of being told."""
    old = serve.receivers()
    (serve.folder / ".env").write_text(serve.settings.replace("COVGATE_APP_ID=1", ""))
    serve.process.send_signal(signal.SIGHUP)
    until(lambda: "the old one goes on" in serve.log.read_text(), seconds=30)
    assert "COVGATE_APP_ID" in serve.log.read_text()
    assert requests.get(f"{serve.url}/healthz", timeout=10).status_code == 200
    assert serve.receivers() == old


def test_a_killed_receiver_is_replaced_while_the_connections_wait(serve: Serve):
    """One crash would take the service down until somebody looks."""
    (receiver,) = serve.receivers()
    subprocess.run(["kill", "-9", str(receiver)], check=True)
    assert requests.get(f"{serve.url}/healthz", timeout=30).status_code == 200


def test_no_receiver_outlives_its_parent(serve: Serve):
    """A forgotten receiver would hold the port, and the next start fail."""
    serve.process.kill()
    until(lambda: not processes_in(serve.folder), seconds=20)


def test_a_start_that_fails_ends_with_its_status(tmp_path: Path, redis_url: str):
    """A service manager would take a broken service for a running one."""
    running = Serve(tmp_path, redis_url)
    running.process.terminate()
    running.process.wait(20)
    (tmp_path / ".env").write_text("")
    ended = subprocess.run(
        [sys.executable, "-m", "bot.cli", "serve", "--port", "0"],
        cwd=tmp_path, env=bare_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
