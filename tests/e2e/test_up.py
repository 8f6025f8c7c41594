"""`covgate up` as a process of its own: it works, keeps what it accepted, and leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from bot.sandbox.server import StandIn, key_pair
from tests.support.environment import bare_environment
from tests.support.processes import command_of, processes_in
from tests.support.workers import until
from worker.contracts import CHECK_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.sandbox.records import CheckRun
    from bot.sandbox.repository import Repo

REPORT = b"SF:a.py\nDA:1,1\nDA:2,1\nend_of_record\n"
START_SIGNALS = (
    ((0.05, signal.SIGTERM), (0.7, signal.SIGTERM)),
    ((0.2, signal.SIGTERM), (0.9, signal.SIGINT)),
    ((0.4, signal.SIGKILL), (1.1, signal.SIGTERM)),
    ((0.6, signal.SIGTERM), (1.4, signal.SIGKILL)),
)
"""Seconds from the start, and what comes then: from the first imports to the first requests.

Two at a time: for as many cores it takes no longer, and the moments differ more.
"""


class Up:
    """A running `covgate up` in a folder, with the settings in its `.env` file."""

    def __init__(self, folder: Path, github: StandIn | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        (folder / "key.pem").write_text(key_pair()[0])
        (folder / ".env").write_text(
            f"COVGATE_APP_ID={github.app_id if github else 1}\n"
            "COVGATE_PRIVATE_KEY=key.pem\n"
            f"COVGATE_WEBHOOK_SECRET={github.webhook_secret if github else 's'}\n"
            f"COVGATE_GITHUB_URL={github.url if github else 'http://127.0.0.1:1'}\n"
        )
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", "up", "--port", "0"],
                cwd=folder,
                env=bare_environment(),
                stdin=subprocess.DEVNULL,
                process_group=0,
                stderr=log,
            )

    def told(self) -> str:
        return self.log.read_text()

    def url(self) -> str:
        """Return the address that it tells, once it does."""

        def found() -> re.Match[str] | None:
            assert self.process.poll() is None, self.told()
            return re.search(r"^Covgate listens on (\S+) ", self.told(), re.MULTILINE)

        until(found)
        match = found()
        assert match is not None
        return match[1]

    def workers(self) -> list[int]:
        """Return the ids of the supervisor and its worker, once both are there."""

        def found() -> list[int]:
            assert self.process.poll() is None, self.told()
            return [pid for pid in processes_in(self.folder) if "bot.follow" in command_of(pid)]

        until(lambda: len(found()) == 2)
        return found()

    def ended(self) -> int:
        """Wait until it and all that it started is gone; return its exit status.

        A worker whose server is killed in the middle of a job needs some seconds: its client
        tries to reach it again, a few times for each thing that it wants to write.
        """
        status = self.process.wait(20)
        until(lambda: not processes_in(self.folder))
        return status


@contextmanager
def started(folder: Path, github: StandIn | None = None) -> Iterator[Up]:
    up = Up(folder, github)
    try:
        yield up
    finally:
        up.process.kill()
        up.process.wait()


@pytest.fixture(scope="module")
def github() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def open_pull(github: StandIn, name: str) -> tuple[Repo, str]:
    """Open a pull request whose CI left a report; return its repository and head."""
    repo = github.world.add_repository(f"octo/{name}", files={"a.py": b"one = 1\n"})
    repo.commit("topic", {"a.py": b"one = 1\ntwo = 2\n"}, "Add two")
    pull = repo.open_pull("topic", title="Two", author="mira")
    repo.run_ci(pull.head_sha, artifacts={"coverage": {"lcov.info": REPORT}})
    return repo, pull.head_sha


def verdict(up: Up, repo: Repo, sha: str) -> CheckRun:
    """Wait for the check to conclude and return it; a log with a traceback is shown at once."""

    def concluded() -> list[CheckRun]:
        return [one for one in repo.checks_on(sha, CHECK_NAME) if one.status == "completed"]

    until(lambda: concluded() or "Traceback" in up.told())
    assert "Traceback" not in up.told(), up.told()
    (check,) = concluded()
    return check


def test_all_of_it_runs_from_one_command_and_ends_with_it(tmp_path: Path, github: StandIn):
    """Who tries Covgate on one machine would have to run four programs, and stop them all."""
    with started(tmp_path, github) as up:
        url = up.url()
        assert str(tmp_path / ".covgate") in up.told()
        github.deliver_to(f"{url}/webhooks/github")
        check = verdict(up, *open_pull(github, "whole"))
        assert check.conclusion == "success"
        assert requests.get(f"{url}/readyz", timeout=5).status_code == 200
        again = subprocess.run(
            [sys.executable, "-m", "bot.cli", "up", "--port", "0"],
            cwd=tmp_path, env=bare_environment(), capture_output=True, text=True, timeout=8,
            check=False,
        )  # fmt: skip
        assert again.returncode == 2
        assert again.stderr == (
            f"covgate: another `covgate up` runs in {tmp_path}: stop that one first, or start this "
            "one in another folder\n"
        )
        github.deliver_to(None)
        os.killpg(up.process.pid, signal.SIGINT)  # Ctrl-C goes to all of a terminal's group
        assert up.ended() == 0
        assert "Traceback" not in up.told()
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {".env", "key.pem", "log", ".covgate"}
    assert (tmp_path / ".covgate" / "covgate.db").exists()
    assert (tmp_path / ".covgate" / ".gitignore").read_text() == "*\n"


def test_what_was_accepted_survives_kills(tmp_path: Path, github: StandIn):
    """A pull request whose delivery was answered 202 would wait for its verdict for ever."""
    with started(tmp_path, github) as up:
        url = up.url()
        for pid in up.workers():
            os.kill(pid, signal.SIGSTOP)
        everybody = processes_in(tmp_path)
        github.deliver_to(f"{url}/webhooks/github")
        repo, sha = open_pull(github, "killed")
        assert github.courier.idle()
        assert {one.status_code for one in github.world.emitted[-3:]} == {202}
        assert repo.checks_on(sha, CHECK_NAME) == []
        github.deliver_to(None)
        for pid in everybody:
            os.kill(pid, signal.SIGKILL)
        up.ended()
    with started(tmp_path, github) as up:
        up.url()
        assert verdict(up, repo, sha).conclusion == "success"
        up.process.terminate()
        assert up.ended() == 0
        assert "Traceback" not in up.told()


def test_it_does_not_go_on_without_workers(tmp_path: Path):
    """Deliveries would be taken in for days, and not one of them looked at."""
    with started(tmp_path) as up:
        up.url()
        os.kill(min(up.workers()), signal.SIGKILL)
        assert up.ended() == 2
        *_, last = up.told().splitlines()
        assert last.startswith("covgate: the workers ended by themselves, with status -9: ")


def server_of(up: Up) -> int:
    """Return the process id of the embedded server."""
    (pid,) = (pid for pid in processes_in(up.folder) if "unixsocket:" in command_of(pid))
    return pid


def test_a_killed_embedded_server_is_started_again(tmp_path: Path, github: StandIn):
    """A machine short of memory would leave it refusing every delivery, and nobody told."""
    with started(tmp_path, github) as up:
        url = up.url()
        up.workers()
        killed = server_of(up)
        os.kill(killed, signal.SIGKILL)
        until(lambda: "starting it again" in up.told())
        until(lambda: requests.get(f"{url}/readyz", timeout=5).status_code == 200)
        assert server_of(up) != killed
        github.deliver_to(f"{url}/webhooks/github")
        assert verdict(up, *open_pull(github, "revived")).conclusion == "success"
        github.deliver_to(None)
        up.process.terminate()
        assert up.ended() == 0


def test_it_ends_where_the_embedded_server_does_not_start_again(tmp_path: Path):
    """It would look alive for days and take nothing in."""
    with started(tmp_path) as up:
        up.url()
        up.workers()
        server = server_of(up)
        for file in (tmp_path / ".covgate" / "redis").glob("appendonlydir/*.manifest"):
            file.write_text("nonsense\n")
        os.kill(server, signal.SIGKILL)
        assert up.ended() == 2
        assert "covgate: the embedded server did not start; the end of " in up.told()


def test_a_signal_at_any_moment_of_the_start_ends_all_of_it(tmp_path: Path):
    """A deployment that changes its mind would leave half of it running."""
    with ExitStack() as left:
        check_signals_during_starts(tmp_path, left)


def check_signals_during_starts(tmp_path: Path, left: ExitStack) -> None:
    starts = [settled := Up(tmp_path / "settled")]
    left.callback(settled.process.kill)
    for number, pair in enumerate(START_SIGNALS):
        begun = time.monotonic()
        both = [Up(tmp_path / f"{number}-{which}") for which in range(len(pair))]
        for up in both:
            left.callback(up.process.kill)
        for up, (seconds, what) in zip(both, pair, strict=True):
            time.sleep(max(0, begun + seconds - time.monotonic()))  # the moment is what is tested
            up.process.send_signal(what)
        starts += both
    settled.workers()
    settled.process.kill()
    for up in starts:
        # Killed, or at its first imports, where Python itself still answers signals.
        at_once = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT}
        assert up.ended() in {0, 130, *at_once}, up.told()
    assert settled.process.returncode == -signal.SIGKILL, settled.told()
