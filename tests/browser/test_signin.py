"""Sign-in with GitHub in a real browser, to a Covgate that strangers can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from bot.listener import bind
from bot.serve import open_app, serving
from tests.support.browser import VIEWS, examine, scrutinise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Sandbox
    from tests.support.browser import Tab

pytestmark = pytest.mark.browser

REPORT = b"SF:app.py\nDA:1,1\nDA:2,0\nend_of_record\n"


@pytest.fixture(scope="module")
def site(sandbox: Sandbox) -> Iterator[str]:
    """Return the address of the same Covgate as the world sees it, with a private repository."""
    world = sandbox.loop.github.world
    with world.lock:
        repo = world.add_repository(
            "octo/secret", private=True, files={"app.py": b"print('its text')\nraise\n"}
        )
        repo.grant("mira", "write")
        repo.run_ci(repo.tip(), event="push", artifacts={"coverage": {"lcov.info": REPORT}})
    sandbox.loop.settle()
    listener = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    change = {"client_id": world.client_id, "client_secret": SecretStr(world.client_secret)}
    settings = sandbox.loop.settings.model_copy(update={**change, "public_url": url})
    with serving(open_app(settings), listener):
        yield url


def test_who_signs_in_comes_back_and_sees_what_is_theirs(site: str, tab: Tab) -> None:
    """A button would lead nowhere, or the page's own policy or cookies keep the person out."""
    page = tab.page
    examine(tab, f"{site}/octo/secret", 404)
    page.get_by_role("link", name="Sign in with GitHub").click()
    page.get_by_role("button", name="mira").click()
    page.wait_for_url(f"{site}/octo/secret")
    page.get_by_role("button", name="Sign out mira").wait_for()
    tip = page.locator(".headline code").inner_text()
    for path in ("/", "/octo/secret", "/octo/secret/token"):
        examine(tab, f"{site}{path}")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_text("Copy it now").wait_for()
    page.goto(f"{site}/octo/secret")
    page.get_by_role("link", name="app.py").first.click()
    assert tip in page.url
    assert "its text" in page.locator("main").inner_text()
    page.get_by_role("button", name="Sign out mira").click()
    page.wait_for_url(f"{site}/")
    tab.open(f"{site}/octo/secret", 404)
    assert tab.complaints == []


def test_who_does_not_agree_is_told(site: str, tab: Tab) -> None:
    """Who changes their mind would see an error that looks like a defect."""
    page = tab.page
    for size, scheme in VIEWS:
        tab.look(size, scheme)
        tab.open(f"{site}/")
        page.get_by_role("link", name="Sign in").click()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("you did not agree").wait_for()
        scrutinise(tab, scheme)
