"""A browser for each module, and a running sandbox for all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.listener import bind
from bot.sandbox.command import open_sandbox
from bot.sandbox.faults import RateLimits
from bot.sandbox.loop import Loop, started_loop
from bot.serve import serving
from tests.support.browser import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from bot.sandbox.pulls import Pull
    from bot.sandbox.samples import Sample
    from tests.support.browser import Tab

CHROMIUM = "/usr/bin/chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none, and say so."""
    if not Path(CHROMIUM).exists():
        reason = f"there is no {CHROMIUM}"
    elif find_spec("playwright") is None:
        reason = "playwright is not installed"
    else:
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a running browser.

    Not one for all modules: as long as Playwright runs, nothing else of this thread may
    have an event loop.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- it may be absent

    with sync_playwright() as playwright:
        # It sees pages of this machine alone. Its own sandbox needs rights that root and
        # containers don't have: Playwright starts it without.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--disable-quic"])
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    """Return a window of a browser that was never anywhere."""
    with opened(chromium) as tab:
        yield tab


@dataclass
class Sandbox:
    """The running sandbox, at its address, with its sample repositories."""

    loop: Loop
    url: str
    samples: dict[str, Sample]

    def pull(self, name: str) -> Pull:
        """Return the pull request of a sample, whose first head was judged."""
        sample = self.samples[name]
        if sample.pull is None:
            self.loop.verdict(sample.open())
        assert sample.pull is not None
        return sample.pull


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Return what `covgate sandbox` serves; what a module adds, the others see."""
    with started_sandbox() as sandbox:
        yield sandbox


@contextmanager
def started_sandbox() -> Iterator[Sandbox]:
    """Serve what `covgate sandbox` serves."""
    listener = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with started_loop(os.environ, public_url=url) as loop:
        world = loop.github.world
        world.limits = RateLimits(
            world.clock, 1_000_000, writes_per_minute=10_000, writes_per_hour=100_000
        )
        app, samples = open_sandbox(loop, url, here=True)
        with serving(app, listener):
            loop.github.deliver_to(f"{url}/webhooks/github")
            yield Sandbox(loop, url, samples)
