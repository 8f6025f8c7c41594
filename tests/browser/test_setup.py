"""The set-up in a real browser: from the printed address to the first delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.folder import Credentials
from bot.sandbox.server import StandIn
from bot.setup.app import create_setup_app
from bot.setup.door import Door
from bot.setup.state import Setup
from tests.support.browser import VIEWS, examine, scrutinise
from tests.support.up import started
from tests.support.web import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.browser import Tab

pytestmark = pytest.mark.browser

HOOK = "https://covgate.example.com/webhooks/github"


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
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path / ".covgate", Door.new())


@pytest.fixture
def site(setup: Setup) -> Iterator[str]:
    with running(create_setup_app(setup)) as port:
        yield f"http://127.0.0.1:{port}"


def test_an_administrator_clicks_through(tmp_path: Path, github: StandIn, tab: Tab) -> None:
    """A click would lead nowhere, or the page's own policy keep a form back."""
    page = tab.page
    with started(tmp_path, COVGATE_WRITE_GAP="0", COVGATE_GITHUB_URL=github.url) as up:
        address = up.told(r"open (http\S+/setup\?token=\S+) ")[1]
        here = address.partition("/setup")[0]
        tab.open(address)
        assert "token" not in page.url
        page.get_by_label("Where GitHub reaches this Covgate").fill(f"{here}/webhooks/github")
        page.get_by_role("button", name="Make the App at GitHub").click()
        # The page between leads on by itself.
        page.get_by_role("button", name="Create GitHub App").click()
        page.get_by_role("link", name="Install it on your repositories").click()
        page.get_by_role("button").click()
        page.get_by_role("heading", name="You are done").wait_for()
        states = page.locator("#steps li").evaluate_all("(all) => all.map((one) => one.className)")
        assert states == ["done", "done", "done"]
        up.told(r"^Covgate listens on ")
        github.deliver_to(None)
        assert up.end() == 0
    assert tab.complaints == []


def test_each_step_is_for_everybody(
    setup: Setup, site: str, github: StandIn, tab: Tab, tmp_path: Path
) -> None:
    """An administrator could not set it up by keyboard, in the dark, or with a screen reader."""
    page = tab.page
    examine(tab, f"{site}/setup")
    tab.open(f"{site}/setup?token={setup.door.token}")
    examine(tab, f"{site}/setup")
    # What can't be is told on the form.
    for size, scheme in VIEWS:
        tab.look(size, scheme)
        tab.open(f"{site}/setup")
        tab.unfold()
        page.get_by_label("Where GitHub reaches this Covgate").fill(HOOK)
        page.get_by_label("An organisation", exact=True).check()
        page.get_by_label("The organisation's name").fill('"><b>x</b> y')
        page.get_by_role("button", name="Make the App at GitHub").click()
        page.get_by_role("alert").wait_for()
        scrutinise(tab, scheme)
    page.route("**/setup.js", lambda route: route.fulfill(content_type="text/javascript", body=""))
    for size, scheme in VIEWS:
        tab.look(size, scheme)
        tab.open(f"{site}/setup")
        tab.unfold()
        page.get_by_label("Where GitHub reaches this Covgate").fill(HOOK)
        page.locator("#site").fill(github.site)
        page.get_by_label("Show them to me").first.check()
        page.get_by_role("button", name="Make the App at GitHub").click()
        page.get_by_role("heading", name="On to GitHub").wait_for()
        scrutinise(tab, scheme)
    page.get_by_role("button", name="Go on to GitHub").click()
    page.get_by_role("button", name="Create GitHub App").click()
    page.get_by_label("Environment variables").wait_for()
    examine(tab, f"{site}/setup")
    page.get_by_role("button", name="hide them").click()
    assert page.get_by_label("Environment variables").count() == 0


def test_the_progress_follows_by_itself(setup: Setup, site: str, github: StandIn, tab: Tab) -> None:
    """An administrator would press reload until something happens."""
    tab.open(f"{site}/setup?token={setup.door.token}")
    setup.credentials = Credentials(github.app_id, github.private_key_pem, "s", github.url)
    setup.registered = True
    setup.app_url = f"{github.site}/apps/covgate"
    examine(tab, f"{site}/setup")
    tab.page.get_by_role("heading", name="Almost there").wait_for()
    github.world.install(github.world.repository("octo/hello"))
    setup.deliveries = lambda: 1
    setup.ask_again()
    tab.page.get_by_role("heading", name="You are done").wait_for()
    examine(tab, f"{site}/setup")
    assert tab.complaints == []
