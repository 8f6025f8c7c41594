"""The dashboard's pages in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.dashboard.access import LoopbackViewer, PublicViewer
from tests.bot.dashboard.conftest import Site, serve
from tests.bot.dashboard.samples import TIP, fill

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = "/usr/bin/chromium"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no {CHROMIUM} here"),
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    fill(site.store)
    yield from serve(site, LoopbackViewer(PublicViewer()))


def browse(site: Site, path: str, folder: Path) -> tuple[str, str]:
    """Return a page as the browser understood it, and what its console said."""
    profile = folder / "profile"
    done = subprocess.run(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking", "--disable-sync"),
            *("--disable-component-update", "--enable-logging=stderr"),
            *(f"--user-data-dir={profile}", "--window-size=1000,800"),
            *("--dump-dom", f"http://127.0.0.1:{site.port}{path}"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    shutil.rmtree(profile, ignore_errors=True)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.parametrize(
    "path",
    [
        "/acme/odd.names",
        "/acme/odd.names/pull/5",
        "/acme/odd.names/insights/made_up",
        f"/acme/rockets/blob/{TIP}/src/engine.py",
    ],
)
def test_a_browser_finds_nothing_but_names(site: Site, tmp_path: Path, path: str) -> None:
    """What escapes in one parser's eyes may be markup in a browser's."""
    document, console = browse(site, path, tmp_path)
    assert console == "", "the page's own policy forbade something of its own"
    assert len(re.findall(r"<h1[ >]", document)) == 1
    assert not re.search(r"<(?:script|iframe|object|style)", document)
    pictures = re.findall(r"<img [^>]*>", document)
    assert all('class="badge"' in picture for picture in pictures)
