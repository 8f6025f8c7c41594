"""Two receivers and two workers, each as on a machine of its own, share one load."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox.server import key_pair
from tests.support.environment import bare_environment
from tests.support.github import checked_stand_in
from tests.support.processes import processes_in
from tests.support.secured import PASSWORD, secured_redis
from tests.support.workers import until
from worker.contracts import CHECK_NAME
from worker.core.render import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.sandbox.pulls import Pull
    from bot.sandbox.server import StandIn

REPORT = b"SF:a.py\nDA:1,1\nDA:2,1\nend_of_record\n"
PULLS = 8


class Machine:
    """A folder with a `.env` file, and one Covgate process that works there."""

    def __init__(self, folder: Path, settings: dict[str, str], *command: str) -> None:
        folder.mkdir()
        self.folder = folder
        (folder / "key.pem").write_text(key_pair()[0])
        lines = {"COVGATE_PRIVATE_KEY": "key.pem", **settings}
        (folder / ".env").write_text("".join(f"{name}={lines[name]}\n" for name in lines))
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", *command],
                cwd=folder,
                env=bare_environment(COVGATE_LOG_FORMAT="json"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def url(self) -> str:
        """The address that a receiver listens on, once it does."""

        def found() -> re.Match[str] | None:
            assert self.process.poll() is None, self.log.read_text()
            return re.search(r"http://127\.0\.0\.1:\d+", self.log.read_text())

        until(found)
        match = found()
        assert match is not None
        return match[0]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of one event in the log."""
        lines = (json.loads(line) for line in self.log.read_text().splitlines())
        return [line for line in lines if line["event"] == name]

    def end(self) -> int:
        self.process.terminate()
        status = self.process.wait(30)
        until(lambda: not processes_in(self.folder))
        return status


@contextmanager
def machine(folder: Path, settings: dict[str, str], *command: str) -> Iterator[Machine]:
    one = Machine(folder, settings, *command)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        until(lambda: not processes_in(folder))


@contextmanager
def machines(folder: Path, redis_url: str, database_url: str, github: StandIn) -> Iterator[Any]:
    """Run two receivers and two workers; yield them."""
    settings = {
        "COVGATE_APP_ID": str(github.app_id),
        "COVGATE_WEBHOOK_SECRET": github.webhook_secret,
        "COVGATE_GITHUB_URL": github.url,
        "COVGATE_REDIS_URL": redis_url,
        "COVGATE_DATABASE_URL": database_url,
        "COVGATE_WRITE_GAP": "0",
    }
    with ExitStack() as stack:
        workers = [
            stack.enter_context(machine(folder / f"worker-{n}", settings, "worker", "-n", "1"))
            for n in range(2)
        ]
        receivers = [
            stack.enter_context(machine(folder / f"bot-{n}", settings, "serve", "--port", "0"))
            for n in range(2)
        ]
        yield receivers, workers


def open_pulls(github: StandIn, urls: list[str]) -> list[Pull]:
    """Open pull requests with reports, delivered to one receiver and the other in turns."""
    pulls = []
    for number in range(PULLS):
        github.deliver_to(f"{urls[number % 2]}/webhooks/github")
        repo = github.world.add_repository(f"octo/shared-{number}", files={"a.py": b"one = 1\n"})
        repo.commit("topic", {"a.py": b"one = 1\ntwo = 2\n"}, "Add two")
        pull = repo.open_pull("topic", title="Two", author="mira")
        repo.run_ci(pull.head_sha, artifacts={"coverage": {"lcov.info": REPORT}})
        pulls.append(pull)
        assert github.courier.idle()
    return pulls


@pytest.mark.postgres
def test_two_of_each_share_the_load(tmp_path: Path, postgres_url: str):
    """A second machine would do nothing, or do everything once more."""
    with (
        secured_redis(tmp_path) as redis_url,
        checked_stand_in() as github,
        machines(tmp_path, redis_url, postgres_url, github) as (receivers, workers),
    ):
        pulls = open_pulls(github, [one.url for one in receivers])
        until(lambda: all(is_done(pull) for pull in pulls), seconds=90)
        handled = [len(one.events("reconciled")) for one in workers]
        assert all(handled), [one.log.read_text() for one in workers]
        assert [bool(one.events("delivery")) for one in receivers] == [True, True]
        for pull in pulls:
            (check,) = pull.repo.checks_on(pull.head_sha, CHECK_NAME)
            assert check.conclusion == "success"
            assert len(comments_on(pull)) == 1
        github.deliver_to(None)
        assert [one.end() for one in (*receivers, *workers)] == [0, 0, 0, 0]
        logs = [one.log.read_text() for one in (*receivers, *workers)]
        assert not [log for log in logs if "Traceback" in log or PASSWORD in log]
        check_fields(receivers, workers)


def check_fields(receivers: list[Machine], workers: list[Machine]) -> None:
    """Check that every line of a delivery and of a job says what it is about."""
    for one in receivers:
        for line in one.events("delivery"):
            if line["outcome"] == "queued" and line["github_event"] == "pull_request":
                assert line.keys() >= {"delivery", *FIELDS}
    looks = [line for one in workers for line in one.events("reconciled")]
    judged = [line for line in looks if "pull_request" in line]
    assert len(judged) >= PULLS
    for line in judged:
        assert line.keys() >= {"delivery", "installation", "repository", "pull_request"}, line
        assert len(line["head"]) == 40
        assert line["repository"].startswith("octo/shared-")


FIELDS = ("installation", "repository", "pull_request", "head")


def comments_on(pull: Pull) -> list[str]:
    found = pull.repo.comments_on(pull.number)
    return [one.body for one in found if one.body.startswith(MARKER)]


def is_done(pull: Pull) -> bool:
    checks = pull.repo.checks_on(pull.head_sha, CHECK_NAME)
    return [check.status for check in checks] == ["completed"] and bool(comments_on(pull))
