"""All of Covgate, running: receiver, embedded server, fork workers, SQLite, a stand-in."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from bot.listener import bind
from bot.sandbox.faults import RateLimits
from bot.sandbox.loop import Loop, started_loop
from bot.sandbox.samples import Sample, load_samples
from bot.sandbox.server import StandIn
from bot.serve import open_app, serving
from tests.support.openapi import Contract
from worker.contracts import CHECK_NAME
from worker.core.refs import Sha
from worker.store import SqlStore, open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.pulls import Pull
    from bot.sandbox.records import CheckRun
    from bot.sandbox.repository import Repo

PROJECTS = Path(__file__).parents[1] / "data" / "projects"


@dataclass
class House:
    """The running parts, and what a person sees of them."""

    loop: Loop
    url: str
    samples: dict[str, Sample]
    log: IO[str]
    """What the workers write; its position is theirs, too: read it by `os.pread`."""

    def verdict(self, pull: Pull) -> tuple[CheckRun, str]:
        return self.loop.verdict(pull)

    def details(self, pull: Pull) -> dict:
        """Return the JSON of the verdict that the history keeps."""
        engine = open_engine(self.loop.settings.database_url)
        try:
            store = SqlStore(engine)
            record = store.verdict(pull.repo.id, pull.number, Sha(pull.head_sha))
        finally:
            engine.dispose()
        assert record is not None
        return json.loads(record.details)

    def checks(self, repo: Repo, sha: str) -> list[CheckRun]:
        return repo.checks_on(sha, CHECK_NAME)


@pytest.fixture(scope="session")
def running() -> Iterator[House]:
    """One running house for all tests of a process: starting it takes a second."""
    contract = Contract()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        standin = StandIn(wrap=contract.watch)
        # Many stories in a minute, of one installation: GitHub's budget is for fewer.
        standin.world.limits = RateLimits(
            standin.world.clock, 1_000_000, writes_per_minute=10_000, writes_per_hour=100_000
        )
        with started_loop(os.environ, workers=2, log=log, stand_in=standin) as loop:
            listener = bind("127.0.0.1", 0)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with serving(open_app(loop.settings), listener):
                loop.github.deliver_to(f"{url}/webhooks/github")
                samples = load_samples(loop.github.world)
                loop.settle()
                yield House(loop, url, samples, log)
    asked = [text for text in contract.violations if ": answer " not in text]
    assert not asked + standin.world.complaints


@pytest.fixture
def house(running: House) -> House:
    """Return the running house once every delivery so far is worked off."""
    running.loop.settle()
    return running
