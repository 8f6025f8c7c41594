"""A browser for each module, and a running sandbox for all."""

from __future__ import annotations

import os
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

    arguments = ["--disable-quic", "--disable-background-networking", "--disable-sync"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    """Return a window of a browser that was never anywhere."""
    from tests.support.browser import opened  # noqa: PLC0415 -- as above

    with opened(chromium) as tab:
        yield tab


@dataclass
class Sandbox:
    """The running sandbox, at its address, with its sample repositories."""

    loop: Loop
    url: str
    samples: dict[str, Sample]

    def pull(self, name: str) -> Pull:
        """Return the pull request of a sample."""
        pull = self.samples[name].pull
        assert pull is not None
        return pull


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Return what `covgate sandbox` serves, each sample's first pull request judged."""
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
            for sample in samples.values():
                sample.open()
            loop.settle()
            yield Sandbox(loop, url, samples)
