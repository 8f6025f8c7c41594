"""The dashboard's pages in a real browser: states that the sandbox is never in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.dashboard.access import LoopbackViewer, PublicViewer
from tests.bot.dashboard.conftest import Site, serve
from tests.bot.dashboard.samples import TIP, fill
from tests.fakes.store import MemoryStore
from tests.support.browser import examine
from worker.core.errors import PostponedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.browser import Tab

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    fill(site.store)
    yield from serve(site, LoopbackViewer(PublicViewer()))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/acme/rockets",
        "/acme/rockets/pull/5",
        "/acme/odd.names",
        "/acme/odd.names/pull/5",
        "/acme/odd.names/insights/made_up",
        f"/acme/rockets/blob/{TIP}/src/engine.py",
        "/other/empty",
    ],
)
def test_what_is_stored_is_shown_to_everybody(site: Site, tab: Tab, path: str) -> None:
    """What escapes in one parser's eyes may be markup in a browser's."""
    examine(tab, f"http://127.0.0.1:{site.port}{path}")
    found = tab.elements()
    assert found["h1"] == 1
    assert not set(found) & {"script", "iframe", "object", "style"}
    assert found["img"] == tab.page.locator("img.badge").count()


def test_nothing_yet_and_nothing_now_are_pages_too(site: Site, tab: Tab) -> None:
    """The first page that anybody sees, and the one in trouble, would be the poorest."""
    url = f"http://127.0.0.1:{site.port}"
    kept, site.store = site.store, MemoryStore()
    try:
        examine(tab, f"{url}/")
        site.queue_error = PostponedError("Redis does not answer", seconds=30)
        examine(tab, f"{url}/queue", 503)
    finally:
        site.store, site.queue_error = kept, None
