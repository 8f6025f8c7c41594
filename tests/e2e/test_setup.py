"""From an empty folder to the first verdict: `covgate up` as a process, a browser, a GitHub."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.server import StandIn
from tests.support.setup import Browser
from tests.support.up import started
from tests.support.workers import until
from worker.contracts import CHECK_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPORT = b"SF:a.py\nDA:1,1\nDA:2,1\nend_of_record\n"


@pytest.fixture(scope="module")
def running_github() -> Iterator[StandIn]:
    with StandIn(prefix="/api/v3") as stand_in:
        yield stand_in


@pytest.fixture
def github(running_github: StandIn) -> StandIn:
    """Return a GitHub that knows no App of ours, with one repository."""
    world = running_github.reset()
    world.web_url = running_github.site
    world.add_repository("octo/hello", files={"a.py": b"one = 1\n"}, installed=False)
    return running_github


@pytest.fixture
def browser() -> Iterator[Browser]:
    shown = Browser()
    yield shown
    shown.close()


def open_pull(github: StandIn) -> str:
    """Open a pull request whose CI left a report; return its head."""
    repo = github.world.repository("octo/hello")
    repo.commit("topic", {"a.py": b"one = 1\ntwo = 2\n"}, "Add two")
    pull = repo.open_pull("topic", title="Two", author="mira")
    repo.run_ci(pull.head_sha, artifacts={"coverage": {"lcov.info": REPORT}})
    return pull.head_sha


def test_from_an_empty_folder_to_the_first_verdict(
    tmp_path: Path, github: StandIn, browser: Browser
):
    """An administrator would read manuals, copy keys and restart processes for an afternoon."""
    with started(tmp_path, COVGATE_WRITE_GAP="0", COVGATE_GITHUB_URL=github.url) as up:
        address = up.told(r"open (http\S+/setup\?token=\S+) ")[1]
        here = address.partition("/setup")[0]
        page = browser.open(address)
        assert page.status_code == 200
        browser.submit("/setup/app", hook=f"{here}/webhooks/github")
        browser.submit(github.site)
        page = browser.submit("/settings/apps/manifest")
        # It goes on by itself: the same address, no restart by hand.
        assert "Install it on your repositories" in page.text
        up.told(r"^Covgate listens on ")
        browser.open(f"{github.site}/apps/covgate/installations/new")
        browser.submit("/apps/covgate/installations/done")

        def done() -> bool:
            answer = browser.session.get(f"{here}/setup/progress", timeout=20)
            return bool(answer.ok and answer.json()["done"])

        until(done)
        head = open_pull(github)
        repo = github.world.repository("octo/hello")

        def concluded() -> bool:
            checks = repo.checks_on(head, CHECK_NAME)
            return any(check.status == "completed" for check in checks)

        until(concluded)
        stored = tmp_path / ".covgate" / "github-app.env"
        assert stat.S_IMODE(stored.stat().st_mode) == 0o600
        log = up.log.read_text()
        assert "PRIVATE KEY" not in log
        assert github.webhook_secret not in log
        github.deliver_to(None)
        assert up.end() == 0
    # The next start needs no page, and no settings.
    with started(tmp_path) as up:
        up.told(r"^Covgate listens on ")
        assert "/setup?token=" not in up.log.read_text()
        assert up.end() == 0


def test_a_signal_during_the_set_up_ends_it(tmp_path: Path):
    """Who changes his mind would have to kill it."""
    with started(tmp_path) as up:
        up.told(r"listening")
        assert up.end() == 0
    assert not (tmp_path / ".covgate" / "github-app.env").exists()
