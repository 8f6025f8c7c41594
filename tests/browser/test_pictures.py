"""The pictures of the documents: made here with `--update`, of what the sandbox serves."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import started_sandbox
from tests.support.browser import opened
from worker.core.refs import Sha
from worker.ports import PointRecord
from worker.store import SqlStore, open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.browser.conftest import Sandbox

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST = 150_000
"""Bytes: a README that takes long to show is left."""
COMMITS = 48
SANDBOX = (900, 800)
SHOWN = {
    # Name: page, window, what is cut out, colours.
    "comment": ("/sandbox/octo/yajl/pull/1", SANDBOX, "article.bot", "light"),
    "check": ("/sandbox/octo/yajl/pull/1/checks", SANDBOX, "[aria-labelledby=check]", "light"),
    "dashboard": ("/", (1080, 372), "", "light"),
    "repository": ("/octo/yajl", (1080, 1160), "", "light"),
    "repository-dark": ("/octo/yajl", (1080, 1160), "", "dark"),
    "pull-request": ("/octo/yajl/pull/1", (1080, 790), "", "light"),
}


def give_past(sandbox: Sandbox, name: str) -> None:
    """Give a sample's branch a past: it has one commit, and a trend needs more."""
    repo, chance = sandbox.samples[name].repo, Random(name)
    engine = open_engine(sandbox.loop.settings.database_url)
    try:
        store = SqlStore(engine)
        (now,) = store.points(repo.id, "main", most=1)
        covered = float(now.covered)
        for at in range(1, COMMITS):
            # Upwards to what it is now, with the setbacks that every project knows.
            covered = min(
                covered + chance.choice((-5, -3, -2, -1, 0, 0, 2)) / 900 * now.total, now.total
            )
            when = now.recorded_at - timedelta(hours=19 * at)
            sha = Sha(f"{chance.getrandbits(160):040x}")
            store.record_point(
                PointRecord(repo.id, "main", sha, when, round(covered), now.total, "{}")
            )
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def scene() -> Iterator[Sandbox]:
    """Return a sandbox of its own, with nothing in it of other tests."""
    with started_sandbox() as sandbox:
        for name in sandbox.samples:
            sandbox.pull(name)
            give_past(sandbox, name)
        yield sandbox


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_shows_what_there_is(request: pytest.FixtureRequest, name: str) -> None:
    """The README would show nothing, or be slow to show it."""
    path = PICTURES / f"{name}.png"
    if request.config.getoption("--update"):
        path.parent.mkdir(exist_ok=True)
        chromium, scene = (request.getfixturevalue(one) for one in ("chromium", "scene"))
        path.write_bytes(compress(take(chromium, scene, *SHOWN[name])))
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) <= LARGEST


def take(
    chromium: Browser, sandbox: Sandbox, path: str, size: tuple[int, int], part: str, scheme: str
) -> bytes:
    """Return a picture of a page, or of a part of it, sharp on a fine screen, too."""
    with opened(chromium, sharpness=2) as tab:
        tab.look(size, scheme)
        tab.open(sandbox.url + path)
        shown = tab.page.locator(part) if part else tab.page
        return shown.screenshot(type="png")


def compress(picture: bytes) -> bytes:
    """Return a picture with fewer colours; it stays as it is where pngquant is not installed."""
    program = shutil.which("pngquant")
    if program is None:
        return picture
    command = [program, "--speed", "1", "--strip", "-"]
    return subprocess.run(command, input=picture, capture_output=True, check=True).stdout
