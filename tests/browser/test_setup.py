"""The set-up in a real browser: nothing that its strict policy forbids, nothing left out."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.responses import HTMLResponse

from bot.folder import Credentials
from bot.sandbox.server import StandIn
from bot.setup.app import create_setup_app
from bot.setup.door import Door
from bot.setup.state import Setup
from tests.support.web import running
from tests.support.workers import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

CHROMIUM = "/usr/bin/chromium"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no {CHROMIUM} here"),
]


@pytest.fixture
def browse(tmp_path: Path) -> Callable[[str], tuple[str, str]]:
    """Open an address; return the DOM after the scripts ran, and what the console said."""

    def run(url: str) -> tuple[str, str]:
        done = subprocess.run(
            [
                CHROMIUM,
                *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                *("--no-first-run", "--disable-background-networking", "--disable-sync"),
                *("--disable-component-update", "--enable-logging=stderr"),
                *(f"--user-data-dir={tmp_path / 'profile'}", "--window-size=390,800"),
                *("--virtual-time-budget=6000", "--dump-dom", url),
            ],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return done.stdout, "\n".join(console)

    return run


def test_the_printed_address_opens_the_form(browse, tmp_path):
    """An administrator would see a page without style, or an empty one."""
    setup = Setup(tmp_path / ".covgate", Door.new())
    with running(create_setup_app(setup)) as port:
        dom, console = browse(f"http://127.0.0.1:{port}/setup?token={setup.door.token}")
    assert console == ""
    assert "Make the App at GitHub" in dom
    assert setup.door.used


class Admitting(Door):
    """A door that lets a browser in that can't click."""

    def admits(self, _session: str) -> bool:
        return True


def test_the_progress_follows_by_itself(browse, tmp_path):
    """An administrator would press reload until something happens."""
    with StandIn() as github:
        github.world.add_repository("octo/hello", files={"a": b"1"})
        credentials = Credentials(github.app_id, github.private_key_pem, "s", github.url)
        setup = Setup(tmp_path, Admitting.new(), credentials, registered=True)
        setup.app_url = f"{github.site}/apps/covgate"
        looks = []

        def deliveries() -> int:
            looks.append(1)
            return int(len(looks) > 2)

        setup.deliveries = deliveries
        with running(create_setup_app(setup)) as port:
            dom, console = browse(f"http://127.0.0.1:{port}/setup")
            until(lambda: len(looks) > 2)
    assert console == ""
    assert "You are done" in dom
    assert re.findall(r'<li class="(\w+)"', dom) == ["done", "done", "done"]


def test_the_way_to_github_needs_no_second_click(browse, tmp_path):
    """One click would be two, or the page's own policy keep the form back."""
    setup = Setup(tmp_path, Admitting.new())
    app = create_setup_app(setup)

    async def clicking(scope: Scope, receive: Receive, send: Send) -> None:
        """Put a page before it that sends the first form, as a click would."""
        if scope["type"] == "http" and scope["path"] == "/click":
            await HTMLResponse(page)(scope, receive, send)
        else:
            await app(scope, receive, send)

    with StandIn() as github, running(clicking) as port:
        page = (
            '<body onload="document.forms[0].submit()"><form method=post action="/setup/app">'
            f'<input name=proof value="{setup.door.proof}"><input name=name value=covgate>'
            f'<input name=site value="{github.site}">'
            '<input name=hook value="https://c.example/webhooks/github"></form>'
        )
        dom, console = browse(f"http://127.0.0.1:{port}/click")
    assert console == ""
    assert "Create GitHub App for yourself" in dom
